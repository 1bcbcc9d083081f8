"""Thresholds: one sentence that a run must fulfil, such as `p99 < 250ms` or `errors(show item) < 0.1%`.

The grammar is small and closed:

    threshold  = subject operator limit
    subject    = [clock] metric ["(" series ")"]
    clock      = "response" | "service" | "start_lag"        only before a metric that is a duration
    metric     = "p0".."p100" | "mean" | "min" | "max"   durations
               | "errors" | "dropped"                        shares: 0.1% or 0.001
               | "rate"                                      per second: 490/s
               | "count" | "failed"                          whole numbers
    operator   = "<" | "<=" | ">" | ">=" | "=="
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from kilobar.model import units

Clock = Literal["response", "service", "start_lag"]
Metric = Literal["quantile", "mean", "min", "max", "errors", "dropped", "rate", "count", "failed"]
Operator = Literal["<", "<=", ">", ">=", "=="]

CLOCKS: Mapping[str, str] = {
    "response": "from the intended start to the end of the response (used when no clock is named)",
    "service": "from the actual send to the end of the response",
    "start_lag": "from the intended to the actual start of an iteration: how late the generator was",
}
DURATION_METRICS: Mapping[str, str] = {
    "p50, p99, p99.9": "a percentile",
    "mean": "the arithmetic mean",
    "min": "the shortest",
    "max": "the longest",
}
OTHER_METRICS: Mapping[str, tuple[str, str]] = {
    "errors": ("share of requests that failed", "errors < 0.1%"),
    "dropped": ("share of planned iterations that were not started for lack of `max_in_flight`", "dropped < 0.1%"),
    "rate": ("requests per second that got a whole answer or failed", "rate > 490/s"),
    "count": ("number of requests", "count >= 1000"),
    "failed": ("number of requests that failed", "failed < 10"),
}
"""Meaning and example of each metric that is not a duration."""

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}

MAX_TEXT = 500
HINT = "write for example: p99 < 250ms, service p95(show item) < 100ms, errors < 0.1%, rate > 490/s"

_WORD = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)")
_OPERATOR = re.compile(r"\s*([<>=!≤≥]+)\s*")
_QUANTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,3})?|100)")
_WINDOW = re.compile(r"\s+over\s")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")


class ThresholdError(ValueError):
    """A text that is not a threshold. `offset` is the position of the mistake in it, in characters."""

    def __init__(self, offset: int, message: str, hint: str = HINT, *, unsupported: bool = False) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint
        self.unsupported = unsupported
        """Meaningful, but this version cannot judge it."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a run must fulfil."""

    text: str
    """As it was written."""
    metric: Metric
    clock: Clock | None
    """Which duration is meant; None when the metric is not a duration."""
    quantile: float | None
    """In 0..1, for the metric `quantile`."""
    series: str | None
    """The name of the step that is judged; None for all of them."""
    op: Operator
    limit: float
    """In ns, as a share (0..1), per second or as a number, by metric."""
    unit: str
    """The unit that a person reads: a unit of time, "%", "/s", or "" for plain numbers."""

    def holds(self, value: float) -> bool:
        """Whether a measured value, in the unit of `limit`, fulfils it. Nothing measured (NaN) never does."""
        return not math.isnan(value) and OPERATORS[self.op](value, self.limit)

    def in_unit(self, value: float) -> float:
        """A value in the unit of `limit`, converted to `unit`."""
        if self.clock is not None:
            return value / units.DURATION_UNITS[self.unit]
        if self.unit == "%":
            return value * 100
        return value * units.RATE_UNITS[self.unit[1:]] if self.metric == "rate" else value


def parse_threshold(text: str) -> Threshold:
    """Reads one threshold. Raises ThresholdError."""
    if len(text) > MAX_TEXT:
        raise ThresholdError(0, f"a threshold may have at most {MAX_TEXT} characters")
    clock, metric, quantile, position = _parse_subject(text)
    series, position = _parse_series(text, position)
    if clock == "start_lag" and series is not None:
        raise ThresholdError(position, "start_lag is measured for the whole run, not for one step", "remove the name")
    if metric == "dropped" and series is not None:
        raise ThresholdError(position, "dropped iterations belong to no step", "remove the name in parentheses")
    op_match = _OPERATOR.match(text, position)
    if op_match is None:
        raise ThresholdError(_skip_space(text, position), "an operator is missing: <, <=, >, >= or ==")
    op = op_match.group(1)
    if op not in OPERATORS:
        guess = {"=": "==", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">="}.get(op, "<")
        raise ThresholdError(op_match.start(1), f"unknown operator `{op}`", f"write {guess}")
    limit_at = op_match.end()
    window = _WINDOW.search(text, limit_at)
    if window is not None:
        raise ThresholdError(
            window.start() + len(window.group()) - len(window.group().lstrip()),
            "windows (`over 10s`) are not supported yet",
            "remove it: the threshold is then judged over the whole run",
            unsupported=True,
        )
    limit, unit = _parse_limit(metric, clock, text[limit_at:].rstrip(), limit_at)
    return Threshold(text.strip(), metric, clock, quantile, series, cast(Operator, op), limit, unit)


def _parse_subject(text: str) -> tuple[Clock | None, Metric, float | None, int]:
    match = _WORD.match(text)
    if match is None:
        raise ThresholdError(_skip_space(text, 0), "a threshold starts with what it judges")
    clock: Clock | None = None
    if match.group(1) in CLOCKS:
        clock = cast(Clock, match.group(1))
        at = match.end()
        match = _WORD.match(text, at)
        if match is None:
            raise ThresholdError(_skip_space(text, at), f"after `{clock}` comes p50, p99.9, mean, min or max")
    word, at = match.group(1), match.start(1)
    quantile_match = _QUANTILE.fullmatch(word)
    if quantile_match is not None:
        return clock or "response", "quantile", float(f"{quantile_match.group(1)}e-2"), match.end()
    if word in DURATION_METRICS:
        return clock or "response", cast(Metric, word), None, match.end()
    if word not in OTHER_METRICS:
        raise ThresholdError(at, f"unknown metric `{word}`", _suggest_metric(word))
    if clock is not None:
        raise ThresholdError(at, f"`{word}` is not a duration, so it has no `{clock}`", f"write {word} alone")
    return None, cast(Metric, word), None, match.end()


def _suggest_metric(word: str) -> str:
    import difflib

    known = ["mean", "min", "max", "p50", "p90", "p95", "p99", *OTHER_METRICS, *CLOCKS]
    aliases = {"avg": "mean", "average": "mean", "median": "p50", "error": "errors", "error_rate": "errors",
               "rps": "rate", "requests": "count", "failures": "failed"}  # fmt: skip
    close = [aliases[word]] if word in aliases else difflib.get_close_matches(word, known, 1)
    return f"did you mean `{close[0]}`?" if close else HINT


def _parse_series(text: str, position: int) -> tuple[str | None, int]:
    """The name in parentheses. It may itself hold parentheses and operators: the last ")" ends it."""
    start = _skip_space(text, position)
    if not text.startswith("(", start):
        return None, position
    end = text.rfind(")")
    if end < start:
        raise ThresholdError(start, "the parenthesis is not closed")
    name = text[start + 1 : end].strip()
    if not name:
        raise ThresholdError(start, "the name in parentheses is empty", "write the name of a step, or remove the ()")
    return name, end + 1


def _parse_limit(metric: Metric, clock: Clock | None, text: str, at: int) -> tuple[float, str]:
    """The limit in the base unit of the metric, and the unit it was written in."""
    try:
        if clock is not None:
            limit_ns = units.parse_duration(text)
            written = _units_written(text)
            return float(limit_ns), next(unit for unit in units.DURATION_UNITS if unit in written)
        if metric == "rate":
            unit = "min" if text.endswith(("/m", "/min")) else "h" if text.endswith("/h") else "s"
            return units.parse_rate(text), f"/{unit}"
        if metric in ("errors", "dropped"):
            return _parse_share(text, metric)
        return float(units.parse_count(text)), ""
    except units.UnitError as error:
        raise ThresholdError(at, f"`{text}` is not a {error.what}: {error.problem}", error.hint) from None


def _units_written(text: str) -> set[str]:
    return {"us" if unit in ("µs", "μs") else unit for unit in re.findall(r"[a-zµμ]+", text)}


def _parse_share(text: str, metric: str) -> tuple[float, str]:
    number = text.removesuffix("%").rstrip()
    hint = f"write a share: {OTHER_METRICS[metric][1]}"
    if not _NUMBER.fullmatch(number):
        raise units.UnitError("share", "it is not a number", hint)
    percent = text.endswith("%")
    share = float(f"{number}e-2") if percent else float(number)
    if share == 1 and not percent:
        raise units.UnitError("share", "it would be 100%", f"write `1%`, or `failed < 1` for a number; {hint}")
    if share > 1:
        more = "; for a number of requests write failed < 10" if metric == "errors" else ""
        raise units.UnitError("share", "it is above 100%", hint + more)
    return share, "%" if percent else ""


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position
