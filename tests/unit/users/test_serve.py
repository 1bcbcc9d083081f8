import signal
import threading
from typing import Any, Literal

import pytest

from kilobar import Press
from kilobar.errors import InputError
from kilobar.users.actor import Role
from kilobar.users.classes import PressRole
from kilobar.users.serve import serve

from .ordering_engine import FakeEngine


class FakeCast:
    def __init__(self, *roles: Role, problem: Exception | None = None) -> None:
        self.roles = roles
        self.problem = problem
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True
        if self.problem:
            raise self.problem


class Plain(Press):
    def press(self, row: Any) -> None: ...


class Nothing(Press):
    way: Literal["threads", "async"] = "threads"

    async def press(self, row: Any) -> None: ...


def test_a_worker_without_a_run_loads_nothing(engine: FakeEngine) -> None:
    engine.code = None
    serve(lambda code: pytest.fail("nothing is to be loaded"))
    assert not engine.is_loaded
    assert not engine.has_closed.is_set()


def test_the_loader_gets_what_the_plan_says_of_the_code(engine: FakeEngine) -> None:
    engine.code = '{"worker": 1, "workers": 2, "classes": []}'
    given: list[Any] = []
    engine.order(("close",))
    cast = FakeCast()
    serve(lambda code: given.append(code) or cast)  # type: ignore[func-returns-value]
    assert given == [{"worker": 1, "workers": 2, "classes": []}]
    assert engine.is_loaded
    assert cast.is_closed
    assert engine.has_closed.is_set()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InputError("there is no class `A`", hint="it has B"), "there is no class `A`\n  hint: it has B"),
        (InputError("no"), "no"),
        (ModuleNotFoundError("No module named 'thriftpy9'", name="thriftpy9.rpc"), "hint: pip install thriftpy9"),
        (SystemExit(2), "sys.exit(2) was called"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_loading_raises_is_told_to_the_engine(engine: FakeEngine, error: BaseException, words: str) -> None:
    def load(code: Any) -> Any:
        raise error

    serve(load)
    assert engine.problem is not None
    assert words in engine.problem
    assert not engine.has_closed.is_set()


def test_plain_users_run_while_the_main_thread_waits_for_orders(engine: FakeEngine) -> None:
    engine.mail_turn(3, 1)
    engine.mail(3, ("gone", 3))
    engine.on_end = lambda end: engine.order(("close",))
    engine.order(("hire", 3, 3, 0))
    serve(lambda code: FakeCast(PressRole(Plain)))
    assert [end.name for end in engine.ends] == ["Plain"]
    assert engine.has_closed.is_set()


def test_plain_and_async_users_run_in_one_worker(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kilobar.users.serve.import_module", lambda name: FakePendingModule)
    both = threading.Semaphore(0)

    def on_end(end: Any) -> None:
        both.release()
        if len(engine.ends) == 2:
            engine.order(("close",))

    engine.on_end = on_end
    engine.mail_turn(3, 1)
    engine.mail(3, ("gone", 3))
    engine.order(("hire", 3, 3, 0), ("turn", 4, 2, 1, 1, 0, 0))
    serve(lambda code: FakeCast(PressRole(Plain), PressRole(Nothing)))
    assert sorted(end.name or "" for end in engine.ends) == ["Nothing", "Plain"]


def test_a_cast_that_cannot_close_is_logged_and_the_run_ends(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.order(("close",))
    serve(lambda code: FakeCast(problem=OSError("disk full")))
    assert engine.has_closed.is_set()
    assert "closing the users failed: OSError: disk full" in caplog.text


def test_a_host_that_fails_does_not_pretend_that_the_run_is_over(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = FakeCast()

    def fail() -> None:
        raise OSError("no descriptor")

    monkeypatch.setattr("kilobar.users.serve._host_of", lambda *_: fail)
    with pytest.raises(OSError, match="no descriptor"):
        serve(lambda code: cast)
    assert not cast.is_closed
    assert not engine.has_closed.is_set()


class FakePendingModule:
    class Pending:
        def __init__(self, loop: Any) -> None: ...

        def arrived(self, order: Any) -> None: ...


def test_user_code_that_interrupts_the_process_does_not_end_its_run(engine: FakeEngine) -> None:
    class Interrupts(Press):
        def press(self, row: Any) -> None:
            signal.raise_signal(signal.SIGINT)

    engine.mail_turn(3, 1)
    engine.mail_turn(3, 2)
    engine.mail(3, ("gone", 3))
    engine.on_end = lambda end: engine.order(("close",)) if end.turn == 2 else None
    engine.order(("hire", 3, 3, 0))
    serve(lambda code: FakeCast(PressRole(Interrupts)))
    assert len(engine.ends) == 2
