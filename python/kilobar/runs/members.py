"""Who owned which slots when: what a lost worker would have had to do is computed from it."""

from __future__ import annotations

from collections.abc import Sequence

from kilobar.runs.asked import AskedLoad
from kilobar.runs.slots import after_loss, initial_owners


def parts_of(limit: int, workers: Sequence[int]) -> dict[int, int]:
    """Deals a limit of the run to these workers: the sum is exact, the parts differ by at most one.

    When a worker is taken away, no part of the others gets smaller: nobody is over its limit for that.
    """
    share, rest = divmod(limit, len(workers))
    return {worker: share + (position < rest) for position, worker in enumerate(workers)}


class Members:
    """The owners of all slots over the time of a run. Times are ns from its start."""

    def __init__(self, workers: int) -> None:
        self._epochs: list[tuple[int, tuple[int, ...]]] = [(0, initial_owners(workers))]

    @property
    def owners(self) -> tuple[int, ...]:
        """The newest ones."""
        return self._epochs[-1][1]

    @property
    def changed_ns(self) -> int:
        """When they took over, or will."""
        return self._epochs[-1][0]

    def replace(self, dead: int, survivors: Sequence[int], at_ns: int) -> int:
        """Gives the dead worker's slots away, and returns from when on: `at_ns`, or later if that is taken."""
        at_ns = max(at_ns, self._epochs[-1][0] + 1)
        self._epochs.append((at_ns, after_loss(self.owners, dead, survivors)))
        return at_ns

    def planned_of(self, worker: int, asked: AskedLoad, from_ns: int, until_ns: int) -> int:
        """Arrivals that were this worker's to fire and due in [from_ns, until_ns)."""
        ends = [at_ns for at_ns, _ in self._epochs[1:]] + [until_ns]
        planned = 0
        for (begin_ns, owners), end_ns in zip(self._epochs, ends, strict=True):
            slots = [owner == worker for owner in owners]
            if any(slots):
                planned += asked.planned_of(slots, max(begin_ns, from_ns), min(end_ns, until_ns))
        return planned
