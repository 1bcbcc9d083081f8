"""A `Press` on the real engine: rows, books, requests, and what becomes of it when a run does not go as planned."""

import os
import signal
from collections import Counter

import pytest

from kilobar.target import TargetProcess

from .listener import Answer, Listener, Seen, listening
from .processes import children, is_alive, until
from .test_worker_loss import TAKEOVER_S, load_flows
from .user_code import UserCode, counts

WAYS = pytest.mark.parametrize("way", ["def", "async def"])
AWAIT = {"def": "", "async def": "await "}
OPEN = ("--rate", "150/s", "--for", "1s")
CLOSED = ("--users", "6", "--for", "1s")


def press_of_get(way: str, path: str = "/delay/5ms") -> str:
    return f"""
class Get(Press):
    {way} press(self, row):
        {AWAIT[way]}self.http.get("{path}")
"""


def press_of_rows(way: str, vocab: str, rows: str = "once") -> str:
    return f"""
class Row(Press):
    rows = "{rows}"
    def vocab(self):
        {vocab}
    {way} press(self, row):
        {AWAIT[way]}self.http.get(f"/row/{{row}}", name="row")
"""


def rows_of(server: Listener) -> list[int]:
    return [int(path.rpartition("/")[2]) for path in server.paths("/row/")]


@WAYS
@pytest.mark.parametrize("load", [OPEN, CLOSED], ids=["open", "closed"])
def test_the_books_of_a_press_are_those_of_the_target(
    target: TargetProcess, code: UserCode, way: str, load: tuple[str, ...]
) -> None:
    done = code.run(press_of_get(way), *load, "--target", target.url)
    done.must_end_with(0)
    ledger = done.ledger
    assert ledger["planned"] == ledger["ok"] == target.stats()["requests"] > 0
    assert load is CLOSED or ledger["planned"] == 150
    assert list(counts(done, "http").values()) == list(counts(done).values()) == [ledger["ok"]]
    assert done.summary["run"]["workers"] == 2


@WAYS
@pytest.mark.parametrize("vocab", ["return list(range(101))", "yield from range(101)"], ids=["list", "generator"])
def test_rows_that_are_dealt_once_reach_the_target_exactly_once(code: UserCode, way: str, vocab: str) -> None:
    with listening() as server:
        done = code.run(press_of_rows(way, vocab), "--users", "5", "--for", "50s", "--target", server.url)
    assert sorted(rows_of(server)) == list(range(101))
    assert done.ledger["planned"] == done.ledger["ok"] == 101
    assert done.summary["run"]["state"] == "finished"
    assert done.summary["run"]["duration_s"] < 50, "the load ended with the rows"


def test_an_open_load_ends_with_its_rows(code: UserCode) -> None:
    with listening() as server:
        text = press_of_rows("def", "return range(40)")
        done = code.run(text, "--rate", "100/s", "--for", "1s", "--target", server.url)
    assert sorted(rows_of(server)) == list(range(40))
    assert (done.ledger["planned"], done.ledger["started"]) == (40, 40)
    assert done.summary["run"]["state"] == "finished"


@pytest.mark.parametrize("vocab", ["return list(range(7))", "yield from range(7)"], ids=["list", "generator"])
def test_rows_begin_again_after_the_last_one_and_are_dealt_evenly(code: UserCode, vocab: str) -> None:
    with listening() as server:
        text = press_of_rows("async def", vocab, rows="cycle")
        done = code.run(text, "--rate", "140/s", "--for", "500ms", "--target", server.url)
    assert Counter(rows_of(server)) == dict.fromkeys(range(7), 10)
    assert done.ledger["ok"] == 70


def test_rows_without_an_end_are_read_as_they_are_needed(code: UserCode) -> None:
    with listening() as server:
        text = press_of_rows("def", "import itertools; return itertools.count()", rows="cycle")
        done = code.run(text, "--rate", "100/s", "--for", "500ms", "--target", server.url)
    assert sorted(rows_of(server)) == list(range(50))
    assert done.ledger["ok"] == 50


@WAYS
def test_a_failed_status_is_one_failed_step_and_ends_the_iteration(
    target: TargetProcess, code: UserCode, way: str
) -> None:
    text = f"""
class Get(Press):
    {way} press(self, row):
        {AWAIT[way]}self.http.get("/status/500", name="tolerated", raises=False)
        {AWAIT[way]}self.http.get("/status/503", name="bad")
        {AWAIT[way]}self.http.get("/never", name="never reached")
"""
    done = code.run(text, "--rate", "40/s", "--for", "500ms", "--target", target.url)
    assert (done.ledger["started"], done.ledger["failed"]) == (20, 20)
    assert counts(done) == {"tolerated": 20, "bad": 20}
    assert done.errors == {"status": 40}
    assert target.stats()["by_status"] == {"500": 20, "503": 20}


def test_redirects_are_followed_only_when_they_are_asked_for(target: TargetProcess, code: UserCode) -> None:
    text = """
class Get(Press):
    async def press(self, row):
        answer = await self.http.get("/redirect/3", redirects=True, name="followed")
        assert answer.json()["hops"] == 3, answer.text
        answer = await self.http.get("/redirect/3", status=302, name="not followed")
        assert answer.status == 302
"""
    done = code.run(text, "--rate", "20/s", "--for", "500ms", "--target", target.url)
    done.must_end_with(0)
    assert done.ledger["ok"] == 10, done.summary["samples"]
    assert counts(done)["not followed"] == 10
    assert target.stats()["requests"] == 10 * (4 + 1)


@WAYS
def test_what_is_measured_is_counted_with_its_bytes_and_its_failures(code: UserCode, way: str) -> None:
    text = f"""
class Work(Press):
    def vocab(self):
        return range(4)
    {way} press(self, row):
        with self.measure("work") as step:
            step.bytes_out, step.bytes_in = 10, 100
            if row == 3:
                step.fail("odd")
        with self.measure("rest"):
            pass
"""
    done = code.run(text, "--rate", "80/s", "--for", "500ms")
    assert (done.ledger["ok"], done.ledger["failed"]) == (30, 10)
    assert counts(done, "measure") == counts(done) == {"work": 40, "rest": 40}
    work = done.series("work")
    assert (work["failed"], work["errors"]) == (10, {"check": 10})
    assert (work["bytes_out"], work["bytes_in"]) == (400, 4000)
    assert {sample["message"] for sample in done.summary["samples"]} == {"odd"}


def test_a_press_without_steps_is_a_step_with_thresholds_and_reports(code: UserCode) -> None:
    html, junit = code.directory.parent / "report.html", code.directory.parent / "report.xml"
    text = """
class Encrypt(Press):
    name = "encrypt <it>"
    thresholds = ["p99(encrypt <it>) < 10s", "errors < 1%"]
    def press(self, row):
        time.sleep(0.005)
"""
    done = code.run(
        text, "--rate", "50/s", "--for", "500ms", "--threshold", "p50(encrypt <it>) < 1ms",
        "--html", html, "--junit", junit,
    )  # fmt: skip
    done.must_end_with(1)
    assert counts(done, "press") == {"encrypt <it>": 25}
    assert done.series("encrypt <it>")["response_ms"]["min"] >= 5 * 0.999
    assert [one["ok"] for one in done.summary["thresholds"]] == [True, True, False]
    assert "encrypt &lt;it&gt;" in html.read_text()
    assert "<testsuite" in junit.read_text()


@WAYS
def test_a_killed_worker_of_a_press_is_replaced_by_the_others(target: TargetProcess, code: UserCode, way: str) -> None:
    with code.going(
        press_of_get(way, "/delay/20ms"), "--rate", "200/s", "--for", "5s", "--target", target.url
    ) as going:
        victim = going.workers(2)[1]
        load_flows(target, 150)
        os.kill(victim, signal.SIGKILL)
        done = going.end()
    ledger = done.ledger
    assert done.summary["run"]["state"] == "finished"
    assert (ledger["planned"], ledger["failed"]) == (1000, 0)
    assert ledger["lost"] > 0
    assert ledger["started"] <= target.stats()["requests"] <= ledger["planned"]
    (event,) = [event for event in done.summary["events"] if "worker 1 lost" in event["text"]]
    degraded = [point["start_s"] for point in done.summary["timeline"] if point["degraded"]]
    assert max(degraded) - event["at_s"] < TAKEOVER_S
    last = [point for point in done.summary["timeline"] if 3 <= point["start_s"] < 5]
    assert sum(point["started"] for point in last) == pytest.approx(400, rel=0.03)


def test_rows_of_a_killed_worker_are_left_out_and_none_is_dealt_twice(code: UserCode) -> None:
    with listening() as server:
        text = press_of_rows("async def", "return range(2000)", rows="cycle")
        with code.going(text, "--rate", "200/s", "--for", "4s", "--target", server.url) as going:
            victim = going.workers(2)[0]
            until(lambda: len(server.seen) > 100, "load")
            os.kill(victim, signal.SIGKILL)
            done = going.end()
        rows = Counter(rows_of(server))
    assert done.ledger["planned"] == 800
    assert max(rows.values()) == 1


def test_past_max_in_flight_arrivals_are_dropped_and_counted(target: TargetProcess, code: UserCode) -> None:
    done = code.run(
        press_of_get("def", "/delay/400ms"), "--rate", "100/s", "--for", "300ms", "--max-in-flight", "4",
        "--target", target.url,
    )  # fmt: skip
    assert (done.ledger["started"], done.ledger["dropped"]) == (4, 26)
    assert target.stats()["requests"] == 4
    assert done.exit_code == 3


@WAYS
def test_an_interrupt_lets_turns_under_way_end_and_stops_every_user(
    target: TargetProcess, code: UserCode, way: str
) -> None:
    text = f"""
class Get(Press):
    {way} press(self, row):
        {AWAIT[way]}self.http.get("/delay/300ms")
    {way} on_stop(self):
        {AWAIT[way]}self.http.get("/", name="farewell")
"""
    with code.going(text, "--users", "6", "--for", "60s", "--target", target.url) as going:
        workers = going.workers(2)
        load_flows(target, 12)
        going.signal(signal.SIGINT)
        done = going.end()
    assert done.exit_code == 130
    assert done.ledger["in_flight"] == done.ledger["failed"] == 0
    assert counts(done)["farewell"] == 6
    assert done.ledger["ok"] + 6 == target.stats()["requests"]
    assert not any(is_alive(worker) for worker in workers)


@WAYS
def test_a_press_that_is_under_way_when_the_grace_is_over_is_in_flight(
    target: TargetProcess, code: UserCode, way: str
) -> None:
    load = ("--rate", "20/s", "--for", "500ms", "--grace", "500ms", "--target", target.url)
    with code.going(press_of_get(way, "/fault/never"), *load) as going:
        workers = going.workers(2)
        done = going.end()
    assert done.ledger["in_flight"] == done.ledger["started"] == target.stats()["requests"] == 10
    assert not any(is_alive(worker) for worker in workers)
    assert children(going.pid) == []


def test_headers_and_cookies_belong_to_one_user(code: UserCode) -> None:
    text = """
class Get(Press):
    def on_start(self):
        me = f"{os.getpid()}-{id(self)}"
        self.http.headers["x-user"] = me
        self.http.get(f"/login/{me}", name="login")
    def press(self, row):
        self.http.get("/work")
        time.sleep(0.01)
"""

    def log_in(seen: Seen) -> Answer:
        me = seen.path.removeprefix("/login/")
        return Answer(headers=(("set-cookie", f"sid={me}; Path=/"),) if me != seen.path else ())

    with listening(log_in) as server:
        done = code.run(text, "--users", "5", "--for", "500ms", "--target", server.url)
    work = [seen for seen in server.seen if seen.path == "/work"]
    assert done.ledger["ok"] == len(work) > 5
    assert all(seen.headers["cookie"] == f"sid={seen.headers['x-user']}" for seen in work)
    assert len({seen.headers["cookie"] for seen in work}) == len(server.paths("/login/")) == 5
