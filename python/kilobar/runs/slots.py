"""Which worker fires which arrival and plays which user, by arithmetic.

Arrival k belongs to slot k mod m, user u to slot u mod m; a worker owns slots. With m = 60 n the slots of a dead worker
can be dealt evenly to 1, 2, 3, 4, 5 or 6 survivors, and every other slot stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

SLOTS_OF_A_WORKER = 60


def initial_owners(workers: int) -> tuple[int, ...]:
    """The owner of each slot at the start: worker i fires the arrivals k = i (mod workers)."""
    return tuple(slot % workers for slot in range(SLOTS_OF_A_WORKER * workers))


def after_loss(owners: Sequence[int], dead: int, survivors: Sequence[int]) -> tuple[int, ...]:
    """Deals the slots of the dead worker to the survivors in turn; there must be at least one."""
    heirs = iter(range(len(owners)))
    return tuple(survivors[next(heirs) % len(survivors)] if owner == dead else owner for owner in owners)
