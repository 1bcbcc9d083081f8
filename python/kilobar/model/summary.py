"""What a run was: the numbers, the ledger, the verdict. Its JSON form is the contract of `--json`.

Times are in milliseconds here because people read them; inside Kilobar they are nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Any, Literal, Protocol, SupportsIndex, TypeVar, overload

from kilobar.errors import InputError

Outcome = Literal["passed", "failed", "invalid"]
State = Literal["finished", "stopped", "failed"]


class _HasName(Protocol):
    @property
    def name(self) -> str: ...


_T = TypeVar("_T", bound=_HasName)


class Named(tuple[_T, ...]):
    """A tuple whose members can also be had by name: `series["GET /items"]`, `series.get("GET /items")`."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex | str, /) -> _T: ...

    @overload
    def __getitem__(self, key: slice, /) -> tuple[_T, ...]: ...

    def __getitem__(self, key: SupportsIndex | slice | str, /) -> _T | tuple[_T, ...]:
        """Raises KeyError, which says what there is, for a name that no member has."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        found = self.get(key)
        if found is None:
            raise KeyError(f"there is no {key!r} among {list(self.names)}")
        return found

    def get(self, name: str) -> _T | None:
        """The member of that name, or None."""
        return next((member for member in self if member.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all members, in their order."""
        return tuple(member.name for member in self)


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
class RunSummary:
    """Which run it was, and how it ended."""

    id: str
    """Sorts by time."""
    name: str
    started_at: str
    """ISO 8601, UTC."""
    duration_s: float
    """Length of the load, draining excluded."""
    state: State
    workers: int


@dataclass(frozen=True, slots=True)
class VerdictSummary:
    """What a run is worth."""

    outcome: Outcome
    reasons: tuple[str, ...]
    """Why, in words; for `passed` what a reader should still know."""


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What was asked for, and what was done."""

    asked_rate_per_s: float | None
    achieved_rate_per_s: float
    asked_users: int | None
    start_lag_ms: Percentiles


@dataclass(frozen=True, slots=True)
class GeneratorSummary:
    """What the load cost this machine."""

    cpu_s: float
    loop_lag_ms: Percentiles
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole run. The keys of its JSON form are attributes too: `summary.verdict.outcome`, `summary.ledger.ok`."""

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
    series: Named[SeriesSummary]
    total: SeriesSummary
    """All requests together; groups, which consist of requests, are left out."""
    flows: Named[FlowSummary]
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

    @property
    def run(self) -> RunSummary:
        """Which run it was."""
        return RunSummary(self.run_id, self.name, self.started_at, self.duration_s, self.state, self.workers)

    @property
    def verdict(self) -> VerdictSummary:
        """What it is worth."""
        return VerdictSummary(self.outcome, self.reasons)

    @property
    def load(self) -> LoadSummary:
        """What was asked for, and what was done."""
        return LoadSummary(self.asked_rate_per_s, self.achieved_rate_per_s, self.asked_users, self.start_lag_ms)

    @property
    def generator(self) -> GeneratorSummary:
        """What it cost this machine."""
        return GeneratorSummary(self.generator_cpu_s, self.loop_lag_ms, self.rss_bytes)

    def to_dict(self) -> dict[str, Any]:
        """The contract of `--json` (DESIGN section 8): keys are stable, more may be added."""
        return {
            "kilobar": self.kilobar,
            "run": asdict(self.run),
            "verdict": {"outcome": self.outcome, "reasons": list(self.reasons)},
            "ledger": asdict(self.ledger),
            "load": asdict(self.load),
            "series": [asdict(series) for series in self.series],
            "total": asdict(self.total),
            "flows": [asdict(flow) for flow in self.flows],
            "checks": [asdict(check) for check in self.checks],
            "thresholds": [asdict(result) for result in self.thresholds],
            "generator": asdict(self.generator),
            "connections": dict(self.connections),
            "events": [asdict(event) for event in self.events],
            "samples": [asdict(sample) for sample in self.samples],
            "timeline": [asdict(point) for point in self.timeline],
            "environment": dict(self.environment),
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Summary:
        """The summary that `to_dict` or `--json` wrote. Keys of later versions are ignored.

        Raises InputError for what is no summary.
        """
        try:
            return _summary(values)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            hint = "`--json` of `kilobar run` writes one"
            raise InputError(f"this is not a summary of Kilobar: {what}", hint=hint) from error


def _summary(values: Mapping[str, Any]) -> Summary:
    run, load, generator = values["run"], values["load"], values["generator"]
    return Summary(
        kilobar=values["kilobar"],
        run_id=run["id"],
        name=run["name"],
        started_at=run["started_at"],
        duration_s=run["duration_s"],
        state=run["state"],
        workers=run["workers"],
        outcome=values["verdict"]["outcome"],
        reasons=tuple(values["verdict"]["reasons"]),
        ledger=_read(Ledger, values["ledger"]),
        asked_rate_per_s=load["asked_rate_per_s"],
        achieved_rate_per_s=load["achieved_rate_per_s"],
        asked_users=load["asked_users"],
        start_lag_ms=_read(Percentiles, load["start_lag_ms"]),
        series=Named(_read_series(entry) for entry in values["series"]),
        total=_read_series(values["total"]),
        flows=Named(_read(FlowSummary, entry) for entry in values["flows"]),
        thresholds=tuple(_read(ThresholdResult, entry) for entry in values["thresholds"]),
        generator_cpu_s=generator["cpu_s"],
        loop_lag_ms=_read(Percentiles, generator["loop_lag_ms"]),
        rss_bytes=generator["rss_bytes"],
        connections=dict(values["connections"]),
        checks=tuple(_read(CheckSummary, entry) for entry in values["checks"]),
        timeline=tuple(_read(Point, entry) for entry in values["timeline"]),
        samples=tuple(_read(Sample, entry) for entry in values["samples"]),
        events=tuple(_read(Event, entry) for entry in values["events"]),
        environment=dict(values["environment"]),
    )


def _read_series(entry: Mapping[str, Any]) -> SeriesSummary:
    phases_ms = {phase: _read(Percentiles, values) for phase, values in entry["phases_ms"].items()}
    return _read(SeriesSummary, {**entry, "phases_ms": phases_ms})


_D = TypeVar("_D")


def _read(kind: type[_D], values: Mapping[str, Any]) -> _D:
    """One of the classes above. Distributions in it are read too, keys that it does not have are ignored."""
    given = {}
    for name, is_distribution in _fields(kind):  # type: ignore[arg-type]  # mypy takes no class for hashable
        if name in values:
            value = values[name]
            given[name] = _read(Percentiles, value) if is_distribution and isinstance(value, Mapping) else value
    return kind(**given)


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, bool], ...]:
    """The names of its fields, each with whether it holds a distribution."""
    return tuple((field.name, field.type == "Percentiles") for field in fields(kind))


def read_point(values: Mapping[str, Any]) -> Point:
    """A point of a timeline, from its JSON form."""
    return _read(Point, values)
