import threading
from time import monotonic_ns
from typing import Any

import pytest

from kilobar import Press, StopRun, StopUser
from kilobar.users.actor import GivenUp
from kilobar.users.classes import PressRole
from kilobar.users.threads import PAUSE_NS, STACK_BYTES, ThreadHost, live
from kilobar.users.watchdog import TurnUnderWay, Watchdog

from .ordering_engine import START, STOP, End, FakeEngine

S = 1_000_000_000


class Query(Press):
    seen: list[Any]

    def vocab(self) -> list[str]:
        return ["a", "b"]

    def on_start(self) -> None:
        self.seen = ["start"]

    def press(self, row: str) -> None:
        self.seen.append(row)

    def on_stop(self) -> None:
        self.data["seen"] = self.seen


def one_turn(engine: FakeEngine, error: BaseException) -> list[End]:
    class Raises(Press):
        def press(self, row: Any) -> None:
            raise error

    engine.mail_turn(7, 1)
    engine.mail(7, ("gone", 7))
    live(7, PressRole(Raises), TurnUnderWay(60 * S))
    return engine.ends


def test_a_user_takes_its_turns_until_it_is_let_go(engine: FakeEngine) -> None:
    engine.mail_turn(7, 1, START)
    engine.mail_turn(7, 2, row=0)
    engine.mail(7, ("response", 99, 200, b"", b"", 0, None, None, ""))
    engine.mail_turn(7, 3, row=1)
    engine.mail_turn(7, 4, STOP)
    engine.mail(7, ("gone", 7))
    live(7, PressRole(Query), TurnUnderWay(60 * S))
    assert [(end.turn, end.outcome, end.name) for end in engine.ends] == [
        (1, 0, "Query.on_start"), (2, 0, "Query"), (3, 0, "Query"), (4, 0, "Query.on_stop")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ValueError("no"), 1, "ValueError: no (tests/"),
        (SystemExit("bye"), 1, "sys.exit('bye') was called (tests/"),
        (KeyboardInterrupt(), 1, "KeyboardInterrupt (tests/"),
        (StopUser(), 2, ""),
        (StopRun("enough"), 3, "enough"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_press_raises_decides_how_its_turn_ends(
    engine: FakeEngine, error: BaseException, code: int, words: str
) -> None:
    (end,) = one_turn(engine, error)
    assert end.outcome == code
    assert (end.message or "").startswith(words)


def test_a_user_that_was_given_up_ends_without_a_word(engine: FakeEngine) -> None:
    with pytest.raises(GivenUp):
        one_turn(engine, GivenUp())
    assert engine.ends == []


def test_an_endless_loop_is_ended_once_its_turn_is_over_its_limit(engine: FakeEngine) -> None:
    begun, ended = threading.Event(), threading.Event()

    class Endless(Press):
        def press(self, row: Any) -> None:
            begun.set()
            try:
                while True:
                    pass
            finally:
                ended.set()

    watchdog = Watchdog()
    host = ThreadHost([PressRole(Endless)], [60 * S], watchdog)
    engine.mail_turn(7, 1)
    host.hire(7, 7, 0)
    assert begun.wait(20)
    watchdog.look(monotonic_ns() + 61 * S)
    assert not ended.is_set()
    watchdog.look(monotonic_ns() + 63 * S)
    assert ended.wait(20)
    host.close()
    assert engine.ends == []


def test_every_user_that_is_hired_gets_a_thread_of_its_own(engine: FakeEngine) -> None:
    both = threading.Barrier(2)

    class Meet(Press):
        def press(self, row: Any) -> None:
            both.wait(20)

    done = threading.Semaphore(0)
    engine.on_end = lambda end: done.release()
    host = ThreadHost([PressRole(Meet)], [60 * S], Watchdog())
    for user in (1, 2):
        engine.mail_turn(user, user)
        engine.mail(user, ("gone", user))
        host.hire(user, user, 0)
    assert done.acquire(timeout=20)
    assert done.acquire(timeout=20)
    host.close()
    assert sorted(end.outcome for end in engine.ends) == [0, 0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("can't start new thread"), "can't start new thread; this worker has 0"),
        (ZeroDivisionError("patched"), "ZeroDivisionError: patched (tests/"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_user_without_a_thread_has_its_turns_failed_until_there_is_one(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    host = ThreadHost([PressRole(Query)], [60 * S], Watchdog())
    start = threading.Thread.start
    failures = iter([True, False])

    def refuse_once(thread: threading.Thread) -> None:
        if next(failures):
            raise error
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_once)
    done = threading.Event()

    def on_end(end: End) -> None:
        if end.turn == 1:
            engine.mail_turn(7, 2, START)
        else:
            engine.mail(7, ("gone", 7))
            done.set()

    engine.on_end = on_end
    engine.mail_turn(7, 1)
    host.hire(7, 7, 0)
    assert done.wait(20)
    host.close()
    first, second = engine.ends
    assert first.outcome == 1
    assert (first.message or "").startswith(f"no thread for this user: {words}")
    assert first.name == "Query"
    assert first.pause_ns == PAUSE_NS
    assert second.outcome == 0


def test_threads_are_limited_and_the_limit_is_told(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kilobar.users.threads.MAX_THREADS", 0)
    failed = threading.Event()

    def on_end(end: End) -> None:
        engine.mail(7, ("gone", 7))
        failed.set()

    engine.on_end = on_end
    engine.mail_turn(7, 1)
    host = ThreadHost([PressRole(Query)], [60 * S], Watchdog())
    host.hire(7, 7, 0)
    assert failed.wait(20)
    host.close()
    assert engine.ends[0].message == "no thread for this user: this worker has 0 already, which is its limit"


def test_endless_recursion_fails_a_turn_and_not_the_process(engine: FakeEngine) -> None:
    class Deep(Press):
        def press(self, row: Any) -> None:
            def again(_: int) -> list[int]:
                return sorted([1], key=again)

            again(0)

    ended = threading.Event()
    engine.on_end = lambda end: ended.set()
    host = ThreadHost([PressRole(Deep)], [60 * S], Watchdog())
    assert threading.stack_size() == STACK_BYTES
    engine.mail_turn(7, 1)
    engine.mail(7, ("gone", 7))
    host.hire(7, 7, 0)
    assert ended.wait(20)
    host.close()
    assert (engine.ends[0].message or "").startswith("RecursionError: ")
