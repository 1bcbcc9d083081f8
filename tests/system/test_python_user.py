"""A `User` on the real engine: tasks, hooks, pauses, wishes to leave, and several classes in one run."""

import os
import signal
from collections import Counter

import pytest

from kilobar.target import TargetProcess

from .listener import Answer, Seen, listening
from .test_worker_loss import load_flows
from .user_code import UserCode, counts

WAYS = pytest.mark.parametrize("way", ["def", "async def"])
AWAIT = {"def": "", "async def": "await "}


@WAYS
def test_each_user_starts_once_stops_once_and_executes_tasks_by_weight(
    target: TargetProcess, code: UserCode, way: str
) -> None:
    text = f"""
class Shopper(User):
    wait = "5ms..15ms"
    {way} on_start(self):
        {AWAIT[way]}self.http.get("/", name="enter")
        self.data["seen"] = 0
    @task(4)
    {way} look(self):
        {AWAIT[way]}self.http.get("/", name="look")
        self.data["seen"] += 1
    @task
    {way} buy(self):
        {AWAIT[way]}self.http.get("/", name="buy")
    {way} on_stop(self):
        assert self.data["seen"] > 0
        {AWAIT[way]}self.http.get("/", name="leave")
"""
    done = code.run(text, "--users", "6", "--for", "1500ms", "--target", target.url)
    done.must_end_with(0)
    steps = counts(done)
    assert steps["enter"] == steps["leave"] == 6
    assert steps["look"] + steps["buy"] == done.ledger["ok"] == done.ledger["planned"]
    assert 2 < steps["look"] / steps["buy"] < 8
    assert sum(steps.values()) == target.stats()["requests"]


def test_arrivals_take_idle_users_and_start_new_ones_only_when_all_are_busy(
    target: TargetProcess, code: UserCode
) -> None:
    text = """
class Visitor(User):
    def on_start(self):
        self.http.get("/", name="enter")
    @task
    def look(self):
        self.http.get("/delay/100ms", name="look")
    def on_stop(self):
        self.http.get("/", name="leave")
"""
    done = code.run(text, "--rate", "50/s", "--for", "1s", "--target", target.url)
    steps = counts(done)
    assert steps["look"] == done.ledger["ok"] == 50
    assert steps["enter"] == steps["leave"] < 50, "an idle user is taken again"
    assert steps["enter"] >= 4, "50/s of 100 ms each keep several busy"


def test_a_wait_of_users_makes_their_pace(code: UserCode) -> None:
    text = """
class Paced(User):
    wait = kilobar.pacing(0.1)
    @task
    def work(self):
        time.sleep(0.02)
"""
    done = code.run(text, "--users", "4", "--for", "1s")
    assert 4 * 5 <= done.ledger["ok"] <= 4 * 11, "a task begins every 100 ms, less often on a busy machine"


def test_users_who_leave_are_not_replaced_in_a_closed_load(code: UserCode) -> None:
    text = """
class Leaves(User):
    def on_start(self):
        self.left = 3
    @task
    def work(self):
        self.left -= 1
        if not self.left:
            raise StopUser
"""
    done = code.run(text, "--users", "5", "--for", "50s")
    done.must_end_with(0)
    assert done.ledger["ok"] == done.ledger["planned"] == 15
    assert counts(done) == {"Leaves.on_start": 5, "Leaves.work": 15}
    assert done.summary["run"]["duration_s"] < 50, "nobody was left"


def test_users_who_leave_make_room_for_the_next_arrival_of_an_open_load(code: UserCode) -> None:
    text = """
class Leaves(User):
    async def on_start(self):
        pass
    @task
    async def work(self):
        raise StopUser
"""
    done = code.run(text, "--rate", "40/s", "--for", "500ms")
    assert done.ledger["ok"] == done.ledger["planned"] == 20
    assert counts(done)["Leaves.on_start"] == 20, "each arrival is another user"


@WAYS
def test_a_wish_to_stop_the_run_ends_it_well_with_its_reason(code: UserCode, way: str) -> None:
    text = f"""
class Stops(Press):
    def vocab(self):
        return range(1000)
    {way} press(self, row):
        if row == 20:
            raise StopRun("all orders are there")
"""
    done = code.run(text, "--rate", "50/s", "--for", "50s")
    done.must_end_with(0)
    assert done.summary["run"]["state"] == "stopped"
    assert any("all orders are there" in event["text"] for event in done.summary["events"])
    assert 20 < done.ledger["ok"] == done.ledger["started"] < 1000
    assert done.ledger["failed"] == 0


CLASSES = """
class Often(User):
    weight = 3
    async def on_start(self):
        await self.http.get("/often/enter", name="often enters")
    @task
    async def work(self):
        await self.http.get("/often", name="often")
        await asyncio.sleep(0.005)

class Seldom(Press):
    def on_start(self):
        self.http.get("/seldom/enter", name="seldom enters")
    def press(self, row):
        self.http.get("/seldom", name="seldom")
        time.sleep(0.005)
"""


def test_closed_users_are_of_classes_by_their_weights_exactly(code: UserCode) -> None:
    with listening() as server:
        done = code.run(CLASSES, "--users", "8", "--for", "700ms", "--target", server.url)
    steps = counts(done)
    assert (steps["often enters"], steps["seldom enters"]) == (6, 2)
    assert Counter(server.paths()) == {
        "/often/enter": 6,
        "/seldom/enter": 2,
        "/often": steps["often"],
        "/seldom": steps["seldom"],
    }
    assert steps["often"] + steps["seldom"] == done.ledger["ok"]
    assert {flow["name"]: flow["count"] for flow in done.summary["flows"]} == {
        "Often": steps["often"],
        "Seldom": steps["seldom"],
    }


def test_arrivals_are_of_classes_by_their_weights_and_seats_change_class(code: UserCode) -> None:
    with listening() as server:
        done = code.run(
            CLASSES, "--rate", "200/s", "--for", "1s", "--target", server.url, "--max-in-flight", "3", workers=1
        )
    steps = counts(done)
    assert steps["often"] + steps["seldom"] == done.ledger["ok"] == done.ledger["started"]
    assert done.ledger["failed"] == 0
    assert 1.8 < steps["often"] / steps["seldom"] < 5
    assert steps["often enters"] <= 3
    assert steps["seldom enters"] <= 3
    assert len(server.seen) == sum(steps.values())


def test_several_requests_of_a_turn_are_under_way_at_once(target: TargetProcess, code: UserCode) -> None:
    text = """
class Page(User):
    @task
    async def load(self):
        async with asyncio.TaskGroup() as group:
            for part in range(5):
                group.create_task(self.http.get("/delay/200ms", name="part"))
        await asyncio.gather(*(self.http.get("/", name="more") for _ in range(3)))
"""
    done = code.run(text, "--rate", "10/s", "--for", "500ms", "--target", target.url)
    done.must_end_with(0)
    assert done.ledger["ok"] == 5
    assert counts(done) == {"part": 25, "more": 15}
    (flow,) = done.summary["flows"]
    assert target.stats()["requests"] == 40
    assert flow["iteration_ms"]["p50"] < 5 * 200, "they did not wait for each other"


def test_one_failure_among_several_requests_at_once_fails_the_turn_once(target: TargetProcess, code: UserCode) -> None:
    text = """
class Page(User):
    @task
    async def load(self):
        await asyncio.gather(self.http.get("/status/500", name="bad"), self.http.get("/", name="good"))
"""
    done = code.run(text, "--rate", "40/s", "--for", "500ms", "--target", target.url)
    assert (done.ledger["started"], done.ledger["failed"]) == (20, 20)
    assert counts(done) == {"bad": 20, "good": 20}
    assert done.errors == {"status": 20}


def test_cookies_of_users_are_their_own_and_last_as_long_as_they(code: UserCode) -> None:
    text = """
class Member(User):
    wait = 0.01
    async def on_start(self):
        self.me = f"{os.getpid()}-{id(self)}"
        await self.http.get("/login/" + self.me, name="login")
    @task
    async def work(self):
        await asyncio.gather(*(self.http.get("/work", name="work", headers={"x-me": self.me}) for _ in range(3)))
"""

    def log_in(seen: Seen) -> Answer:
        start, _, me = seen.path.rpartition("/")
        return Answer(headers=(("set-cookie", f"sid={me}; Path=/"),) if start == "/login" else ())

    with listening(log_in) as server:
        done = code.run(text, "--users", "4", "--for", "500ms", "--target", server.url)
    work = [seen for seen in server.seen if seen.path == "/work"]
    assert done.ledger["ok"] * 3 == len(work) > 12
    assert all(seen.headers["cookie"] == f"sid={seen.headers['x-me']}" for seen in work)
    assert len({seen.headers["cookie"] for seen in work}) == 4


def test_users_of_a_killed_worker_begin_anew_at_another(target: TargetProcess, code: UserCode) -> None:
    text = """
class Member(User):
    async def on_start(self):
        await self.http.get("/", name="enter")
    @task
    async def work(self):
        await self.http.get("/delay/20ms", name="work")
"""
    with code.going(text, "--users", "10", "--for", "5s", "--target", target.url) as going:
        victim = going.workers(2)[0]
        load_flows(target, 300)
        os.kill(victim, signal.SIGKILL)
        done = going.end()
    assert done.summary["run"]["state"] == "finished"
    assert any("worker 0 lost" in event["text"] for event in done.summary["events"])
    assert done.ledger["failed"] == 0
    points = {point["start_s"]: point["active_users"] for point in done.summary["timeline"]}
    assert points[3.0] == 10, "the users of the dead worker are back"
    # What the dead worker had counted since its last report is lost: of its five users some may have been counted.
    assert 5 + 5 <= counts(done)["enter"] <= 5 + 5 + 5


def test_code_that_runs_on_between_turns_sends_nothing(code: UserCode) -> None:
    text = """
class Background(User):
    wait = 0.02
    async def on_start(self):
        self.problem = None
        async def go_on():
            await self.between.wait()
            try:
                await self.http.get("/background")
            except Exception as error:
                self.problem = error
        self.between = asyncio.Event()
        self.task = asyncio.create_task(go_on())
    @task
    async def work(self):
        if self.problem:
            raise StopRun(f"it was told: {self.problem}")
        asyncio.get_running_loop().call_later(0.005, self.between.set)
"""
    with listening() as server:
        done = code.run(text, "--users", "1", "--for", "20s", "--target", server.url, workers=1)
    assert server.seen == []
    assert any("while the user has no turn" in event["text"] for event in done.summary["events"])
