"""From what was merged to the summary that people and programs read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from kilobar._native import __version__
from kilobar.model.summary import (
    CheckSummary,
    Event,
    FlowSummary,
    Named,
    Percentiles,
    Sample,
    SeriesSummary,
    State,
    Summary,
)
from kilobar.model.threshold import Threshold
from kilobar.runs import thresholds as judging
from kilobar.runs.asked import SECOND_NS, AskedLoad
from kilobar.runs.distribution import percentiles
from kilobar.runs.measurement import Measurement
from kilobar.runs.occasion import Mishap
from kilobar.runs.verdict import Evidence, Loss, judge


@dataclass(frozen=True, slots=True)
class Particulars:
    """What does not change while a run goes."""

    run_id: str
    name: str
    started_at: str
    workers: int
    thresholds: tuple[Threshold, ...]
    environment: Mapping[str, str]
    users_may_leave: bool = False
    is_by_python: bool = False
    """Whether Python executes the users."""
    unmeasured: frozenset[str] = frozenset()
    """Names of series that are not part of the load."""


def summarise(
    particulars: Particulars,
    measurement: Measurement,
    asked: AskedLoad,
    state: State,
    losses: Sequence[Loss],
    events: Sequence[Event],
    mishap: Mishap | None = None,
    *,
    is_over: bool,
) -> Summary:
    """The summary of what was measured so far, or of the whole run when it is over and all its seconds are closed."""
    total = measurement.total()
    values = total.to_dict()
    load_ns = min(measurement.closed_ns, asked.end_ns)
    load_s = load_ns / SECOND_NS
    books = measurement.ledger()
    results = judging.judge(particulars.thresholds, total, books, load_s)
    whole = _series(values["total"], load_s)
    unmeasured = particulars.unmeasured
    start_lag, loop_lag = percentiles(total.start_lag()), percentiles(total.loop_lag())
    lags = _Lags(start_lag.p99, loop_lag.p99 if "users" in asked.kinds else None)
    evidence = _evidence(measurement, asked, whole, lags, is_over=is_over)
    verdict = judge(
        replace(
            evidence,
            state=state,
            setup_failure=None if mishap is None else str(mishap),
            users_may_leave=particulars.users_may_leave,
            is_by_python=particulars.is_by_python,
            first_failure=_first_failure(values["samples"]),
            losses=tuple(losses),
            thresholds=tuple(zip(particulars.thresholds, results, strict=True)),
        )
    )
    return Summary(
        kilobar=__version__,
        run_id=particulars.run_id,
        name=particulars.name,
        started_at=particulars.started_at,
        duration_s=load_s,
        state=state,
        workers=particulars.workers,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        ledger=books,
        asked_rate_per_s=asked.mean_rate_per_s(0, load_ns),
        achieved_rate_per_s=measurement.achieved_rate_per_s,
        asked_users=asked.peak_users(load_ns),
        start_lag_ms=start_lag,
        series=Named(_series(entry, load_s) for entry in values["series"] if entry["name"] not in unmeasured),
        total=whole,
        flows=Named(_flow(entry) for entry in values["flows"]),
        thresholds=results,
        generator_cpu_s=values["generator"]["cpu_ns"] / SECOND_NS,
        loop_lag_ms=loop_lag,
        rss_bytes=measurement.peak_rss_bytes,
        connections=dict(values["connections"]),
        checks=tuple(CheckSummary(**entry) for entry in values["checks"] if entry["series"] not in unmeasured),
        timeline=measurement.timeline.points(),
        samples=(*_mishap(mishap), *(_sample(entry) for entry in values["samples"])),
        events=tuple(events),
        environment=dict(particulars.environment),
    )


def _first_failure(samples: Sequence[Mapping[str, Any]]) -> str | None:
    """Steps that are no requests leave no request in their sample; what they said is nowhere else to be seen."""
    told = sorted(samples, key=lambda sample: (bool(sample["request"]), sample["at_ns"]))
    return told[0]["message"][:200] if told else None


class _Lags(NamedTuple):
    """In ms: of starts, and of the event loop where that is what a load is judged by."""

    start_p99_ms: float
    loop_p99_ms: float | None


def _evidence(
    measurement: Measurement, asked: AskedLoad, whole: SeriesSummary, lags: _Lags, *, is_over: bool
) -> Evidence:
    """What was measured, as far as a verdict looks at it."""
    books = measurement.ledger()
    return Evidence(
        state="finished",
        is_over=is_over,
        ledger=books,
        arrivals_asked=asked.arrivals() if is_over else measurement.arrivals_planned,
        arrivals_started=measurement.arrivals_started,
        arrivals_planned=books.planned if is_over and asked.kinds == {"rate"} else None,
        mean_users_asked=measurement.mean_users_asked,
        mean_users_active=measurement.mean_users_active,
        start_lag_p99_ms=lags.start_p99_ms,
        loop_lag_p99_ms=lags.loop_p99_ms,
        median_response_ms=whole.response_ms.p50 if whole.response_ms.count else None,
        requests=whole.count,
        failed_requests=whole.failed,
        errors=whole.errors,
    )


def _series(entry: Mapping[str, Any], load_s: float) -> SeriesSummary:
    return SeriesSummary(
        name=entry["name"],
        kind=entry["kind"],
        count=entry["count"],
        failed=entry["failed"],
        errors={name: count for name, count in entry["errors"].items() if count},
        rate_per_s=entry["count"] / load_s if load_s else 0.0,
        response_ms=Percentiles.of_ns(entry["response"]),
        service_ms=Percentiles.of_ns(entry["service"]),
        phases_ms={name: Percentiles.of_ns(phase) for name, phase in entry["phases"].items()},
        bytes_in=entry["bytes_in"],
        bytes_out=entry["bytes_out"],
    )


def _flow(entry: Mapping[str, Any]) -> FlowSummary:
    return FlowSummary(entry["name"], entry["count"], entry["failed"], Percentiles.of_ns(entry["iteration"]))


def _mishap(mishap: Mishap | None) -> tuple[Sample, ...]:
    if mishap is None:
        return ()
    step = mishap.step or "setup"
    return (Sample(0.0, 0, step, mishap.error, mishap.message, mishap.request, mishap.response, 0.0),)


def _sample(entry: Mapping[str, Any]) -> Sample:
    return Sample(
        at_s=entry["at_ns"] / SECOND_NS,
        worker=entry["worker"],
        series=entry["series"],
        error=entry["class"],
        message=entry["message"],
        request=entry["request"],
        response=entry["response"],
        elapsed_ms=entry["elapsed_ns"] / 1e6,
    )
