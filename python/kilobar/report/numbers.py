"""Numbers as people read them, each with its unit.

`space` is what stands between a number and its unit: a thin gap in tables, nothing in greppable lines.
"""

from __future__ import annotations

import math
import re

from kilobar.model.summary import ThresholdResult

NOTHING = "–"
"""Stands where there is no number, so that nobody reads a zero that was never measured."""


def significant(value: float, digits: int = 3) -> str:
    """`value` with this many significant digits, thousands separated, never in exponent form."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else NOTHING
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"


def duration(value_ms: float, space: str = " ") -> str:
    """A duration in the unit that suits it, three significant digits: `840 µs`, `12.3 ms`, `2.31 s`, `3 min 20 s`."""
    if value_ms == 0:
        return f"0{space}ms"
    rounded_ms = float(f"{value_ms:.2e}")
    if abs(rounded_ms) < 1:
        return f"{significant(rounded_ms * 1e3)}{space}µs"
    if abs(rounded_ms) < 1e3:
        return f"{significant(rounded_ms)}{space}ms"
    if abs(rounded_ms) < 100e3:
        return f"{significant(rounded_ms / 1e3)}{space}s"
    return span(value_ms / 1e3, space)


def span(value_s: float, space: str = " ") -> str:
    """A length of time in its two largest units: `4.5 s`, `30 s`, `1 min 30 s`, `6 h`."""
    if value_s < 59.95:
        text = f"{value_s:.1f}".removesuffix(".0")
        return f"{text}{space}s"
    minutes, seconds = divmod(round(value_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min")] if hours else [(minutes, "min"), (seconds, "s")]
    return " ".join(f"{number}{space}{unit}" for number, unit in parts if number)


def clock(value_s: float) -> str:
    """A position on the time axis of a run: `0:07`, `12:30`, `1:02:03`."""
    minutes, seconds = divmod(int(value_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def rate(value_per_s: float) -> str:
    """Events per second: `0.25/s`, `498.7/s`, `20,000/s`."""
    if abs(value_per_s) >= 1000:
        return f"{value_per_s:,.0f}/s"
    if 0 < abs(value_per_s) < 10:
        text = significant(value_per_s)
        return f"{text.rstrip('0').rstrip('.') if '.' in text else text}/s"
    return f"{value_per_s:.0f}/s" if float(value_per_s).is_integer() else f"{value_per_s:.1f}/s"


def count(value: int) -> str:
    """A number of things, thousands separated."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """A number of things with their noun, in the plural where it is due: `1 worker`, `2,000 requests`."""
    return f"{count(value)} {noun}" if value == 1 else f"{count(value)} {noun}s"


def percent(part: float, whole: float) -> str:
    """A share. `0 %` and `100 %` are exact: what is merely close to them never looks like them."""
    if whole == 0:
        return NOTHING
    value = 100 * part / whole
    if value in (0, 100):
        return f"{value:.0f} %"
    if 0 < value < 0.01:
        return "<0.01 %"
    if 99.995 <= value < 100:
        return ">99.99 %"
    if 100 < value < 100.005:
        return ">100 %"
    return f"{value:.2f} %"


def size(value_bytes: int, space: str = " ") -> str:
    """An amount of bytes in powers of 1000: `512 B`, `1.23 MB`."""
    value = float(value_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    text = f"{value:.0f}" if unit == "B" else significant(value)
    return f"{text}{space}{unit}"


_LIMIT = re.compile(r"[<>=]=?\s*[-+]?[\d.,_]+\s*(?P<unit>µs|[a-zA-Z]+|%|/\s*[a-z]+)?")


def threshold_value(result: ThresholdResult) -> str:
    """The value a threshold was judged on, in the unit of its text; four digits, so that a near miss shows."""
    if result.value is None:
        return "nothing to judge"
    limit = _LIMIT.search(result.text)
    unit = (limit["unit"] or "") if limit else ""
    gap = "" if unit.startswith("/") or not unit else " "
    text = significant(result.value, 4)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{gap}{unit}"
