from collections.abc import Callable
from pathlib import Path

from .engine import Engine

Write = Callable[..., Path]
HEAD = """
import gevent
from gevent import sleep as pause
from locust import User, task, constant, events
from locust.runners import LocalRunner, MasterRunner, WorkerRunner, STATE_RUNNING
def say(*words):
    name = " ".join(str(word) for word in words)
    events.request.fire(request_type="SAY", name=name, response_time=0, response_length=0)
class Quiet(User):
    wait_time = constant(0.01)
    def on_start(self): say("user")
    @task
    def work(self): work(self.environment)
def work(environment): pass
"""


def said(engine: Engine, count: int) -> list[str]:
    return [step[1].removeprefix("SAY ") for step in engine.wait_for("count_step", count)]


def test_it_is_a_local_runner_in_every_worker_with_an_index(write: Write) -> None:
    path = write(
        HEAD
        + """
@events.test_start.add_listener
def start(environment, **kw):
    runner = environment.runner
    say(isinstance(runner, LocalRunner), isinstance(runner, MasterRunner), isinstance(runner, WorkerRunner))
    say(runner.worker_index, runner.worker_count, runner.client_id, list(runner.clients), runner.target_user_count)
"""
    )
    with Engine.of(path, worker=1, workers=3, source={"ramps": [[0, 30]]}) as engine:
        assert said(engine, 2) == [
            "True False False",
            "1 3 worker-1 ['worker-0', 'worker-1', 'worker-2'] 30",
        ]


def test_a_message_to_each_worker_reaches_each_once(write: Write) -> None:
    path = write(
        HEAD
        + """
@events.init.add_listener
def init(environment, **kw):
    environment.runner.register_message("rows", lambda environment, msg, **kw: say("got", msg.data, msg.type))
@events.test_start.add_listener
def start(environment, **kw):
    for index, client in enumerate(environment.runner.clients):
        environment.runner.send_message("rows", index * 10, client)
    environment.runner.send_message("rows", "all")
    say("sent")
"""
    )
    for worker in (0, 1):
        with Engine.of(path, worker=worker, workers=2) as engine:
            assert said(engine, 3) == [f"got {worker * 10} rows", "got all rows", "sent"]


def test_it_counts_its_users_and_knows_its_state(write: Write) -> None:
    path = write(
        HEAD
        + """
@events.spawning_complete.add_listener
def complete(user_count, **kw): say("complete", user_count)
def work(environment):
    runner = environment.runner
    say(runner.state, runner.user_count, runner.user_classes_count)
"""
    )
    with Engine.of(path, source={"ramps": [[0, 4]]}, workers=2) as engine:
        engine.arrive(2)
        engine.wait(lambda: any("running" in step[1] for step in engine.said("count_step")))
        names = [step[1].removeprefix("SAY ") for step in engine.said("count_step")]
        assert "complete 4" in names
        assert "running 2 {'Quiet': 2}" in names
        assert names.index("complete 4") < names.index("running 2 {'Quiet': 2}")


def test_without_known_ramps_spawning_is_complete_when_nobody_comes_any_more(write: Write) -> None:
    path = write(
        HEAD
        + """
@events.spawning_complete.add_listener
def complete(user_count, **kw): say("complete", user_count)
"""
    )
    with Engine.of(path) as engine:
        engine.arrive(3)
        assert said(engine, 4)[-1] == "complete 3"


def test_quitting_by_hand_stops_the_run_once_and_says_who_did_it(write: Write) -> None:
    path = write(HEAD + "def work(environment):\n    environment.runner.quit()\n    environment.runner.stop()\n")
    with Engine.of(path) as engine:
        engine.arrive(2)
        engine.wait_for("ended", 4)
        assert engine.said("stop_run") == [["runner.quit() was called (locustfile.py:16 in work)"]]


def test_starting_and_spawning_by_hand_change_nothing(write: Write) -> None:
    path = write(
        HEAD
        + """
def work(environment):
    environment.runner.start(100, 10)
    environment.runner.start_shape()
    say(environment.runner.spawn_users({"Quiet": 5}), environment.runner.user_count)
"""
    )
    with Engine.of(path) as engine:
        engine.arrive(1)
        assert said(engine, 4)[1:4] == ["[] 1"] * 3


def test_statistics_of_the_worker_can_be_read(write: Write) -> None:
    path = write(
        HEAD
        + """
@events.test_start.add_listener
def watch(environment, **kw):
    def look():
        while environment.runner.stats.total.num_failures < 3:
            pause(0.01)
        assert environment.stats.get("broken", "SAY").num_failures >= 3
        assert environment.stats.entries[("broken", "SAY")].fail_ratio == 1
        environment.runner.quit()
    gevent.spawn(look)
def work(environment):
    facts = {"request_type": "SAY", "name": "broken", "response_time": 5, "response_length": 0}
    events.request.fire(exception=ValueError("x"), **facts)
"""
    )
    with Engine.of(path) as engine:
        engine.arrive(1)
        assert "in look" in engine.wait_for("stop_run")[0][0]
