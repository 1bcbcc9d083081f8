"""Texts and numbers for a schema that gives no example: by format, pattern, range and length."""

from __future__ import annotations

import math
from typing import Any

from kilobar.importers.openapi_patterns import text_for_pattern
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import literal
from kilobar.model.scenario import Text

_MAX_LENGTH = 1_000
_WIDEST_RANGE = 1_000_000
"""A wider one is a limit of the type, not of what people enter."""
_FORMATS: dict[str, Text] = {
    "uuid": "${uuid()}",
    "guid": "${uuid()}",
    "date-time": "${now()}",
    "date": "${now('%Y-%m-%d')}",
    "time": "${now('%H:%M:%SZ')}",
    "duration": "P1D",
    "email": "${random.email()}",
    "idn-email": "${random.email()}",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/",
    "iri-reference": "/",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ip": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "dGV4dA==",
    "json-pointer": "/a",
    "regex": ".*",
}

_LIMITING = frozenset(("format", "pattern", "minLength", "maxLength"))


def text_value(schema: dict[str, Any], name: str, notes: Notes) -> Text:
    """A text for a schema of type `string`; its name when nothing says more."""
    if not schema.keys() & _LIMITING and name.lower().endswith(("email", "e-mail", "email_address")):
        return _FORMATS["email"]
    pattern = schema.get("pattern")
    least = _length(schema.get("minLength"), 0)
    known = _FORMATS.get(str(schema.get("format")))
    if known is not None:
        return known
    if isinstance(pattern, str) and pattern:
        text = text_for_pattern(pattern, least)
        if text is not None:
            return literal(text)
        notes.add(f"no text is made for the pattern `{pattern[:80]}`; change `{name}`")
    text = (name or "text")[:_MAX_LENGTH]
    if len(text) < least:
        text = (text * (least // len(text) + 1))[:least]
    return literal(text[: _length(schema.get("maxLength"), _MAX_LENGTH)])


def whole_number(schema: dict[str, Any]) -> int | Text:
    """A number for a schema of type `integer`: a random one of its range, if that has two ends."""
    low, high = _ends(schema, 1)
    step = _number(schema.get("multipleOf"))
    if step is not None and step >= 1 and step == int(step):
        first = math.ceil((low if low is not None else 0) / step) * int(step)
        return first if first or low is not None else int(step)
    lowest = math.ceil(low) if low is not None else None
    highest = math.floor(high) if high is not None else None
    if lowest is not None and highest is not None and 0 < highest - lowest <= _WIDEST_RANGE:
        return f"${{random.int({lowest}, {highest})}}"
    return int(_within(lowest, highest))


def decimal_number(schema: dict[str, Any]) -> int | float | Text:
    """A number for a schema of type `number`."""
    low, high = _ends(schema, 0.01)
    step = _number(schema.get("multipleOf"))
    if step is not None and step > 0:
        return step if low is None or step >= low else math.ceil(low / step) * step
    if low is not None and high is not None and 0.01 <= high - low <= _WIDEST_RANGE and abs(low) <= _WIDEST_RANGE:
        return f"${{random.float({_plain(low)}, {_plain(high)})}}"
    return _within(low, high)


def _plain(value: float) -> str:
    """Without an exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _within(low: float | None, high: float | None) -> float:
    """1 if it is in the range, else the end that is nearest to it."""
    if low is not None and low > 1:
        return low
    return high if high is not None and high < 1 else 1


def _ends(schema: dict[str, Any], step: float) -> tuple[float | None, float | None]:
    """Smallest and largest allowed value; `exclusiveMinimum` is a flag in 3.0 and a number in 3.1."""
    low, high = _number(schema.get("minimum")), _number(schema.get("maximum"))
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and above is True:
        low += step
    if high is not None and below is True:
        high -= step
    over, under = _number(above), _number(below)
    if over is not None and (low is None or over >= low):
        low = over + step
    if under is not None and (high is None or under <= high):
        high = under - step
    return low, high


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= 10**18 else None


def _length(value: Any, default: int) -> int:
    number = _number(value)
    return default if number is None or number < 0 else min(int(number), _MAX_LENGTH)
