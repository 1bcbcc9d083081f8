"""The load that is asked for, at each instant: the plan, live changes of it, and an early stop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Literal

from kilobar._native import Schedule
from kilobar.model.plan import Plan, Stage

Kind = Literal["rate", "users"]

SECOND_NS = 1_000_000_000


class AskedLoad:
    """What should happen when. All times are ns from the start of the run, all stretches [from, until)."""

    def __init__(self, plan: Plan) -> None:
        self._schedule = Schedule(plan.to_json())
        self._stages = tuple(_with_bounds(plan))
        self._changes_ns: list[int] = []
        self.kinds: frozenset[Kind] = frozenset(stage.kind for stage in plan.load)
        self._stopped_ns: int | None = None
        self.factor = 1.0
        """By how much the load was changed by hand so far."""

    @property
    def end_ns(self) -> int:
        """End of the load; earlier than planned when the run is stopped, or when rows run out."""
        end_ns = self._schedule.duration_ns
        return end_ns if self._stopped_ns is None else min(end_ns, self._stopped_ns)

    def scale(self, at_ns: int, factor: float) -> None:
        """Multiplies rate and users from that instant on."""
        self._schedule.rescale(at_ns, factor)
        self._changes_ns.append(at_ns)
        self.factor *= factor

    def stop(self, at_ns: int) -> None:
        """Nothing is asked for from that instant on."""
        self._stopped_ns = min(self.end_ns, max(at_ns, 0))

    def only_kind(self, from_ns: int, until_ns: int) -> Kind | None:
        """What is asked for in a stretch; None when both or nothing. A part after the end does not matter."""
        kinds = {stage.kind for _, _, stage in self._within(from_ns, until_ns)}
        return kinds.pop() if len(kinds) == 1 else None

    def arrivals(self) -> int:
        """Arrivals due in all seconds in which only a rate is asked. With Poisson arrivals it draws them all."""
        due = 0
        for kind, stages in groupby(self._within(0, self.end_ns), key=lambda part: part[2].kind):
            bounds = list(stages)
            begin_ns, end_ns = bounds[0][0], bounds[-1][1]
            if kind == "rate":
                first_ns = -(-begin_ns // SECOND_NS) * SECOND_NS
                last_ns = end_ns if end_ns == self.end_ns else end_ns // SECOND_NS * SECOND_NS
                if first_ns < last_ns:
                    due += self._schedule.planned_until(last_ns) - self._schedule.planned_until(first_ns)
        return due

    def planned_of(self, slots: list[bool], from_ns: int, until_ns: int) -> int:
        """Arrivals that are due and belong to these slots."""
        until_ns = min(until_ns, self.end_ns)
        return self._schedule.planned_of(slots, from_ns, until_ns) if from_ns < until_ns else 0

    def mean_rate_per_s(self, from_ns: int, until_ns: int) -> float | None:
        """The asked rate, averaged over that part of the stretch in which a rate is asked; None when there is none."""
        arrivals = 0.0
        length_ns = 0
        for low_ns, high_ns, stage in self._within(from_ns, until_ns):
            if stage.kind == "rate":
                for begin_ns, end_ns in self._unchanged(low_ns, high_ns):
                    # The rate is linear here, so that the middle is the mean.
                    arrivals += self._schedule.rate_at((begin_ns + end_ns) // 2) * (end_ns - begin_ns)
                length_ns += high_ns - low_ns
        return arrivals / length_ns if length_ns else None

    def users_at(self, time_ns: int) -> int | None:
        """The asked number of users; None when none are asked."""
        if self.only_kind(time_ns, time_ns + 1) != "users":
            return None
        return self._schedule.users_at(time_ns)

    def peak_users(self, until_ns: int) -> int | None:
        """The largest number of users asked before that instant; None when none were."""
        peaks = [
            self._schedule.users_at(time_ns)
            for low_ns, high_ns, stage in self._within(0, until_ns)
            if stage.kind == "users"
            for begin_ns, end_ns in self._unchanged(low_ns, high_ns)
            for time_ns in (begin_ns, end_ns - 1)
        ]
        return max(peaks, default=None)

    def _within(self, from_ns: int, until_ns: int) -> Iterator[tuple[int, int, Stage]]:
        """The stages that a stretch touches, cut to it."""
        until_ns = min(until_ns, self.end_ns)
        for begin_ns, end_ns, stage in self._stages:
            low_ns, high_ns = max(begin_ns, from_ns), min(end_ns, until_ns)
            if low_ns < high_ns:
                yield low_ns, high_ns, stage

    def _unchanged(self, from_ns: int, until_ns: int) -> Iterator[tuple[int, int]]:
        """The parts of a stretch between live changes."""
        cuts = sorted({at_ns for at_ns in self._changes_ns if from_ns < at_ns < until_ns})
        yield from zip([from_ns, *cuts], [*cuts, until_ns], strict=True)


def _with_bounds(plan: Plan) -> Iterator[tuple[int, int, Stage]]:
    begin_ns = 0
    for stage in plan.load:
        yield begin_ns, begin_ns + stage.duration_ns, stage
        begin_ns += stage.duration_ns
