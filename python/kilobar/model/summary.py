"""What a run was: the numbers, the ledger, the verdict. Its JSON form is the contract of `--json`.

Times are in milliseconds here because people read them; inside Kilobar they are nanoseconds.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["passed", "failed", "invalid"]
State = Literal["finished", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Percentiles:
    """A distribution of durations in ms. All zero when `count` is zero."""

    count: int = 0
    mean: float = 0.0
    min: float = 0.0
    p50: float = 0.0
    p90: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    p99_9: float = 0.0
    max: float = 0.0

    @staticmethod
    def of_ns(values: dict[str, float]) -> Percentiles:
        """From the dict form of a native histogram, in ns."""
        return Percentiles(
            count=int(values["count"]),
            **{name: values[name] / 1e6 for name in ("mean", "min", "p50", "p90", "p95", "p99", "p99_9", "max")},
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts of iterations: planned = started + dropped + lost, started = ok + failed + in_flight."""

    planned: int = 0
    started: int = 0
    dropped: int = 0
    lost: int = 0
    ok: int = 0
    failed: int = 0
    in_flight: int = 0

    @property
    def balances(self) -> bool:
        """Whether both equations hold."""
        return (
            self.planned == self.started + self.dropped + self.lost
            and self.started == self.ok + self.failed + self.in_flight
        )


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """One step name over the whole run.

    `kind` is http, group (steps counted together) or python. `phases_ms` has the keys dns, connect, tls, send, wait,
    receive.
    """

    name: str
    kind: str
    count: int
    failed: int
    errors: dict[str, int]
    """Failures by class; only classes that occurred."""
    rate_per_s: float
    response_ms: Percentiles
    service_ms: Percentiles
    phases_ms: dict[str, Percentiles]
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True, slots=True)
class FlowSummary:
    """Iterations of one flow, think times included."""

    name: str
    count: int
    failed: int
    iteration_ms: Percentiles


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """How often one check of one step held."""

    series: str
    name: str
    warn: bool
    """A failure is only counted."""
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """A threshold as it was written, the value it was judged on (in the unit of the text) and whether it holds.

    `value` is None when there was nothing to judge, which does not hold.
    """

    text: str
    value: float | None
    ok: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """A whole failed exchange, redacted and bounded."""

    at_s: float
    worker: int
    series: str
    error: str
    """Its class."""
    message: str
    request: str
    response: str
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of the run on the time axis of charts: one second, or more in a long run."""

    start_s: float
    duration_s: float
    asked_rate_per_s: float | None
    """None where no rate was asked."""
    asked_users: int | None
    started: int
    ok: int
    failed: int
    dropped: int
    lost: int
    in_flight: int
    active_users: int
    requests: int
    errors: dict[str, int]
    """Failed requests by class."""
    response_ms: Percentiles
    service_ms: Percentiles
    start_lag_ms: Percentiles
    loop_lag_ms: Percentiles
    cpu_cores: float
    """Processor time of all workers over wall time."""
    rss_bytes: int
    connections_open: int
    bytes_in: int
    bytes_out: int
    degraded: bool
    """A worker was lost in it."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the run itself: a worker lost, the load changed by hand."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole run."""

    kilobar: str
    """Version."""
    run_id: str
    name: str
    started_at: str
    """ISO 8601, UTC."""
    duration_s: float
    """Length of the load, draining excluded."""
    state: State
    workers: int
    outcome: Outcome
    reasons: tuple[str, ...]
    """Why, in words; for `passed` what a reader should still know."""
    ledger: Ledger
    asked_rate_per_s: float | None
    """Mean over the load; None when no rate was asked."""
    achieved_rate_per_s: float
    asked_users: int | None
    """The largest number; None when no users were asked."""
    start_lag_ms: Percentiles
    series: tuple[SeriesSummary, ...]
    total: SeriesSummary
    """All requests together; groups, which consist of requests, are left out."""
    flows: tuple[FlowSummary, ...]
    thresholds: tuple[ThresholdResult, ...]
    generator_cpu_s: float
    loop_lag_ms: Percentiles
    rss_bytes: int
    """Largest sum over all workers."""
    connections: dict[str, int]
    """opened, tls_resumed, closed_idle, open."""
    checks: tuple[CheckSummary, ...] = ()
    timeline: tuple[Point, ...] = ()
    samples: tuple[Sample, ...] = ()
    events: tuple[Event, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    """To trust or repeat the run: machine, cores, kernel, Python, targets, TLS settings, seed, command line."""

    def to_json(self) -> dict[str, Any]:
        """The contract of `--json` (DESIGN section 8): keys are stable, more may be added."""
        return {
            "kilobar": self.kilobar,
            "run": {
                "id": self.run_id,
                "name": self.name,
                "started_at": self.started_at,
                "duration_s": self.duration_s,
                "state": self.state,
                "workers": self.workers,
            },
            "verdict": {"outcome": self.outcome, "reasons": list(self.reasons)},
            "ledger": asdict(self.ledger),
            "load": {
                "asked_rate_per_s": self.asked_rate_per_s,
                "achieved_rate_per_s": self.achieved_rate_per_s,
                "asked_users": self.asked_users,
                "start_lag_ms": asdict(self.start_lag_ms),
            },
            "series": [asdict(series) for series in self.series],
            "total": asdict(self.total),
            "flows": [asdict(flow) for flow in self.flows],
            "checks": [asdict(check) for check in self.checks],
            "thresholds": [asdict(result) for result in self.thresholds],
            "generator": {
                "cpu_s": self.generator_cpu_s,
                "loop_lag_ms": asdict(self.loop_lag_ms),
                "rss_bytes": self.rss_bytes,
            },
            "connections": dict(self.connections),
            "events": [asdict(event) for event in self.events],
            "samples": [asdict(sample) for sample in self.samples],
            "timeline": [asdict(point) for point in self.timeline],
            "environment": dict(self.environment),
        }
