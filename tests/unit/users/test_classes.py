import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from kilobar import Press, User, between, tag, task
from kilobar.errors import InputError
from kilobar.users.actor import Turn
from kilobar.users.classes import PressRole, UserRole, cast, check, classes_of
from kilobar.users.failure import Told
from kilobar.users.person import Person

from .ordering_engine import a_turn


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    before = Person.options
    yield
    Person.options = before


def module(*classes: type, imported: tuple[type, ...] = ()) -> ModuleType:
    made = ModuleType(__name__)
    made.__file__ = "load.py"
    for cls in imported + classes:
        setattr(made, cls.__name__, cls)
    return made


def code(*names: str, **more: Any) -> dict[str, Any]:
    return {"source": {"kind": "classes", "options": more}, "classes": [{"name": name} for name in names]}


class Query(Press):
    def vocab(self) -> list[str]:
        return ["a", "b"]

    def press(self, row: str) -> None:
        self.data["row"] = row


class Shop(User):
    @task(3)
    def look(self) -> None: ...

    @task
    @tag("slow")
    def buy(self) -> None: ...


def test_roles_are_in_the_order_of_the_plan_whatever_the_order_of_the_module() -> None:
    found = cast(code("Shop", "Query"), module(Query, Shop))
    assert [(role.name, role.way) for role in found.roles] == [("Shop", "threads"), ("Query", "threads")]
    found.close()


def test_a_class_that_is_not_in_the_module_is_told_with_those_that_are() -> None:
    with pytest.raises(InputError) as raised:
        cast(code("Missing"), module(Query))
    assert raised.value.message == "there is no class `Missing` in load.py"
    assert "Query" in (raised.value.hint or "")


def test_a_class_is_found_by_the_name_it_gives_itself() -> None:
    class Renamed(Query):
        name = "search"

    assert [role.name for role in cast(code("search"), module(Renamed)).roles] == ["search"]


def test_tags_choose_the_tasks_and_settings_reach_the_users() -> None:
    (role,) = cast(code("Shop", tags=["slow"], colour="red"), module(Shop)).roles
    turn = a_turn()
    role.actor(7).press(turn)
    assert turn.name == "Shop.buy"
    assert Shop().options == {"colour": "red"}


def test_the_classes_of_a_module_are_those_written_there_without_unfinished_bases() -> None:
    class Base(Press):
        host = "x"

    class First(Base):
        def press(self, row: Any) -> None: ...

    class Second(First):
        pass

    class Unfinished(Press):
        pass

    elsewhere = type("Elsewhere", (Query,), {"__module__": "elsewhere"})
    assert classes_of(module(Base, First, Second, Unfinished, imported=(elsewhere,))) == [First, Second, Unfinished]


def test_a_module_that_only_imports_classes_presses_them() -> None:
    elsewhere = type("Elsewhere", (Query,), {"__module__": "elsewhere"})
    assert classes_of(module(imported=(elsewhere,))) == [elsewhere]


def test_every_press_gets_its_row_and_is_named_after_its_class() -> None:
    actor = PressRole(Query).actor(7)
    for row in (0, 3):
        turn = a_turn(row=row)
        actor.press(turn)
        assert turn.name == "Query"
        assert actor._instance.data == {"row": "ab"[row % 2]}  # type: ignore[attr-defined]


def test_a_press_without_a_vocab_gets_none() -> None:
    class Ping(Press):
        def press(self, row: Any) -> None:
            assert row is None

    PressRole(Ping).actor(7).press(a_turn(row=12))


def test_a_class_whose_init_forgets_ours_has_its_data_and_can_measure() -> None:
    class Own(Press):
        def __init__(self) -> None:
            self.client = object()

        def press(self, row: Any) -> None:
            assert self.data == {}
            assert self.measure("x")

    PressRole(Own).actor(7).press(a_turn())


def test_a_user_may_measure_only_within_its_turns() -> None:
    class Peek(Press):
        def press(self, row: Any) -> None:
            assert self._present.turn is turn

    actor = PressRole(Peek).actor(7)
    turn = a_turn()
    actor.press(turn)
    assert actor._present.turn is None  # type: ignore[attr-defined]


def names(role: UserRole, user: int, count: int) -> list[str]:
    actor = role.actor(user)
    turns = [a_turn() for _ in range(count)]
    for turn in turns:
        actor.press(turn)
    return [turn.name for turn in turns]


def test_tasks_are_chosen_by_weight_and_the_choice_repeats() -> None:
    chosen = names(UserRole(Shop, seed=5), 7, 2_000)
    assert chosen == names(UserRole(Shop, seed=5), 7, 2_000)
    assert chosen != names(UserRole(Shop, seed=6), 7, 2_000)
    assert chosen != names(UserRole(Shop, seed=5), 8, 2_000)
    assert 0.70 < chosen.count("Shop.look") / 2_000 < 0.80


def test_a_user_waits_after_a_task_also_after_one_that_failed() -> None:
    class Waits(User):
        wait = between(1, 3)

        @task
        def look(self) -> None:
            raise ValueError

    turn = a_turn()
    actor = UserRole(Waits).actor(7)
    with pytest.raises(ValueError):  # noqa: PT011
        actor.press(turn)
    assert 1_000_000_000 <= turn.pause_ns < 3_000_000_000


def test_wait_may_be_a_method_of_the_user() -> None:
    class Waits(User):
        def wait(self) -> float:
            return float(self.data["pause"])

        def on_start(self) -> None:
            self.data["pause"] = 0.25

        @task
        def look(self) -> None: ...

    actor = UserRole(Waits).actor(7)
    turn = a_turn()
    actor.start(a_turn())
    actor.press(turn)
    assert turn.pause_ns == 250_000_000


def test_one_coroutine_makes_a_class_async_and_its_plain_methods_are_called_too() -> None:
    seen: list[str] = []

    class Mixed(User):
        def on_start(self) -> None:
            seen.append("start")

        @task
        def plain(self) -> None:
            seen.append("plain")

        async def on_stop(self) -> None:
            seen.append("stop")

    role = UserRole(Mixed)
    assert role.way == "async"

    async def main(turn: Turn) -> None:
        actor = role.actor(7)
        for act in (actor.start, actor.press, actor.stop):
            doing = act(turn)
            assert doing is not None
            await doing

    asyncio.run(main(a_turn()))
    assert seen == ["start", "plain", "stop"]


def test_a_plain_press_that_returns_a_coroutine_is_told_what_to_write() -> None:
    async def later() -> None: ...

    class Forgot(Press):
        def press(self, row: Any) -> Any:
            return later()

    with pytest.raises(Told, match="Forgot returned a coroutine, which nobody awaits: write `async def`"):
        PressRole(Forgot).actor(7).press(a_turn())


class NoPress(Press):
    pass


class NoRow(Press):
    def press(self) -> None:  # type: ignore[override]
        ...


class Article(Press):
    def __init__(self, qps: int, concurrent: int) -> None: ...

    def press(self, row: Any) -> None: ...


class Yields(Press):
    def press(self, row: Any) -> Any:
        yield row


class AsyncYields(Press):
    async def press(self, row: Any) -> Any:
        yield row


class AsyncVocab(Press):
    async def vocab(self) -> Any: ...  # type: ignore[override]

    def press(self, row: Any) -> None: ...


class BadRows(Press):
    rows = "twice"  # type: ignore[assignment]

    def press(self, row: Any) -> None: ...


class Abstract(Press, ABC):
    def press(self, row: Any) -> None: ...

    @abstractmethod
    def on_start(self) -> None: ...


class NoTasks(User):
    def press(self, row: Any) -> None: ...


class StartIsNoMethod(Press):
    on_start = 5

    def press(self, row: Any) -> None: ...


class BadWait(User):
    wait = "soon"

    @task
    def look(self) -> None: ...


@pytest.mark.parametrize(
    ("cls", "words", "hint"),
    [
        (NoPress, "has no press()", "add `def press(self, row): ...`"),
        (NoRow, "press() of NoRow", "write `def press(self, row)`"),
        (Article, "cannot be made: __init__() missing a required argument: 'qps'", "users are made without arguments"),
        (Yields, "has a `yield`, so calling it does nothing", "take the `yield` out"),
        (AsyncYields, "has a `yield`, so calling it does nothing", "take the `yield` out"),
        (AsyncVocab, "vocab() of AsyncVocab", "write `def vocab(self)`"),
        (BadRows, "rows of BadRows", '"cycle" or "once"'),
        (Abstract, "is abstract: it has no on_start", None),
        (NoTasks, "has no tasks", "inherits from Press"),
        (StartIsNoMethod, "is 5, which is no method", None),
        (BadWait, "`soon` is not a duration", "between(1, 3)"),
        (Person, "is neither a Press nor a User", None),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_class_that_cannot_be_pressed_is_refused_with_its_place(
    cls: type[Person], words: str, hint: str | None
) -> None:
    with pytest.raises(InputError) as raised:
        check(cls)
    assert words in raised.value.message
    assert ".py:" in raised.value.message
    assert (hint or "") in (raised.value.hint or "")


def test_static_and_class_methods_can_be_pressed() -> None:
    class Static(Press):
        @staticmethod
        def press(row: Any) -> None: ...

        @classmethod
        def on_start(cls) -> None: ...

    check(Static)
