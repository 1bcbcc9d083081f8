from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.runs.slots import SLOTS_OF_A_WORKER, after_loss, initial_owners


@given(st.integers(1, 64))
def test_at_first_worker_i_fires_the_arrivals_k_equal_i_modulo_n(workers: int) -> None:
    owners = initial_owners(workers)
    assert len(owners) == SLOTS_OF_A_WORKER * workers
    assert all(owners[k % len(owners)] == k % workers for k in range(3 * len(owners)))


@given(st.data())
def test_whoever_dies_every_slot_has_a_living_owner_and_the_slots_of_the_living_stay(data: st.DataObject) -> None:
    workers = data.draw(st.integers(2, 12))
    deaths = data.draw(st.permutations(range(workers)))[: workers - 1]
    owners = initial_owners(workers)
    living = list(range(workers))
    for dead in deaths:
        living.remove(dead)
        after = after_loss(owners, dead, living)
        assert set(after) <= set(living)
        assert all(new == old for new, old in zip(after, owners, strict=True) if old != dead)
        gained = Counter(new for new, old in zip(after, owners, strict=True) if old == dead)
        shares = [gained[worker] for worker in living]
        assert max(shares) - min(shares) <= 1
        owners = after


@pytest.mark.parametrize("survivors", range(1, 7))
def test_the_share_of_the_first_dead_worker_is_dealt_evenly_to_up_to_six_survivors(survivors: int) -> None:
    workers = survivors + 1
    after = after_loss(initial_owners(workers), 0, range(1, workers))
    assert set(Counter(after).values()) == {SLOTS_OF_A_WORKER * workers // survivors}
