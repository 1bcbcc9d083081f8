"""JSON that can stand under `json` without losing anything."""

from __future__ import annotations

import json
import re
from typing import Any

from kilobar.importers.templates import literal, translate_json
from kilobar.model.scenario import JsonValue

MAX_DEPTH = 30
"""Levels below `json`: a scenario file has 64 in all."""
_DIGITS = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


class _ChangedError(ValueError):
    """The value would not come out as it went in."""


def json_body(text: str) -> JsonValue:
    """The literal JSON text as a value for `json`, or None when it is better sent as text with `body`.

    That is so when it is no JSON, is `null`, is nested deeply, has a key twice or a number that would be written
    in another way (1.10, 1e5, 20 digits).
    """
    value = exact_json(text)
    return None if value is None else translate_json(value, literal)


def exact_json(text: str) -> JsonValue:
    """The value that a JSON text stands for, or None as `json_body`; its texts are not escaped."""
    try:
        value: JsonValue = json.loads(
            text,
            parse_int=_exact_int,
            parse_float=_exact_float,
            parse_constant=_exact_float,
            object_pairs_hook=_without_duplicates,
        )
    except (ValueError, RecursionError):
        return None
    return value if fits(value) else None


def fits(value: Any) -> bool:
    """Whether a JSON value is shallow enough for a scenario file."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return False


def _exact_int(text: str) -> int:
    if not _DIGITS.fullmatch(text) or text == "-0":
        raise _ChangedError
    return int(text)


def _exact_float(text: str) -> float:
    value = float(text)
    if repr(value) != text:
        raise _ChangedError
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise _ChangedError
    return value
