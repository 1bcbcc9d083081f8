from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users.dice import Dice
from kilobar.users.wait import between, constant, nanoseconds, pacing, wait_of

S = 1_000_000_000


def pauses(given: Any, took_ns: int = 0, count: int = 200) -> list[int]:
    wait = wait_of(given, "Shop")
    assert hasattr(wait, "pause_ns")
    dice = Dice(1, 1)
    return [wait.pause_ns(dice, took_ns) for _ in range(count)]


@pytest.mark.parametrize(
    ("given", "pause_ns"),
    [(None, 0), (0, 0), (1.5, 1_500_000_000), (2, 2 * S), ("500ms", S // 2), (constant(3), 3 * S)],
)
def test_a_fixed_wait_is_always_the_same(given: Any, pause_ns: int) -> None:
    assert set(pauses(given)) == {pause_ns}


@pytest.mark.parametrize("given", ["1s..3s", between(1, 3)])
def test_a_wait_between_two_bounds_is_spread_over_them(given: Any) -> None:
    drawn = pauses(given, count=2_000)
    assert S <= min(drawn) < 1.01 * S
    assert 2.99 * S < max(drawn) < 3 * S
    assert 1.95 * S < sum(drawn) / len(drawn) < 2.05 * S


@pytest.mark.parametrize(("took_ns", "pause_ns"), [(0, 5 * S), (2 * S, 3 * S), (5 * S, 0), (9 * S, 0)])
def test_pacing_waits_for_the_rest_and_catches_nothing_up(took_ns: int, pause_ns: int) -> None:
    assert pauses(pacing(5), took_ns, 1) == [pause_ns]


def test_a_method_is_taken_as_it_is() -> None:
    def method(self: object) -> float:
        return 1.0

    assert wait_of(method, "Shop") is method


@pytest.mark.parametrize("given", ["soon", "3s..1s", "1s..", [1], -1, float("nan"), 1e9, True])
def test_what_is_no_wait_is_refused(given: Any) -> None:
    with pytest.raises(InputError) as raised:
        wait_of(given, "Shop")
    assert "Shop" in raised.value.message


def test_bounds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(InputError, match="the first bound is above the second"):
        between(3, 1)


@pytest.mark.parametrize("given", [None, "1", -0.1, float("inf")])
def test_what_is_no_number_of_seconds_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match=r"what wait\(\) returned is"):
        nanoseconds(given, "what wait() returned")
