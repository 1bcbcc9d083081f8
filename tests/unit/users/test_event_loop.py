import asyncio
import contextvars
import threading
from collections.abc import Callable
from time import monotonic_ns
from typing import Any

import pytest

from kilobar import Press, StopRun, StopUser, User, task
from kilobar.users.actor import StepFailed
from kilobar.users.classes import PressRole, UserRole
from kilobar.users.event_loop import PENDING, EventLoopHost
from kilobar.users.person import Person
from kilobar.users.watchdog import Watchdog

from .ordering_engine import PRESS, START, STOP, End, FakeEngine, a_moment

S = 1_000_000_000


class NoResponses:
    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.orders: list[Any] = []

    def arrived(self, order: Any) -> None:
        self.orders.append(order)


def role(cls: type[Person]) -> Any:
    return PressRole(cls) if issubclass(cls, Press) else UserRole(cls)  # type: ignore[arg-type]


def run(engine: FakeEngine, *classes: type[Person], turns: int) -> list[End]:
    """Runs a host until so many turns have ended; what they ended with."""

    def after(end: End) -> None:
        if len(engine.ends) == turns:
            engine.order(("close",))

    previous = engine.on_end

    def on_end(end: End) -> None:
        previous(end)
        after(end)

    engine.on_end = on_end
    EventLoopHost(
        [role(cls) for cls in classes], NoResponses, lambda order: None, limit_ns=60 * S, watchdog=Watchdog()
    ).run()
    return engine.ends


def outcome(engine: FakeEngine, press: Callable[[Any], Any]) -> End:
    """How one press with this body ends."""

    class Query(Press):
        async def press(self, row: Any) -> None:
            await press(self)

    engine.turn(1, 1)
    (end,) = run(engine, Query, turns=1)
    return end


def test_a_user_starts_presses_and_stops_in_one_task(engine: FakeEngine) -> None:
    seen: list[Any] = []

    class Query(Press):
        def vocab(self) -> list[str]:
            return ["a", "b"]

        async def on_start(self) -> None:
            seen.append(("start", asyncio.current_task()))

        async def press(self, row: str) -> None:
            await a_moment()
            seen.append((row, asyncio.current_task()))

        async def on_stop(self) -> None:
            seen.append(("stop", asyncio.current_task()))

    turns = iter([(2, PRESS, 0), (3, PRESS, 1), (4, STOP, 0)])

    def next_turn(end: End) -> None:
        if (turn := next(turns, None)) is not None:
            engine.turn(1, *turn)

    engine.on_end = next_turn
    engine.turn(1, 1, START)
    ends = run(engine, Query, turns=4)
    assert [what for what, _ in seen] == ["start", "a", "b", "stop"]
    assert len({id(of) for _, of in seen}) == 1
    assert [(end.turn, end.outcome, end.name) for end in ends] == [
        (1, 0, "Query.on_start"), (2, 0, "Query"), (3, 0, "Query"), (4, 0, "Query.on_stop")
    ]  # fmt: skip
    assert all(end.began_ns <= end.ended_ns for end in ends)


def test_users_of_one_batch_run_at_the_same_time(engine: FakeEngine) -> None:
    class Meet(Press):
        async def press(self, row: Any) -> None:
            arrived.append(1)
            if len(arrived) == 3:
                everybody.set()
            await everybody.wait()

    arrived: list[int] = []
    everybody = asyncio.Event()
    for user in range(3):
        engine.turn(user, user)
    assert [end.outcome for end in run(engine, Meet, turns=3)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ValueError("no"), 1, "ValueError: no (tests/"),
        (SystemExit(3), 1, "sys.exit(3) was called (tests/"),
        (KeyboardInterrupt(), 1, "KeyboardInterrupt (tests/"),
        (asyncio.CancelledError(), 1, "CancelledError (tests/"),
        (GeneratorExit(), 1, "GeneratorExit (tests/"),
        (StepFailed("status", "status 500"), 1, "status 500"),
        (StopUser(), 2, None),
        (StopRun("enough"), 3, "enough"),
        (ExceptionGroup("two", [StopUser(), ValueError("no")]), 1, "ValueError: no"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_press_raises_decides_how_its_turn_ends(
    engine: FakeEngine, error: BaseException, code: int, words: str | None
) -> None:
    async def press(self: Any) -> None:
        raise error

    end = outcome(engine, press)
    assert end.outcome == code
    assert (end.message or "").startswith(words or "")
    assert (end.message is None) == (words is None)


def test_what_asyncio_knows_of_tasks_works_in_a_press(engine: FakeEngine) -> None:
    async def press(self: Any) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        async with asyncio.TaskGroup() as group:
            first = group.create_task(a_moment())
        assert first.done()
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 2), 10) == 2
        assert asyncio.current_task() is not None

    assert outcome(engine, press).message is None


def test_a_press_that_cancels_its_own_task_fails_alone_and_its_user_goes_on(engine: FakeEngine) -> None:
    class Query(Press):
        def vocab(self) -> list[int]:
            return [0, 1, 2, 3]

        async def press(self, row: int) -> None:
            this = asyncio.current_task()
            assert this is not None
            if row in (0, 1):
                this.cancel()
            if row in (0, 3):
                async with asyncio.timeout(60):
                    await a_moment()

    def next_turn(end: End) -> None:
        if end.turn < 3:
            engine.turn(1, end.turn + 1, row=end.turn + 1)

    engine.on_end = next_turn
    engine.turn(1, 0)
    ends = run(engine, Query, turns=4)
    assert [end.outcome for end in ends] == [1, 0, 0, 0]
    assert (ends[0].message or "").startswith("CancelledError")


def test_a_task_of_user_code_that_exits_does_not_end_the_loop(engine: FakeEngine) -> None:
    async def leave() -> None:
        raise SystemExit(1)

    async def press(self: Any) -> None:
        await asyncio.gather(leave())

    assert (outcome(engine, press).message or "").startswith("sys.exit(1) was called")


def test_a_user_that_is_given_up_is_cancelled_and_another_takes_its_number(engine: FakeEngine) -> None:
    cancelled: list[bool] = []
    instances: list[Any] = []

    class Stuck(Press):
        def vocab(self) -> list[str]:
            return ["stay", "go"]

        async def press(self, row: str) -> None:
            instances.append(self)
            if row == "go":
                return
            engine.order(("gone", 1), ("turn", 1, 2, 0, PRESS, 1, 0))
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(True)
                raise

    engine.turn(1, 1)
    ends = run(engine, Stuck, turns=1)
    assert [end.turn for end in ends] == [2]
    assert cancelled == [True]
    assert instances[0] is not instances[1]


def test_a_user_whose_init_raises_fails_its_turn_and_is_tried_again(engine: FakeEngine) -> None:
    class Query(Press):
        made = 0

        def __init__(self) -> None:
            Query.made += 1
            if Query.made == 1:
                raise OSError("no server")

        async def press(self, row: Any) -> None:
            return None

    built = PressRole(Query, is_to_press=False)
    engine.on_end = lambda end: engine.turn(1, 2) if end.turn == 1 else engine.order(("close",))
    engine.turn(1, 1)
    EventLoopHost([built], NoResponses, lambda order: None, limit_ns=60 * S, watchdog=Watchdog()).run()
    assert [(end.outcome, end.name) for end in engine.ends] == [(1, "Query"), (0, "Query")]
    assert (engine.ends[0].message or "").startswith("OSError: no server")


def test_context_variables_last_as_long_as_their_user(engine: FakeEngine) -> None:
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")
    seen: list[str] = []

    class Query(User):
        async def on_start(self) -> None:
            who.set("me")

        @task
        async def look(self) -> None:
            seen.append(who.get())

    engine.on_end = lambda end: engine.turn(1, 2) if end.turn == 1 else None
    engine.turn(1, 1, START)
    run(engine, Query, turns=2)
    assert seen == ["me"]
    assert who.get() == "nobody"


def test_responses_and_other_orders_go_to_those_who_wait_for_them(engine: FakeEngine) -> None:
    others: list[Any] = []
    pending = NoResponses()
    of_a_user: list[Any] = []

    class Query(Press):
        async def press(self, row: Any) -> None:
            of_a_user.append(PENDING.get())

    engine.order(("response", 1), ("hire", 5, 5, 0))
    engine.on_end = lambda end: engine.order(("close",))
    engine.turn(1, 1)
    EventLoopHost([role(Query)], lambda loop: pending, others.append, limit_ns=60 * S, watchdog=Watchdog()).run()
    assert pending.orders == [("response", 1)]
    assert others == [("hire", 5, 5, 0)]
    assert of_a_user == [pending]


def test_close_ends_the_users_that_wait(engine: FakeEngine) -> None:
    ended: list[str] = []

    class Query(Press):
        async def press(self, row: Any) -> None:
            engine.order(("close",))
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("press")

    engine.turn(1, 1)
    EventLoopHost([role(Query)], NoResponses, lambda order: None, limit_ns=60 * S, watchdog=Watchdog()).run()
    assert ended == ["press"]
    assert engine.ends == []


def test_a_press_that_never_lets_go_of_the_loop_is_ended_and_the_others_go_on(engine: FakeEngine) -> None:
    class Endless(Press):
        def vocab(self) -> list[bool]:
            return [True, False]

        async def press(self, row: bool) -> None:
            if row:
                engine.turn(2, 2, row=1)
                engine.order(("gone", 1))
                begun.set()
            while row:
                pass

    begun = threading.Event()
    watchdog = Watchdog()

    def look() -> None:
        begun.wait(20)
        watchdog.look(monotonic_ns())
        watchdog.look(monotonic_ns() + 63 * S)

    threading.Thread(target=look, daemon=True).start()
    engine.on_end = lambda end: engine.order(("close",)) if end.turn == 2 else None
    engine.turn(1, 1)
    EventLoopHost([role(Endless)], NoResponses, lambda order: None, limit_ns=60 * S, watchdog=watchdog).run()
    assert [end.turn for end in engine.ends] == [1, 2]
    assert [end.outcome for end in engine.ends] == [1, 0]
