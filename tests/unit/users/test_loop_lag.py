import pytest

from kilobar import _native
from kilobar.users import loop_lag
from kilobar.users.loop_lag import LoopLag

MS = 1_000_000


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    told: list[int] = []
    monkeypatch.setattr(_native, "host_lag", told.append)
    return told


def test_a_tick_is_late_by_what_is_above_the_resolution_of_timers(
    monkeypatch: pytest.MonkeyPatch, told: list[int]
) -> None:
    times = iter([0, 10 * MS, 20 * MS + MS, 231 * MS])
    monkeypatch.setattr(loop_lag, "monotonic_ns", lambda: next(times))
    lag = LoopLag()
    for _ in range(3):
        lag.tick()
    assert told == [0, 0, 199 * MS]


def test_it_says_when_it_wants_to_be_called(monkeypatch: pytest.MonkeyPatch, told: list[int]) -> None:
    times = iter([0, 3 * MS + 1, 12 * MS])
    monkeypatch.setattr(loop_lag, "monotonic_ns", lambda: next(times))
    lag = LoopLag()
    assert [lag.due_in_ms, lag.due_in_ms] == [7, 0]
