"""Classes are dealt to users in the proportions of their weights, evenly mixed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.users.dealing import MAX_CYCLE, cycle_of, first_of


@pytest.mark.parametrize(
    ("weights", "cycle"),
    [
        ([1], (0,)),
        ([1, 1], (0, 1)),
        ([3, 1], (0, 0, 1, 0)),
        ([0.5, 0.25], (0, 1, 0)),
        ([0, 2], (1,)),
        ([100, 50], (0, 1, 0)),
    ],
)
def test_a_cycle_is_as_short_as_its_proportions_allow(weights: list[float], cycle: tuple[int, ...]) -> None:
    assert cycle_of(weights) == cycle


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any))
def test_any_beginning_of_a_cycle_has_nearly_the_proportions(weights: list[int]) -> None:
    cycle = cycle_of(weights)
    for length in range(1, len(cycle) + 1):
        counts = Counter(cycle[:length])
        for index, weight in enumerate(weights):
            assert abs(counts[index] - length * weight / sum(weights)) < len(weights)
    whole = Counter(cycle)
    assert all(whole[index] * sum(weights) == weight * len(cycle) for index, weight in enumerate(weights))


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=100).filter(any))
def test_a_cycle_is_bounded_and_nobody_with_a_weight_is_left_out(weights: list[float]) -> None:
    cycle = cycle_of(weights)
    assert 1 <= len(cycle) <= MAX_CYCLE
    assert set(cycle) == {index for index, weight in enumerate(weights) if weight > 0}


def test_fixed_numbers_of_users_are_mixed() -> None:
    assert first_of([2, 0, 3]) == (0, 2, 0, 2, 2)
    assert first_of([0, 0]) == ()
