from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users.actor import GivenUp, Present, StepFailed
from kilobar.users.http import AsyncHttp, SyncHttp
from kilobar.users.pending import Pending
from kilobar.users.response import Response

from .fake_engine import Asked, FakeEngine, present_turn, response_order

METHODS = ["get", "post", "put", "patch", "delete", "head", "options"]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    return FakeEngine(monkeypatch)


async def one_round() -> None:
    """Lets the loop run everything that is ready."""
    ready = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(ready.set_result, None)
    await ready


def run_async(engine: FakeEngine, body: Callable[[AsyncHttp], Awaitable[Any]], present: Present | None = None) -> Any:
    """Runs it with a host that brings the answers after each round of the loop."""

    async def main() -> Any:
        pending = Pending()
        task = asyncio.ensure_future(body(AsyncHttp(present or present_turn(), pending)))
        while not task.done():
            await one_round()
            engine.most_waiting = max(engine.most_waiting, len(pending))
            while engine.orders:
                pending.arrived(engine.orders.popleft())
        assert len(pending) == 0
        return await task

    return asyncio.run(main())


def test_a_bare_get_is_a_request_with_nothing_but_defaults(engine: FakeEngine) -> None:
    response = SyncHttp(present_turn()).get("/items?page=2")
    expected = Asked(3, "GET /items", 500, "GET", "/items?page=2", [], None, 30_000_000_000, 0, None)
    assert engine.asked == [expected]
    assert (response.status, response.json(), response.took_s) == (200, {"ok": True}, 0.005)


def test_a_coroutine_asks_the_same_as_a_plain_user(engine: FakeEngine) -> None:
    options: dict[str, Any] = {
        "name": "find", "params": {"q": "a b"}, "headers": {"x-a": "1"}, "json": [1], "auth": ("u", "p"),
        "timeout": "2s", "redirects": True, "status": "2xx",
    }  # fmt: skip
    SyncHttp(present_turn()).post("/search", **options)
    run_async(engine, lambda http: http.post("/search", **options))
    assert engine.asked[0] == engine.asked[1]
    asked = engine.asked[0]
    assert (asked.name, asked.url, asked.body) == ("find", "/search?q=a+b", b"[1]")
    assert (asked.timeout_ns, asked.redirects, asked.statuses) == (2_000_000_000, 10, [(200, 299)])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_function_in_both_clients(engine: FakeEngine, method: str) -> None:
    getattr(SyncHttp(present_turn()), method)("/")
    run_async(engine, lambda http: getattr(http, method)("/"))
    assert [asked.method for asked in engine.asked] == [method.upper()] * 2
    assert engine.asked[0].name == f"{method.upper()} /"


def test_any_method_can_be_asked_for(engine: FakeEngine) -> None:
    SyncHttp(present_turn()).request("PURGE", "/cache")
    run_async(engine, lambda http: http.request("PURGE", "/cache"))
    assert [asked.name for asked in engine.asked] == ["PURGE /cache"] * 2


def test_only_the_first_step_of_a_turn_was_meant_to_start_when_the_turn_was(engine: FakeEngine) -> None:
    http = SyncHttp(present_turn())
    http.get("/")
    http.get("/", status=200)
    assert [asked.intended_ns for asked in engine.asked] == [500, 0]


def test_the_turn_knows_that_it_has_counted(engine: FakeEngine) -> None:
    present = present_turn()
    SyncHttp(present).get("/")
    assert present.turn is not None
    assert present.turn.has_counted


def test_a_request_that_makes_no_sense_has_counted_nothing(engine: FakeEngine) -> None:
    present = present_turn()
    with pytest.raises(InputError, match="is no address"):
        SyncHttp(present).get("items")
    assert present.turn is not None
    assert not present.turn.has_counted
    assert engine.asked == []


def test_without_a_turn_there_is_nothing_to_ask_in(engine: FakeEngine) -> None:
    with pytest.raises(InputError, match="has no turn") as plain:
        SyncHttp(Present()).get("/")
    with pytest.raises(InputError, match="has no turn"):
        run_async(engine, lambda http: http.get("/"), Present())
    assert "__init__" in str(plain.value.hint)
    assert engine.asked == []


def test_headers_of_the_user_go_with_every_request_and_may_change(engine: FakeEngine) -> None:
    http = SyncHttp(present_turn())
    http.headers["Authorization"] = "Bearer 1"
    http.get("/")
    http.get("/", headers={"authorization": "Bearer own"})
    http.headers["Authorization"] = "Bearer 2"
    http.get("/")
    http.headers.clear()
    http.get("/")
    assert [asked.headers for asked in engine.asked] == [
        [("Authorization", "Bearer 1")], [("authorization", "Bearer own")], [("Authorization", "Bearer 2")], [],
    ]  # fmt: skip


def test_a_failed_step_raises_its_class_and_its_words(engine: FakeEngine) -> None:
    engine.answer = {"status": 0, "error": "refused", "message": "nothing listens", "head": b"", "body": None}
    with pytest.raises(StepFailed, match="GET /x: nothing listens") as plain:
        SyncHttp(present_turn()).get("/x")
    with pytest.raises(StepFailed, match="GET /x: nothing listens") as async_:
        run_async(engine, lambda http: http.get("/x"))
    assert (plain.value.error, async_.value.error) == ("refused", "refused")
    assert engine.failed == []


def test_a_failed_step_is_returned_when_it_shall_not_raise(engine: FakeEngine) -> None:
    engine.answer = {"status": 500, "error": "status", "message": "status 500"}
    plain = SyncHttp(present_turn()).get("/", raises=False)
    async_ = run_async(engine, lambda http: http.get("/", raises=False))
    for response in (plain, async_):
        assert (response.status, response.error, response.ok) == (500, "status", False)


def test_a_plain_user_passes_over_answers_that_nobody_waits_for_any_more(engine: FakeEngine) -> None:
    engine.extra.append(response_order(55, body=b"late"))
    assert SyncHttp(present_turn()).get("/").json() == {"ok": True}


def test_a_plain_user_that_is_given_up_unwinds_whatever_it_catches(engine: FakeEngine) -> None:
    http = SyncHttp(present_turn())
    engine.extra.append(("gone", 7))

    def stubborn() -> None:
        try:
            http.get("/")
        except Exception:  # pragma: no cover  # user code that goes on whatever happens
            return
        finally:
            with pytest.raises(GivenUp):
                http.get("/again")

    with pytest.raises(GivenUp):
        stubborn()
    assert len(engine.asked) == 1


def test_threads_of_one_user_do_not_take_each_others_answers(engine: FakeEngine) -> None:
    http = SyncHttp(present_turn())
    got: list[Response] = []
    threads = [threading.Thread(target=lambda: got.append(http.get("/"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8


def test_a_check_may_stand_before_or_after_the_wait(engine: FakeEngine) -> None:
    async def press(http: AsyncHttp) -> None:
        before = await http.get("/").check(status=200).check(json={"$.ok": True})
        after = (await http.get("/")).check(status=200)
        assert before.status == after.status == 200
        with pytest.raises(StepFailed, match="does not contain 'x'"):
            await http.get("/").check(contains="x")

    run_async(engine, press)
    assert engine.failed == [(1, "GET /", "http", "check", "the body does not contain 'x'")]


def test_several_requests_of_a_turn_are_on_their_way_at_once(engine: FakeEngine) -> None:
    async def press(http: AsyncHttp) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(http.get(f"/{number}").check(status=200)) for number in range(3)]
        assert [task.result().url for task in tasks] == [f"http://target/{number}" for number in range(3)]
        gathered = await asyncio.gather(http.get("/a"), http.get("/b"))
        assert [response.url for response in gathered] == ["http://target/a", "http://target/b"]
        timed = await asyncio.wait_for(http.get("/c"), 60)
        assert timed.url == "http://target/c"

    run_async(engine, press)
    assert engine.most_waiting == 3


def test_a_cancelled_request_leaves_nothing_behind(engine: FakeEngine) -> None:
    async def main() -> None:
        pending = Pending()
        task = asyncio.ensure_future(AsyncHttp(present_turn(), pending).get("/"))
        await one_round()
        assert len(pending) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(pending) == 0
        assert engine.forgotten == [(3, 101)]
        pending.arrived(engine.orders.popleft())

    asyncio.run(main())


def test_a_request_that_nobody_awaits_is_not_sent_and_python_says_so(engine: FakeEngine) -> None:
    async def main() -> None:
        AsyncHttp(present_turn(), Pending()).get("/")
        gc.collect()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(main())
    assert any("never awaited" in str(warning.message) for warning in caught)
    assert engine.asked == []


def test_requests_work_under_uvloop(engine: FakeEngine) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> int:
        pending = Pending()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(AsyncHttp(present_turn(), pending).get("/").check(status=200))
            await one_round()
            pending.arrived(engine.orders.popleft())
        return task.result().status

    assert uvloop.run(main()) == 200
