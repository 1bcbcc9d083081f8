import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from kilobar.users import pytest_shared
from kilobar.users.pytest_shared import SharedFixtures


@dataclass(eq=False)
class Definition:
    """What a session's own definition of a fixture has."""

    argname: str
    func: Callable[..., Any]
    argnames: tuple[str, ...] = ()
    scope: str = "session"
    _finalizers: list[Callable[[], object]] = field(default_factory=list)


def shared(fixtures: SharedFixtures, *definitions: Definition) -> list[Callable[..., Any]]:
    fixtures.share({definition.argname: [definition] for definition in definitions})
    return [definition.func for definition in definitions]


def test_a_value_is_made_once_for_all_sessions_and_torn_down_once() -> None:
    log = []

    def base() -> Iterator[object]:
        log.append("up")
        yield log
        log.append("down")

    fixtures = SharedFixtures()
    functions = [shared(fixtures, Definition("base", base))[0] for _ in range(4)]
    values: list[object] = []
    threads = [threading.Thread(target=lambda f=function: values.append(f())) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(value is log for value in values)
    assert len(values) == 4
    assert log == ["up"]
    assert fixtures.close() == []
    assert log == ["up", "down"]


def test_what_was_made_last_is_torn_down_first_and_all_errors_are_told() -> None:
    log = []

    def outer() -> Iterator[int]:
        yield 1
        log.append("outer")
        raise OSError("outer")

    def inner(outer: int) -> Iterator[int]:
        yield outer + 1
        log.append("inner")
        raise ValueError("inner")

    fixtures = SharedFixtures()
    of_outer, of_inner = shared(fixtures, Definition("outer", outer), Definition("inner", inner, ("outer",)))
    assert of_inner(outer=of_outer()) == 2
    assert [str(error) for error in fixtures.close()] == ["inner", "outer"]
    assert log == ["inner", "outer"]


def test_a_fixture_that_failed_stays_failed() -> None:
    calls = []

    def broken() -> None:
        calls.append(1)
        raise OSError("refused")

    (function,) = shared(SharedFixtures(), Definition("broken", broken))
    for _ in range(3):
        with pytest.raises(OSError, match="refused"):
            function()
    assert calls == [1]


def test_other_arguments_make_another_value() -> None:
    def double(number: list[int]) -> list[int]:
        return number * 2

    (function,) = shared(SharedFixtures(), Definition("double", double, ("number",)))
    one, two = [1], [1]
    assert function(number=one) is function(number=one)
    assert function(number=one) is not function(number=two)


def test_finalizers_that_it_asked_for_wait_for_the_end_of_all() -> None:
    log = []
    definition = Definition("base", lambda: definition._finalizers.append(lambda: log.append("done")))
    fixtures = SharedFixtures()
    (function,) = shared(fixtures, definition)
    function()
    assert definition._finalizers == []
    fixtures.close()
    assert log == ["done"]


def test_what_belongs_to_an_event_loop_and_what_uses_it_is_not_shared() -> None:
    async def client() -> None: ...

    def user(client: object) -> object:
        return object()

    def other() -> object:
        return object()

    of_client, of_user, of_other = shared(
        SharedFixtures(),
        Definition("client", client),
        Definition("user", user, ("client",)),
        Definition("other", other),
    )
    assert of_client is client
    assert of_user is user
    assert of_other is not other


def test_only_session_scoped_fixtures_are_shared() -> None:
    definition = Definition("module", object, scope="module")
    shared(SharedFixtures(), definition)
    assert definition.func is object


def test_values_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest_shared, "MAX_VALUES", 2)
    (function,) = shared(SharedFixtures(), Definition("double", lambda number: number, ("number",)))
    numbers = [[0], [1], [2]]
    function(number=numbers[0])
    function(number=numbers[1])
    with pytest.raises(RuntimeError, match="2 different arguments"):
        function(number=numbers[2])
