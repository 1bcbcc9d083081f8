"""Measures Kilobar itself: runs against a target whose behaviour is known, compared with what arithmetic says.

`kilobar calibrate` runs it for some seconds, `bench/accuracy` for longer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kilobar.model.summary import Percentiles, SeriesSummary, Summary
from kilobar.scenario import Overrides, from_url
from kilobar.target import TargetProcess
from kilobar.wiring import execute

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number as it was measured, and as it is."""

    what: str
    unit: str
    truth: float
    measured: float
    tolerance: float
    """Relative to the truth; 0 where only equality will do."""

    @property
    def error(self) -> float:
        """Relative to the truth."""
        return abs(self.measured - self.truth) / self.truth if self.truth else abs(self.measured)

    @property
    def holds(self) -> bool:
        """Whether the error is within the tolerance."""
        return self.error <= self.tolerance


@dataclass(frozen=True, slots=True)
class Truth:
    """A load against a known behaviour."""

    name: str
    path: str
    rate_per_s: float
    duration_s: float
    expected_ms: Callable[[Truth, str], float | None]
    """The response time at a quantile name; None where arithmetic does not say."""
    stall_at_s: float | None = None
    stall_s: float = 0.0
    tolerance: float = field(default=0.02)

    @property
    def arrivals(self) -> int:
        """That the schedule plans."""
        return round(self.rate_per_s * self.duration_s)


def fixed(delay_ms: float, rate_per_s: float, duration_s: float) -> Truth:
    """Every answer takes the same time."""
    return Truth(
        f"fixed delay of {delay_ms:g} ms", f"/delay/{delay_ms:g}ms", rate_per_s, duration_s, lambda *_: delay_ms
    )


def two_modes(fast_ms: float, slow_ms: float, slow_share: float, rate_per_s: float, duration_s: float) -> Truth:
    """Most answers are fast, a known share is slow. Quantiles next to the step between them are left out."""

    def expected_ms(truth: Truth, name: str) -> float | None:
        distance = QUANTILES[name] - (1 - slow_share)
        if abs(distance) < 0.02:
            return None
        return slow_ms if distance > 0 else fast_ms

    path = f"/delay/bimodal/{fast_ms:g}ms/{slow_ms:g}ms/{slow_share:g}"
    return Truth(f"{fast_ms:g} ms, {slow_share:.0%} of them {slow_ms:g} ms", path, rate_per_s, duration_s, expected_ms)


def stall(stall_s: float, rate_per_s: float, duration_s: float) -> Truth:
    """A server that answers at once stands still once. Arrivals go on, and each waits for the rest of the stall.

    Of `rate * duration` arrivals, those with a response time above x are the `rate * (stall - x)` that came in the
    first `stall - x` seconds of it; solved for the quantile q: x = stall - (1 - q) * duration.
    """

    def expected_ms(truth: Truth, name: str) -> float | None:
        waited_s = stall_s - (1 - QUANTILES[name]) * duration_s
        return waited_s * 1e3 if waited_s > 0.1 * stall_s else None

    at_s = (duration_s - stall_s) / 2
    return Truth(f"a stall of {stall_s:g} s", "/", rate_per_s, duration_s, expected_ms, at_s, stall_s)


def measure(truth: Truth, target: TargetProcess, workers: int | None = None) -> tuple[Summary, tuple[Comparison, ...]]:
    """Runs one truth and compares percentiles, and the ledger with what the target counted."""
    target.command("/_target/reset")
    overrides = Overrides(rate=f"{truth.rate_per_s:g}/s", duration=f"{truth.duration_s:g}s")
    plan = from_url(f"{target.url}{truth.path}", overrides, {}).require()
    timer = None
    if truth.stall_at_s is not None:
        order = f"/_target/stall?for={truth.stall_s:g}s"
        timer = threading.Timer(truth.stall_at_s, target.command, (order,))
        timer.start()
    try:
        summary = execute(plan, workers=workers)
    finally:
        if timer is not None:
            timer.cancel()
            timer.join()
    return summary, tuple(_compare(truth, summary, target.stats()["requests"]))


def _compare(truth: Truth, summary: Summary, received: int) -> Iterator[Comparison]:
    series: SeriesSummary = summary.total
    for name in QUANTILES:
        expected = truth.expected_ms(truth, name)
        if expected is not None:
            yield Comparison(f"response {name}", "ms", expected, _value(series.response_ms, name), truth.tolerance)
    yield Comparison("planned iterations", "", truth.arrivals, summary.ledger.planned, 0)
    yield Comparison("started, against the target's count", "", received, summary.ledger.started, 0)


def _value(percentiles: Percentiles, name: str) -> float:
    return float(getattr(percentiles, name))
