import math
import time
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users.guest.shape import course_of
from kilobar.users.guest.stages import Piece


class Shape:
    """What Locust's `LoadTestShape` is, which cannot be imported without patching this process."""

    def __init__(self, ask: Callable[["Shape"], Any]) -> None:
        self.users = 0
        self.start_time = 0.0
        self._ask = ask

    def reset_time(self) -> None:
        self.start_time = time.perf_counter()

    def get_run_time(self) -> float:
        return time.perf_counter() - self.start_time

    def set_users(self, users: int) -> None:
        self.users = users

    def tick(self) -> Any:
        return self._ask(self)


def course(ask: Callable[[Shape], Any], longest_s: float = 86_400) -> Any:
    shape = Shape(ask)
    return course_of(shape, shape.set_users, longest_s)


def staged(*stages: tuple[float, Any]) -> Callable[[Shape], Any]:
    return lambda shape: next((tick for end_s, tick in stages if shape.get_run_time() < end_s), None)


def test_levels_are_reached_at_once_when_the_spawn_rate_allows_it() -> None:
    found = course(staged((10, (10, 10)), (30, (50, 100))))
    assert found.pieces == [Piece(0, 10, 10, 10), Piece(10, 30, 50, 50)]
    assert found.ended


def test_a_slow_spawn_rate_makes_a_ramp() -> None:
    assert course(staged((20, (10, 2)), (30, (4, 1)))).pieces == [
        Piece(0, 5, 0, 10),
        Piece(5, 20, 10, 10),
        Piece(20, 26, 10, 4),
        Piece(26, 30, 4, 4),
    ]


def test_a_target_that_changes_during_a_ramp_is_followed_from_where_it_is() -> None:
    assert course(staged((5, (100, 2)), (10, (10, 5)))).pieces == [Piece(0, 5, 0, 10), Piece(5, 10, 10, 10)]


def test_a_ramp_may_end_within_a_second() -> None:
    assert course(staged((4, (5, 2)))).pieces == [Piece(0, 2.5, 0, 5), Piece(2.5, 4, 5, 5)]


def test_a_shape_that_waits_for_its_users_sees_them_come() -> None:
    seen = []

    def ask(shape: Shape) -> Any:
        seen.append(shape.users)
        return None if shape.users == 4 else (4, 1)

    course(ask)
    assert seen == [0, 1, 2, 3, 4]


def test_a_shape_sees_simulated_time_whatever_clock_it_reads() -> None:
    seen = []
    starts = (time.time(), monotonic())

    def ask(shape: Shape) -> Any:
        seen.append((round(time.time() - starts[0]), round(monotonic() - starts[1]), round(shape.get_run_time())))
        return None if len(seen) > 300 else (1, 1)

    course(ask)
    assert seen[-1] == (300, 300, 300)
    assert abs(time.time() - starts[0]) < 200, "the clock is the real one again"


def test_a_shape_that_never_ends_is_cut() -> None:
    found = course(lambda _: (5, 5), longest_s=100)
    assert found.pieces == [Piece(0, 100, 5, 5)]
    assert not found.ended


def test_a_wave_is_followed_second_by_second() -> None:
    found = course(
        lambda shape: (
            (round(50 + 50 * math.sin(shape.get_run_time() / 20)), 100) if shape.get_run_time() < 120 else None
        )
    )
    levels = {piece.start_s: piece.users_from for piece in found.pieces}
    assert levels[0] == 50
    assert max(levels.values()) == 100
    assert found.pieces[-1].end_s == 120


def test_classes_of_new_users_are_kept_with_their_time() -> None:
    class Buyer:
        """A user class."""

    assert course(staged((10, (1, 1, [Buyer])), (20, (2, 1)))).classes == [(0, ["Buyer"]), (10, None)]


@pytest.mark.parametrize("tick", [5, (5,), (5, 0), (-1, 1), ("a", "b"), (1, 2, [], 4)])
def test_what_is_no_tick_is_refused_in_words(tick: Any) -> None:
    with pytest.raises(InputError, match=r"Shape\.tick\(\) gave .* 0 s after the start"):
        course(lambda _: tick)


def test_a_tick_that_raises_is_told_with_its_time() -> None:
    def ask(shape: Shape) -> Any:
        return (1, 1) if shape.get_run_time() < 3 else 1 / 0

    with pytest.raises(InputError, match="3 s after the start: ZeroDivisionError"):
        course(ask)
