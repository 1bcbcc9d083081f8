"""Locustfiles of the kinds that people write: each is inspected and run, against a real server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kilobar.target import TargetProcess

from .engine import Engine

Write = Callable[..., Path]

BASIC = """
from locust import HttpUser, TaskSet, task, between
def index(l): l.client.get("/")
def items(l): l.client.get("/bytes/20", name="/bytes")
class Tasks(TaskSet):
    tasks = [index, items]
    def on_start(self): self.client.post("/echo", data={"user": "ann"}, name="/login")
    @task
    def page(self): self.client.get("/html")
class Website(HttpUser):
    wait_time = between(0.001, 0.002)
    tasks = [Tasks]
"""
WAIT = """
import random
from locust import HttpUser, task
class Website(HttpUser):
    def wait_time(self): return random.expovariate(1) * 0.001
    @task
    def index(self): self.client.get("/")
"""
CREDENTIALS = """
from locust import HttpUser, task, constant
ACCOUNTS = [("ann", "1"), ("bob", "2"), ("eve", "3")]
class Website(HttpUser):
    wait_time = constant(0.01)
    def on_start(self):
        self.user, self.password = ACCOUNTS.pop() if ACCOUNTS else ("nobody", "")
        self.client.post("/echo", json={"user": self.user}, name=f"login {self.user}")
    @task
    def index(self): self.client.get("/", name="index")
"""
EVENTS = """
from locust import HttpUser, task, constant, events
total = {"bytes": 0}
@events.request.add_listener
def count(response_length, exception, **kw):
    total["bytes"] += 0 if exception else response_length
@events.report_to_master.add_listener
def report(client_id, data): data["bytes"] = total["bytes"]
class Website(HttpUser):
    wait_time = constant(0.01)
    @task
    def ten(self):
        self.client.get("/bytes/10", name="ten")
        assert total["bytes"] >= 10
"""
FAST = """
from locust import FastHttpUser, task
class Website(FastHttpUser):
    @task
    def index(self):
        assert self.client.get("/").text == "hello"
"""
NESTED = """
from locust import HttpUser, TaskSet, task, constant
class Website(HttpUser):
    wait_time = constant(0.001)
    @task
    class Top(TaskSet):
        @task
        class Shop(TaskSet):
            @task(10)
            def index(self): self.client.get("/", name="shop")
            @task(5)
            def leave(self): self.interrupt()
        @task
        def stats(self): self.client.get("/bytes/1", name="stats")
"""
SEMAPHORE = """
from gevent.lock import Semaphore
from locust import HttpUser, task, constant, events
spawned = Semaphore()
spawned.acquire()
@events.spawning_complete.add_listener
def complete(**kw): spawned.release()
class Website(HttpUser):
    wait_time = constant(0.01)
    def on_start(self):
        spawned.wait()
        self.wait()
    @task
    def index(self): self.client.get("/", name="after all are there")
"""
THRESHOLD = """
import gevent
from time import sleep as pause
from locust import HttpUser, task, constant, events
from locust.runners import STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP, WorkerRunner
def checker(environment):
    while environment.runner.state not in [STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP]:
        pause(0.01)
        if environment.runner.stats.total.fail_ratio > 0.2:
            environment.runner.quit()
            return
@events.init.add_listener
def init(environment, **kw):
    if not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(checker, environment)
class Website(HttpUser):
    wait_time = constant(0.01)
    @task
    def bad(self): self.client.get("/status/500")
"""
CSV = """
import csv, os
from locust import HttpUser, task, constant
from locust.exception import StopUser
with open(os.path.join(os.path.dirname(__file__), "rows.csv")) as file:
    ROWS = list(csv.reader(file))
class Website(HttpUser):
    wait_time = constant(0)
    @task
    def row(self):
        if not ROWS:
            raise StopUser()
        self.client.get("/", name=ROWS.pop(0)[0])
"""
INDEX = """
from locust import HttpUser, task, constant, events, runners
@events.init.add_listener
def init(environment, **kw):
    if not isinstance(environment.runner, runners.MasterRunner):
        Website.part = environment.runner.worker_index
class Website(HttpUser):
    wait_time = constant(0.01)
    @task
    def row(self): self.client.get("/", name=f"part {self.part}")
"""
MESSAGES = """
from locust import HttpUser, task, constant, events
from locust.runners import MasterRunner, WorkerRunner
names = []
def take(environment, msg, **kw):
    names.extend(user["name"] for user in msg.data)
    environment.runner.send_message("thanks", len(msg.data))
@events.init.add_listener
def init(environment, **kw):
    if not isinstance(environment.runner, MasterRunner):
        environment.runner.register_message("users", take)
    if not isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message("thanks", lambda msg, **kw: None)
@events.test_start.add_listener
def start(environment, **kw):
    if not isinstance(environment.runner, WorkerRunner):
        users = [{"name": f"user {i}"} for i in range(environment.runner.target_user_count)]
        size = len(users) // environment.runner.worker_count
        for i, worker in enumerate(environment.runner.clients):
            environment.runner.send_message("users", users[i * size:(i + 1) * size], worker)
class Website(HttpUser):
    wait_time = constant(0.01)
    def __init__(self, parent):
        self.username = names.pop()
        super().__init__(parent)
    @task
    def index(self): self.client.get("/", name=self.username)
"""
SDK = """
import requests
from locust import HttpUser, task, constant
class Sdk:
    def __init__(self, url): self.url, self.session = url, requests.Session()
    def item(self): return self.session.request("GET", self.url + "/bytes/3", name="sdk item")
class Website(HttpUser):
    wait_time = constant(0.01)
    def on_start(self):
        self.sdk = Sdk(self.host)
        self.sdk.session.request = self.client.request
    @task
    def item(self): self.sdk.item()
"""
TWO_HOSTS = """
from locust import HttpUser, task, constant
from locust.clients import HttpSession
class Website(HttpUser):
    abstract = True
    def __init__(self, environment):
        super().__init__(environment)
        self.api = HttpSession(base_url=self.host + "/bytes", request_event=environment.events.request, user=self)
class Real(Website):
    wait_time = constant(0.01)
    @task
    def both(self):
        self.client.get("/", name="site")
        self.api.get("/4", name="api")
"""


def run(path: Path, host: str, users: int = 2, enough: int = 6, **code: Any) -> set[str]:
    """The names of the steps of a run; none of its iterations has failed."""
    with Engine.of(path, {"host": host}, **code) as engine:
        assert engine.wait_for("code_loaded") == [[None]]
        engine.arrive(users)
        engine.wait_for("count_step", enough)
        engine.close()
        failed = [message for *_, message in engine.said("ended") if message]
        assert failed == []
        return {step[1] for step in engine.said("count_step")}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (BASIC, {"GET /", "GET /bytes", "POST /login", "GET /html"}),
        (WAIT, {"GET /"}),
        (CREDENTIALS, {"POST login eve", "POST login bob", "GET index"}),
        (EVENTS, {"GET ten"}),
        (FAST, {"GET /"}),
        (NESTED, {"GET shop", "GET stats"}),
        (SEMAPHORE, {"GET after all are there"}),
        (SDK, {"GET sdk item"}),
        (TWO_HOSTS, {"GET site", "GET api"}),
    ],
)
def test_an_example_runs_and_all_its_requests_are_counted(
    write: Write, target: TargetProcess, text: str, names: set[str]
) -> None:
    assert run(write(text), target.url, enough=40, source={"ramps": [[0, 2]]}) == names


def test_a_test_is_stopped_when_its_file_sees_too_many_failures(write: Write, target: TargetProcess) -> None:
    with Engine.of(write(THRESHOLD), {"host": target.url}) as engine:
        engine.arrive(1)
        assert engine.wait_for("stop_run")[0][0].startswith("runner.quit() was called (locustfile.py:")


def test_users_of_a_file_of_rows_leave_when_it_is_used_up(write: Write, target: TargetProcess, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\nb\nc\n")
    with Engine.of(write(CSV), {"host": target.url}) as engine:
        engine.arrive(2)
        assert sorted(engine.wait_for("left", 2)) == [[0, True], [1, True]]
        assert sorted(step[1] for step in engine.said("count_step")) == ["GET a", "GET b", "GET c"]


def test_each_worker_knows_its_index(write: Write, target: TargetProcess) -> None:
    assert run(write(INDEX), target.url, worker=2, workers=3) == {"GET part 2"}


def test_data_that_the_master_sends_is_split_over_the_workers(write: Write, target: TargetProcess) -> None:
    path = write(MESSAGES)
    parts = [run(path, target.url, worker=worker, workers=2, source={"ramps": [[0, 4]]}) for worker in (0, 1)]
    assert parts == [{"GET user 0", "GET user 1"}, {"GET user 2", "GET user 3"}]
