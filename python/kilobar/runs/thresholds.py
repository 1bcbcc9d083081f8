"""Judges thresholds on everything that a run measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kilobar._native import Histogram, Interval
from kilobar.model.summary import Ledger, ThresholdResult
from kilobar.model.threshold import Threshold


def judge(
    thresholds: Sequence[Threshold], total: Interval, ledger: Ledger, duration_s: float
) -> tuple[ThresholdResult, ...]:
    """One result a threshold, in order; `duration_s` is the length of the load that `total` was measured in."""
    return tuple(_judge_one(threshold, total, ledger, duration_s) for threshold in thresholds)


def _judge_one(threshold: Threshold, total: Interval, ledger: Ledger, duration_s: float) -> ThresholdResult:
    value = _value(threshold, total, ledger, duration_s)
    shown = None if math.isnan(value) else threshold.in_unit(value)
    return ThresholdResult(threshold.text, shown, threshold.holds(value))


def _value(threshold: Threshold, total: Interval, ledger: Ledger, duration_s: float) -> float:
    """In the unit of the limit; NaN when nothing was measured that could be judged."""
    if threshold.clock is not None:
        return _duration_ns(threshold, total)
    if threshold.metric == "dropped":
        return ledger.dropped / ledger.planned if ledger.planned else math.nan
    count, failed = _requests(total, threshold.series)
    match threshold.metric:
        case "errors":
            return failed / count if count else math.nan
        case "rate":
            return count / duration_s if duration_s > 0 else math.nan
        case "failed":
            return float(failed)
        case _:
            return float(count)


def _duration_ns(threshold: Threshold, total: Interval) -> float:
    histogram = _histogram(threshold, total)
    if histogram.count == 0:
        return math.nan
    match threshold.metric:
        case "mean":
            return histogram.mean
        case "min":
            return float(histogram.min)
        case "max":
            return float(histogram.max)
        case _:
            assert threshold.quantile is not None
            return float(histogram.quantile(threshold.quantile))


def _histogram(threshold: Threshold, total: Interval) -> Histogram:
    if threshold.clock == "start_lag":
        return total.start_lag()
    try:
        of_clock = total.service if threshold.clock == "service" else total.response
        return of_clock(threshold.series)
    except KeyError:
        return Histogram()


def _requests(total: Interval, series: str | None) -> tuple[int, int]:
    """How many ended and how many of them failed, of one series or of all that are of requests."""
    values = total.to_dict()
    entries = [values["total"]] if series is None else [one for one in values["series"] if one["name"] == series]
    return sum(entry["count"] for entry in entries), sum(entry["failed"] for entry in entries)
