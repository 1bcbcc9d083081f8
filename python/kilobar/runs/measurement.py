"""What the workers of a run measured: summed by worker for the end, by second for the time axis.

Both sums are needed. A worker's intervals come in order, so its own sum has exact gauges, whatever the others do; the
run's total is the merge of those sums. The time axis wants the same second of all workers together, and closes a second
without those that are late.
"""

from __future__ import annotations

from collections.abc import Collection

from kilobar._native import Interval
from kilobar.model.summary import Ledger
from kilobar.runs import ledger
from kilobar.runs.asked import SECOND_NS, AskedLoad
from kilobar.runs.timeline import Asked, Timeline

CLOSE_AFTER_NS = 1_500_000_000
"""How long after its end a second waits for workers that have not reported it."""


class Measurement:
    """All measurements of a run; times are ns from its start."""

    def __init__(self, workers: int, asked: AskedLoad) -> None:
        self._asked = asked
        self._by_worker = [Interval() for _ in range(workers)]
        self._reported_ns = [0] * workers
        self._written_off: dict[int, Ledger] = {}
        self._pending: dict[int, Interval] = {}
        self._next_second = 0
        self._lost_in: dict[int, int] = {}
        """Iterations lost in seconds that are not closed yet; with zero, the second is degraded all the same."""
        self.timeline = Timeline()
        self.arrivals_planned = 0
        self.arrivals_started = 0
        """Arrivals that were reported as due and as started, in the closed seconds in which only a rate was asked."""
        self._started_in_load = 0
        self._rate_only_ns = 0
        self._user_seconds = 0
        self._user_seconds_asked = 0
        self._user_seconds_active = 0
        self.peak_rss_bytes = 0

    @property
    def closed_ns(self) -> int:
        """The end of the last closed second."""
        return self._next_second * SECOND_NS

    @property
    def mean_users_asked(self) -> float:
        """Over the closed seconds that are whole seconds of users only, and in which no iteration failed."""
        return self._user_seconds_asked / self._user_seconds if self._user_seconds else 0.0

    @property
    def mean_users_active(self) -> float:
        """Over the same seconds."""
        return self._user_seconds_active / self._user_seconds if self._user_seconds else 0.0

    @property
    def achieved_rate_per_s(self) -> float:
        """Iterations started while a rate was asked, or while load was asked when it was users only."""
        if self._rate_only_ns:
            return self.arrivals_started * SECOND_NS / self._rate_only_ns
        load_ns = min(self.closed_ns, self._asked.end_ns)
        return self._started_in_load * SECOND_NS / load_ns if load_ns else 0.0

    def add(self, worker: int, interval: Interval) -> None:
        """Takes the next interval of a worker."""
        self._by_worker[worker].extend(interval)
        self._reported_ns[worker] = interval.start_ns + interval.duration_ns
        second = interval.start_ns // SECOND_NS
        if second < self._next_second:
            self.timeline.add_late(interval)
            self._count_started(second, interval)
        else:
            self._pending.setdefault(second, Interval()).merge(interval)

    def reported_ns(self, worker: int) -> int:
        """The end of what a worker has reported."""
        return self._reported_ns[worker]

    def reported(self, worker: int) -> Ledger:
        """What a worker has reported."""
        return Ledger(**self._by_worker[worker].ledger())

    def ledger(self) -> Ledger:
        """The books of the run."""
        workers = range(len(self._by_worker))
        return ledger.total(self._written_off.get(worker) or self.reported(worker) for worker in workers)

    def lose(self, worker: int, never_reported: int, until_ns: int) -> int:
        """Writes a worker off, and returns how many iterations are lost with it.

        `never_reported` are iterations that were due on it after its last report, until others took over at `until_ns`.
        """
        books = ledger.write_off(self.reported(worker), never_reported)
        self._written_off[worker] = books
        first = self._reported_ns[worker] // SECOND_NS
        last = max(first, (until_ns - 1) // SECOND_NS)
        for second in range(first, last + 1):
            lost = books.lost if second == last else 0
            if second < self._next_second:
                self.timeline.degrade(*_bounds_ns(second), lost)
            else:
                self._lost_in[second] = self._lost_in.get(second, 0) + lost
        return books.lost

    def close_seconds(self, now_ns: int, waiting_for: Collection[int]) -> bool:
        """Closes the seconds that all these workers have reported or that are overdue; whether there were any."""
        reported_ns = min((self._reported_ns[worker] for worker in waiting_for), default=now_ns)
        until_ns = max(reported_ns, now_ns - CLOSE_AFTER_NS)
        first = self._next_second
        while (self._next_second + 1) * SECOND_NS <= until_ns:
            self._close(self._next_second)
        return self._next_second > first

    def close_all(self) -> None:
        """At the end of the run: closes what is left, the shorter last stretch included."""
        while self._pending or self._lost_in:
            self._close(self._next_second)

    def total(self) -> Interval:
        """All that was measured so far; for the books see `ledger`."""
        total = Interval()
        for interval in self._by_worker:
            total.merge(interval)
        return total

    def _close(self, second: int) -> None:
        start_ns, end_ns = _bounds_ns(second)
        interval = self._pending.pop(second, None) or Interval()
        duration_ns = SECOND_NS
        is_last = not self._pending and max(self._lost_in, default=second) <= second
        if is_last and interval.duration_ns:
            duration_ns = min(interval.start_ns + interval.duration_ns - start_ns, SECOND_NS)
        self._next_second = second + 1
        if self._asked.only_kind(start_ns, end_ns) == "rate":
            self._rate_only_ns += min(end_ns, self._asked.end_ns) - start_ns
        self._count_started(second, interval)
        self._count_users(second, interval)
        asked = Asked(self._asked.mean_rate_per_s(start_ns, end_ns), self._asked.users_at(start_ns + duration_ns // 2))
        self.timeline.append(start_ns, duration_ns, interval, asked)
        if self.timeline.latest is not None:
            self.peak_rss_bytes = max(self.peak_rss_bytes, self.timeline.latest.rss_bytes)
        if second in self._lost_in:
            self.timeline.degrade(start_ns, end_ns, self._lost_in.pop(second))

    def _count_started(self, second: int, interval: Interval) -> None:
        start_ns, end_ns = _bounds_ns(second)
        if start_ns < self._asked.end_ns:
            books = interval.ledger()
            self._started_in_load += books["started"]
            if self._asked.only_kind(start_ns, end_ns) == "rate":
                self.arrivals_planned += books["planned"]
                self.arrivals_started += books["started"]

    def _count_users(self, second: int, interval: Interval) -> None:
        """Users are compared at the end of each second, as the gauge is.

        A user whose iteration failed pauses before the next one. That is the target's doing, and not a load that was
        not held; so is the second in which the load ends.
        """
        start_ns, end_ns = _bounds_ns(second)
        if end_ns >= self._asked.end_ns or self._asked.only_kind(start_ns, end_ns) != "users":
            return
        if interval.ledger()["failed"] == 0:
            self._user_seconds += 1
            self._user_seconds_asked += self._asked.users_at(end_ns - 1) or 0
            self._user_seconds_active += interval.active_users


def _bounds_ns(second: int) -> tuple[int, int]:
    return second * SECOND_NS, (second + 1) * SECOND_NS
