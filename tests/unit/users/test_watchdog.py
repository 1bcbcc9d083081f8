import os
import threading
from collections.abc import Iterator

import pytest

from kilobar.users.actor import GivenUp
from kilobar.users.watchdog import MARGIN_NS, OrdersWaiting, TurnUnderWay, Watchdog

S = 1_000_000_000


@pytest.fixture
def orders_fd() -> Iterator[int]:
    fd = os.eventfd(0, os.EFD_NONBLOCK)
    yield fd
    os.close(fd)


def test_a_turn_is_stuck_when_it_is_over_its_limit_and_the_margin() -> None:
    turn = TurnUnderWay(10 * S)
    turn.since_ns = 5 * S
    assert not turn.is_stuck(15 * S + MARGIN_NS)
    assert turn.is_stuck(15 * S + MARGIN_NS + 1)


def test_a_user_between_two_turns_is_never_stuck() -> None:
    assert not TurnUnderWay(10 * S).is_stuck(1_000_000 * S)


def test_a_loop_is_stuck_when_the_same_orders_wait_too_long(orders_fd: int) -> None:
    loop = OrdersWaiting(10 * S, orders_fd)
    os.eventfd_write(orders_fd, 1)
    seen = [loop.is_stuck(now_s * S) for now_s in (100, 105, 112, 113)]
    assert seen == [False, False, False, True]


def test_a_loop_without_orders_is_not_stuck_however_long_it_has_taken_none(orders_fd: int) -> None:
    loop = OrdersWaiting(10 * S, orders_fd)
    assert not loop.is_stuck(100 * S)
    assert not loop.is_stuck(1_000 * S)
    os.eventfd_write(orders_fd, 1)
    assert not loop.is_stuck(1_001 * S)


def test_a_loop_that_takes_orders_is_not_stuck_although_there_are_always_more(orders_fd: int) -> None:
    loop = OrdersWaiting(10 * S, orders_fd)
    os.eventfd_write(orders_fd, 1)
    for now_s in range(100, 200, 9):
        loop.taken += 1
        assert not loop.is_stuck(now_s * S)


def test_a_stuck_thread_is_interrupted_again_when_it_catches_it() -> None:
    caught = threading.Semaphore(0)
    turns: list[TurnUnderWay] = []

    def stubborn() -> None:
        turn = TurnUnderWay(S)
        turn.since_ns = 1
        watchdog.watch(turn)
        turns.append(turn)
        caught.release()
        for _ in range(2):
            try:
                while True:
                    pass
            except GivenUp:
                caught.release()

    watchdog = Watchdog()
    thread = threading.Thread(target=stubborn, daemon=True)
    thread.start()
    assert caught.acquire(timeout=20)
    for _ in range(2):
        watchdog.look(100 * S)
        assert caught.acquire(timeout=20)
    thread.join(20)
    watchdog.forget(turns[0])
    watchdog.look(100 * S)


def test_it_looks_by_itself_once_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kilobar.users.watchdog.PERIOD_S", 0.001)
    looked = threading.Event()

    class Looked:
        thread_id = 0

        def is_stuck(self, now_ns: int) -> bool:
            looked.set()
            return False

    watchdog = Watchdog()
    watchdog.watch(Looked())
    watchdog.start()
    assert looked.wait(20)
    watchdog.stop()
