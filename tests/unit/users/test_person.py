import types
from typing import Any

import pytest

from kilobar import Press, User, task
from kilobar.users.event_loop import PENDING
from kilobar.users.person import Person, name_of, place_of, way_of


class Plain(Press):
    def press(self, row: Any) -> None: ...


class Async(Press):
    async def press(self, row: Any) -> None: ...


class AsyncStart(Plain):
    async def on_start(self) -> None: ...


class AsyncTask(User):
    @task
    def plain(self) -> None: ...

    @task
    async def coroutine(self) -> None: ...


class AsyncAside(User):
    @task
    def plain(self) -> None: ...

    async def not_called_by_turns(self) -> None: ...


@pytest.mark.parametrize(
    ("cls", "way"),
    [(Plain, "threads"), (Async, "async"), (AsyncStart, "async"), (AsyncTask, "async"), (AsyncAside, "threads")],
)
def test_any_coroutine_that_turns_call_makes_a_class_async(cls: type[Person], way: str) -> None:
    assert way_of(cls) == way


def test_instances_have_data_of_their_own() -> None:
    first, second = Plain(), Plain()
    first.data["token"] = 1
    assert second.data == {}


def test_a_class_may_give_itself_a_name() -> None:
    assert name_of(Plain) == "Plain"
    assert name_of(type("Other", (Plain,), {"name": "search"})) == "search"


def test_the_place_of_a_class_is_its_file_and_line() -> None:
    file, _, line = place_of(Plain).rpartition(":")
    assert file == __file__
    with open(__file__) as source:
        assert source.read().splitlines()[int(line) - 1] == "class Plain(Press):"
    assert place_of(int) == "module builtins"


def test_http_is_the_client_of_the_way_and_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = types.SimpleNamespace(
        SyncHttp=lambda present: ["sync", present], AsyncHttp=lambda present, pending: ["async", present, pending]
    )
    monkeypatch.setattr("kilobar.users.person.import_module", lambda name: clients)
    waits = object()
    token = PENDING.set(waits)
    plain, coroutine = Plain(), Async()
    assert plain.http == ["sync", plain._present]
    assert coroutine.http == ["async", coroutine._present, waits]
    assert plain.http is plain.http
    plain._http = 5  # type: ignore[attr-defined]  # a name that people choose
    assert plain.http == ["sync", plain._present]
    PENDING.reset(token)
