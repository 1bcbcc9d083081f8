"""Durations, rates, sizes and counts as people write them, read exactly and written back exactly.

Durations are whole nanoseconds, rates are per second, sizes are bytes. Nothing is rounded on the way in: `0.3ns` is an
error and `1.1s` is 1,100,000,000 ns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

DURATION_UNITS: Mapping[str, int] = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
"""Nanoseconds in each unit, smallest first."""

RATE_UNITS: Mapping[str, int] = {"s": 1, "min": 60, "m": 60, "h": 3600}
"""Seconds in the unit after the slash of a rate."""

SIZE_UNITS: Mapping[str, int] = {
    "B": 1,
    "kB": 1_000,
    "KiB": 1 << 10,
    "MB": 1_000_000,
    "MiB": 1 << 20,
    "GB": 1_000_000_000,
    "GiB": 1 << 30,
}
"""Bytes in each unit."""

MAX_DURATION_NS = 365 * DURATION_UNITS["d"]
MAX_RATE_PER_S = 10_000_000.0
MAX_SIZE_BYTES = 1 << 40
MAX_COUNT = 10_000_000
_MAX_TEXT = 64

_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,18})?"
_DURATION_PART = re.compile(rf"\s?({_NUMBER})\s?(ns|us|µs|μs|ms|s|m|h|d)(?![a-zA-Zµμ])")
_QUANTITY = re.compile(rf"({_NUMBER})\s*(.*)", re.DOTALL)

DURATION_HINT = "write a number and a unit: 200ms, 10s, 1m30s, 2h"
RATE_HINT = "write a number and a unit of time: 500/s, 30/min, 2/h"
SIZE_HINT = "write a number and a unit: 512B, 20kB, 64KiB, 1MB"

T = TypeVar("T")


class UnitError(ValueError):
    """A text that is not the quantity it should be.

    `problem` continues the sentence "`10 sec` is not a duration: ..."; it may quote the text.
    """

    def __init__(self, what: str, problem: str, hint: str) -> None:
        super().__init__(f"not a {what}: {problem}")
        self.what = what
        self.problem = problem
        self.hint = hint


def parse_duration(text: str) -> int:
    """Nanoseconds of `200ms`, `10s`, `1m30s`, `1.5h`; zero is allowed, as `0s`. Raises UnitError."""
    text = _checked(text, "duration", DURATION_HINT)
    total_ns = 0
    last_unit_ns: int | None = None
    position = 0
    while position < len(text):
        match = _DURATION_PART.match(text, position)
        if match is None:
            raise _bad_unit("duration", text[position:].lstrip(), DURATION_UNITS, _DURATION_GUESSES, DURATION_HINT)
        number, unit = match.groups()
        unit_ns = DURATION_UNITS["us" if unit in ("µs", "μs") else unit]
        if last_unit_ns is not None and unit_ns >= last_unit_ns:
            raise UnitError("duration", "units must go from large to small, each once", DURATION_HINT)
        value_ns = _exact_product(number, unit_ns)
        if value_ns is None:
            raise UnitError("duration", "it is not a whole number of nanoseconds", "use fewer decimals")
        total_ns += value_ns
        last_unit_ns = unit_ns
        position = match.end()
    if total_ns > MAX_DURATION_NS:
        raise UnitError("duration", "it is longer than 365d", "use a shorter one")
    return total_ns


def parse_rate(text: str) -> float:
    """Events per second of `500/s`, `30/min`, `2/h`; zero is allowed, as `0/s`. Raises UnitError."""
    text = _checked(text, "rate", RATE_HINT)
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UnitError("rate", "it does not start with a number", RATE_HINT)
    number, rest = match.groups()
    if not rest:
        raise UnitError("rate", "the unit is missing", f"write {number}/s, {number}/min or {number}/h")
    unit = rest[1:].strip() if rest.startswith("/") else ""
    if unit not in RATE_UNITS:
        guess = _RATE_GUESSES.get(rest.lower().removeprefix("/").strip())
        hint = f"write {number}/{guess}" if guess else RATE_HINT
        raise UnitError("rate", f"unknown unit `{rest}`", hint)
    rate_per_s = float(number) / RATE_UNITS[unit]
    if rate_per_s > MAX_RATE_PER_S:
        raise UnitError("rate", f"it is above {MAX_RATE_PER_S:,.0f}/s", "use a lower one")
    return rate_per_s


def parse_size(text: str) -> int:
    """Bytes of `512B`, `20kB` (1,000), `64KiB` (1,024). Raises UnitError."""
    text = _checked(text, "size", SIZE_HINT)
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UnitError("size", "it does not start with a number", SIZE_HINT)
    number, unit = match.groups()
    if unit not in SIZE_UNITS:
        raise _bad_unit("size", text, SIZE_UNITS, _SIZE_GUESSES, SIZE_HINT)
    size_bytes = _exact_product(number, SIZE_UNITS[unit])
    if size_bytes is None:
        raise UnitError("size", "it is not a whole number of bytes", "use fewer decimals")
    if size_bytes > MAX_SIZE_BYTES:
        raise UnitError("size", "it is above 1024GiB", "use a smaller one")
    return size_bytes


def parse_count(text: str) -> int:
    """A whole number from 0 to ten million. Raises UnitError."""
    hint = "write a whole number such as 50"
    text = _checked(text, "whole number", hint)
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise UnitError("whole number", "only digits may stand here", hint)
    if int(text) > MAX_COUNT:
        raise UnitError("whole number", f"it is above {MAX_COUNT:,}", "use a smaller one")
    return int(text)


def parse_ramp(text: str, parse_one: Callable[[str], T]) -> tuple[T, T]:
    """Start and end of `0/s to 500/s`; one value alone is both. Raises what `parse_one` raises."""
    start, separator, end = text.partition(" to ")
    first = parse_one(start)
    return (first, parse_one(end)) if separator else (first, first)


def format_duration(duration_ns: int) -> str:
    """The shortest exact form, which `parse_duration` reads back: `1m30s`, `1500us` as `1ms500us`."""
    if duration_ns == 0:
        return "0s"
    parts = []
    for unit, unit_ns in reversed(list(DURATION_UNITS.items())):
        count, duration_ns = divmod(duration_ns, unit_ns)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def format_rate(rate_per_s: float) -> str:
    """`500/s`; slow rates that are whole per minute or hour are written so: `30/min`."""
    for unit in ("s", "min", "h"):
        count = rate_per_s * RATE_UNITS[unit]
        if count.is_integer() and float(int(count)) / RATE_UNITS[unit] == rate_per_s:
            return f"{int(count)}/{unit}"
    text = repr(rate_per_s)
    # Very small rates have more decimals than are read back.
    return f"{rate_per_s:.18f}/s" if "e" in text or len(text.partition(".")[2]) > 18 else f"{text}/s"


def format_size(size_bytes: int) -> str:
    """The largest unit that leaves a whole number: `64KiB`, `20kB`, `513B`."""
    for unit, unit_bytes in sorted(SIZE_UNITS.items(), key=lambda item: -item[1]):
        if size_bytes and size_bytes % unit_bytes == 0:
            return f"{size_bytes // unit_bytes}{unit}"
    return f"{size_bytes}B"


_DURATION_GUESSES = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "msec": "ms", "millis": "ms",
    "milliseconds": "ms", "usec": "us", "micros": "us", "microseconds": "us",
}  # fmt: skip
_RATE_GUESSES = {
    "sec": "s", "second": "s", "per second": "s", "per s": "s", "rps": "s", "qps": "s", "tps": "s", "hz": "s",
    "minute": "min", "per minute": "min", "rpm": "min", "hour": "h", "per hour": "h", "hr": "h",
}  # fmt: skip
_SIZE_GUESSES = {
    "b": "B", "bytes": "B", "k": "kB", "kb": "kB", "kib": "KiB", "ki": "KiB", "m": "MB", "mb": "MB", "mib": "MiB",
    "mi": "MiB", "g": "GB", "gb": "GB", "gib": "GiB", "gi": "GiB",
}  # fmt: skip


def _checked(text: str, what: str, hint: str) -> str:
    """Refuses, with words of their own, the texts that people are most likely to get wrong."""
    text = text.strip()
    if not text:
        raise UnitError(what, "it is empty", hint)
    if len(text) > _MAX_TEXT:
        raise UnitError(what, "it is too long", hint)
    if text.startswith("-"):
        raise UnitError(what, "it is negative", hint)
    if text.lower().lstrip("+.").startswith(("nan", "inf")):
        raise UnitError(what, "it is not a finite number", hint)
    return text


def _exact_product(number: str, factor: int) -> int | None:
    """`number` times `factor` if that is whole."""
    whole, _, decimals = number.partition(".")
    product, rest = divmod(int(whole + decimals) * factor, 10 ** len(decimals))
    return None if rest else product


def _bad_unit(what: str, text: str, units: Mapping[str, int], guesses: Mapping[str, str], hint: str) -> UnitError:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return UnitError(what, f"`{text}` does not start with a number", hint)
    number, unit = match.groups()
    if not unit:
        example = ", ".join(f"{number}{name}" for name in list(units)[2:5])
        return UnitError(what, f"the unit of `{number}` is missing", f"write for example {example}")
    guess = guesses.get(unit.lower())
    return UnitError(what, f"unknown unit `{unit}`", f"write {number}{guess}" if guess else hint)
