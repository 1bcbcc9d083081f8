"""The time axis of a run, bounded: when it is full, neighbouring points are folded into one, exactly.

A point keeps its histograms encoded (a few KB, where they take some 100 KB each to count in), so that percentiles of a
folded point are those of all its records, and a run of any length costs at most `MAX_POINTS` of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from kilobar._native import Histogram, Interval
from kilobar.model.summary import Point
from kilobar.runs.distribution import percentiles

MAX_POINTS = 600

_SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class Asked:
    """What was asked for in the stretch of a point; None where nothing of that kind was."""

    rate_per_s: float | None
    users: int | None


@dataclass(slots=True)
class _Cell:
    """A point that can still be added to. Gauges are those of its end."""

    start_ns: int
    duration_ns: int
    asked: Asked
    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    gauges: Counter[str] = field(default_factory=Counter)
    degraded: bool = False
    response: bytes = b""
    service: bytes = b""
    start_lag: bytes = b""
    loop_lag: bytes = b""
    seconds: int = 1
    point: Point | None = None
    """What `Timeline.points` made of it, until it changes."""

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.duration_ns

    def add(self, other: _Cell) -> None:
        """Adds everything but gauges and what was asked."""
        self.counts.update(other.counts)
        self.errors.update(other.errors)
        self.degraded |= other.degraded
        self.response = _merged(self.response, other.response)
        self.service = _merged(self.service, other.service)
        self.start_lag = _merged(self.start_lag, other.start_lag)
        self.loop_lag = _merged(self.loop_lag, other.loop_lag)
        self.point = None

    def extend(self, later: _Cell) -> None:
        """Adds the next stretch of time."""
        rate_ns, later_ns = (cell.duration_ns if cell.asked.rate_per_s is not None else 0 for cell in (self, later))
        if rate_ns + later_ns:
            arrivals = (self.asked.rate_per_s or 0.0) * rate_ns + (later.asked.rate_per_s or 0.0) * later_ns
            self.asked.rate_per_s = arrivals / (rate_ns + later_ns)
        self.asked.users = self.asked.users if later.asked.users is None else later.asked.users
        self.duration_ns = later.end_ns - self.start_ns
        self.seconds += later.seconds
        self.gauges = later.gauges
        self.add(later)


class Timeline:
    """Points in the order of time; the newest ones may still get what arrives late."""

    def __init__(self, max_points: int = MAX_POINTS) -> None:
        if max_points < 2 or max_points % 2:
            raise ValueError("the number of points must be even")
        self._max = max_points
        self._seconds_of_a_point = 1
        self._cells: list[_Cell] = []
        self._latest: Point | None = None

    def append(self, start_ns: int, duration_ns: int, interval: Interval, asked: Asked) -> None:
        """Adds the next second, or the shorter last stretch. `interval` is what all workers measured in it."""
        cell = _cell_of(start_ns, duration_ns, interval, asked)
        self._latest = _point_of(cell)
        if self._cells and self._cells[-1].seconds < self._seconds_of_a_point:
            self._cells[-1].extend(cell)
            return
        if len(self._cells) == self._max:
            for earlier, later in zip(self._cells[::2], self._cells[1::2], strict=True):
                earlier.extend(later)
            del self._cells[1::2]
            self._seconds_of_a_point *= 2
        self._cells.append(cell)

    def add_late(self, interval: Interval) -> None:
        """Adds what one worker measured in a second that was appended without it."""
        cell = self._at(interval.start_ns)
        if cell is None:
            return
        late = _cell_of(interval.start_ns, interval.duration_ns, interval, cell.asked)
        if cell.seconds == 1:
            cell.gauges.update(late.gauges)
        cell.add(late)

    def degrade(self, from_ns: int, until_ns: int, lost: int) -> None:
        """Marks the points that a stretch touches, and counts iterations lost in it at the last of them."""
        touched = [cell for cell in self._cells if cell.start_ns < until_ns and from_ns < cell.end_ns]
        for cell in touched:
            cell.degraded = True
            cell.point = None
        if touched:
            touched[-1].counts["lost"] += lost

    @property
    def latest(self) -> Point | None:
        """The newest second, however long the points of the axis are."""
        return self._latest

    def points(self) -> tuple[Point, ...]:
        """The whole axis."""
        return tuple(_point_of(cell) for cell in self._cells)

    def _at(self, time_ns: int) -> _Cell | None:
        return next((cell for cell in reversed(self._cells) if cell.start_ns <= time_ns < cell.end_ns), None)


def _merged(mine: bytes, other: bytes) -> bytes:
    if not mine or not other:
        return mine or other
    histogram = Histogram.decode(mine)
    histogram.merge(Histogram.decode(other))
    return histogram.encode()


def _encoded(histogram: Histogram) -> bytes:
    return histogram.encode() if histogram.count else b""


def _decoded(data: bytes) -> Histogram:
    return Histogram.decode(data) if data else Histogram()


def _cell_of(start_ns: int, duration_ns: int, interval: Interval, asked: Asked) -> _Cell:
    values = interval.to_dict()
    ledger = values["ledger"]
    counts = Counter({name: ledger[name] for name in ("started", "ok", "failed", "dropped", "lost")})
    counts["cpu_ns"] = values["generator"]["cpu_ns"]
    total = values["total"]
    counts.update(requests=total["count"], bytes_in=total["bytes_in"], bytes_out=total["bytes_out"])
    return _Cell(
        start_ns=start_ns,
        duration_ns=duration_ns,
        asked=asked,
        counts=counts,
        errors=Counter(total["errors"]),
        gauges=Counter(
            in_flight=ledger["in_flight"],
            active_users=values["active_users"],
            rss_bytes=values["generator"]["rss_bytes"],
            connections_open=values["connections"]["open"],
        ),
        degraded=interval.degraded,
        response=_encoded(interval.response()),
        service=_encoded(interval.service()),
        start_lag=_encoded(interval.start_lag()),
        loop_lag=_encoded(interval.loop_lag()),
    )


def _point_of(cell: _Cell) -> Point:
    if cell.point is None:
        counts, gauges = cell.counts, cell.gauges
        cell.point = Point(
            start_s=cell.start_ns / _SECOND_NS,
            duration_s=cell.duration_ns / _SECOND_NS,
            asked_rate_per_s=cell.asked.rate_per_s,
            asked_users=cell.asked.users,
            started=counts["started"],
            ok=counts["ok"],
            failed=counts["failed"],
            dropped=counts["dropped"],
            lost=counts["lost"],
            in_flight=gauges["in_flight"],
            active_users=gauges["active_users"],
            requests=counts["requests"],
            errors=dict(cell.errors),
            response_ms=percentiles(_decoded(cell.response)),
            service_ms=percentiles(_decoded(cell.service)),
            start_lag_ms=percentiles(_decoded(cell.start_lag)),
            loop_lag_ms=percentiles(_decoded(cell.loop_lag)),
            cpu_cores=counts["cpu_ns"] / cell.duration_ns if cell.duration_ns else 0.0,
            rss_bytes=gauges["rss_bytes"],
            connections_open=gauges["connections_open"],
            bytes_in=counts["bytes_in"],
            bytes_out=counts["bytes_out"],
            degraded=cell.degraded,
        )
    return cell.point
