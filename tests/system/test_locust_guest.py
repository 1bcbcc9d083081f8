"""Locustfiles as projects have them, on the real engine: what they count is what the target has received."""

import json
import os
import signal
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from kilobar.target import TargetProcess

from .command import Finished, kilobar
from .processes import Going, until

# Not imported, which would patch the process of all tests.
pytestmark = pytest.mark.skipif(find_spec("locust") is None, reason="locust is not installed")

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(text: str, name: str = "locustfile.py") -> Path:
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    return write_file


def ran(target: TargetProcess, json_file: Path, path: Path, *options: str | Path) -> Finished:
    done = kilobar("run", path, "-H", target.url, "--json", json_file, *options, cwd=path.parent)
    done.must_end_with(0)
    return done


def counts(done: Finished) -> dict[str, tuple[int, int]]:
    """How often each request was made, and how often it failed."""
    return {series["name"]: (series["count"], series["failed"]) for series in done.summary["series"]}


def received(target: TargetProcess) -> dict[str, int]:
    by_path: dict[str, int] = target.stats()["by_path"]
    return by_path


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


SHOP = """
    import csv
    from itertools import cycle
    from locust import HttpUser, SequentialTaskSet, TaskSet, constant, task
    from locust.exception import StopUser
    from common.names import ORDER

    ROWS = cycle(csv.DictReader(open("users.csv")))

    class Order(SequentialTaskSet):
        @task
        def look(self):
            self.client.get("/items", params={"page": 1}, name="look")
        @task
        class Pay(TaskSet):
            @task
            def pay(self):
                with self.client.post("/orders", json={"item": 7}, name=ORDER, catch_response=True) as answer:
                    if answer.json().get("missing") is None:
                        answer.failure("no receipt")
                self.interrupt(reschedule=True)
        @task
        def expected(self):
            with self.client.get("/status/404", name="expected", catch_response=True) as answer:
                answer.success() if answer.status_code == 404 else answer.failure("found")
        @task
        def leave(self):
            raise StopUser

    class Shopper(HttpUser):
        tasks = [Order]
        wait_time = constant(0.01)
        def on_start(self):
            row = next(ROWS)
            token = self.client.post("/login", json=row).json()["token"]
            self.client.headers["authorization"] = f"Bearer {token}"
            self.client.get("/auth/bearer")
        def on_stop(self):
            self.client.delete("/session")
"""


@pytest.mark.parametrize("client", ["genuine", "fast"])
def test_a_flow_with_login_feeder_nested_sets_and_checks_is_counted_request_by_request(
    target: TargetProcess, json_file: Path, write: Write, client: str
) -> None:
    write("user,password\nann,secret\n", "users.csv")
    write("", "common/__init__.py")
    write('ORDER = "order"\n', "common/names.py")
    fast = ["--fast-http"] if client == "fast" else []
    done = ran(target, json_file, write(SHOP), "-u", "3", "-t", "2s", "--workers", "1", *fast)
    assert counts(done) == {
        "POST /login": (3, 0),
        "GET /auth/bearer": (3, 0),
        "GET look": (3, 0),
        "POST order": (3, 3),
        "GET expected": (3, 0),
        "DELETE /session": (3, 3),
    }
    assert done.errors == {"check": 3, "status": 3}
    assert received(target)["POST /orders"] == received(target)["POST /login"] == 3
    # Three tasks of Order and the one of Pay are iterations, each of three users; that with the bad receipt has failed.
    assert done.ledger["planned"] == 12
    assert (done.ledger["ok"], done.ledger["failed"]) == (9, 3)


EVENTS = """
    import json, os
    import gevent
    from locust import HttpUser, between, constant, events, tag, task
    from locust.runners import MasterRunner, WorkerRunner

    def say(*words):
        with open(os.environ["SAID"], "a") as file:
            file.write(json.dumps(words) + "\\n")

    @events.init_command_line_parser.add_listener
    def arguments(parser):
        parser.add_argument("--tenant", default="acme", env_var="LOCUST_TENANT")
        parser.add_argument("--stage", choices=["dev", "live"], default="dev")

    @events.test_start.add_listener
    def start(environment, **kwargs):
        options = environment.parsed_options
        say("test_start", options.tenant, options.stage, environment.runner.target_user_count)
        say("node", isinstance(environment.runner, (MasterRunner, WorkerRunner)))

    @events.spawning_complete.add_listener
    def spawned(user_count, **kwargs): say("spawning_complete", user_count)

    @events.test_stopping.add_listener
    def stopping(**kwargs): say("test_stopping")

    @events.test_stop.add_listener
    def stop(environment, **kwargs):
        total = environment.stats.total
        say("test_stop", total.num_requests, total.num_failures)

    @events.quitting.add_listener
    def quitting(**kwargs): say("quitting", seen)

    @events.user_error.add_listener
    def wrong(user_instance, exception, tb, **kwargs): say("user_error", str(exception))

    seen = {"requests": 0, "failed": 0}

    @events.request.add_listener
    def request(exception, context, **kwargs):
        seen["requests"] += 1
        seen["failed"] += exception is not None

    class Teller(HttpUser):
        wait_time = constant(30)
        def on_start(self): say("on_start")
        def on_stop(self): say("on_stop")
        @tag("wanted")
        @task
        def work(self):
            self.client.get("/counter")
            self.client.get("/status/500")
            raise ValueError("no stock")
        @task(9)
        def unwanted(self):
            self.client.get("/never")
"""


def test_events_come_in_the_order_of_locust_with_arguments_statistics_and_tags(
    target: TargetProcess, json_file: Path, write: Write, tmp_path: Path
) -> None:
    said = tmp_path / "said.jsonl"
    options = ("-u", "2", "-r", "4", "-t", "2s", "--workers", "1", "--tags", "wanted", "--json", json_file)
    done = kilobar(
        *("run", write(EVENTS), "-H", target.url, *options, "--", "--stage", "live"),
        env={"SAID": str(said), "LOCUST_TENANT": "zed"},
    )
    # No iteration has succeeded, and that is a failed run.
    done.must_end_with(1)
    first, node, *rest = lines(said)
    assert first == ["test_start", "zed", "live", 2]
    assert node == ["node", False]
    # Users begin to work while the others are still spawned.
    assert sorted(rest[:5]) == [*[["on_start"]] * 2, ["spawning_complete", 2], *[["user_error", "no stock"]] * 2]
    assert rest[5:] == [
        ["test_stopping"],
        *[["on_stop"]] * 2,
        ["test_stop", 4, 2],
        ["quitting", {"requests": 4, "failed": 2}],
    ]
    assert done.ledger["failed"] == done.ledger["planned"] == 2
    assert "environment.stats is that of one worker" in done.stderr
    assert "ValueError: no stock" in json.dumps(done.summary["samples"])


SHAPE = """
    from locust import HttpUser, LoadTestShape, constant, task

    class Steady(HttpUser):
        wait_time = constant(0.05)
        @task
        def work(self): self.client.get("/counter")

    class Spike(LoadTestShape):
        stages = [(2, 2), (4, 9), (6, 3)]
        def tick(self):
            for end_s, users in self.stages:
                if self.get_run_time() < end_s:
                    return users, 100
            return None
"""


def test_the_users_follow_a_shape(target: TargetProcess, json_file: Path, write: Write) -> None:
    done = ran(target, json_file, write(SHAPE), "--workers", "2")
    assert done.summary["run"]["state"] == "finished"
    assert done.summary["run"]["duration_s"] == pytest.approx(6, abs=0.2)
    asked = {point["start_s"]: point["asked_users"] for point in done.summary["timeline"]}
    assert [asked[second] for second in range(6)] == [2, 2, 9, 9, 3, 3]
    assert counts(done) == {"GET /counter": (received(target)["GET /counter"], 0)}


CERTIFICATES = """
    from locust import FastHttpUser, HttpUser, SequentialTaskSet, constant, task
    class Quick(FastHttpUser):
        wait_time = constant(30)
        @task
        def work(self): self.client.get("/counter", name="quick")
    class Plain(HttpUser):
        wait_time = constant(0.01)
        @task
        class Both(SequentialTaskSet):
            @task
            def careless(self): self.client.get("/counter", name="careless", verify=False)
            @task
            def careful(self): self.client.get("/counter", name="careful")
            @task
            def leave(self): self.user.stop()
"""


@pytest.mark.parametrize("client", ["genuine", "fast"])
@pytest.mark.parametrize("names", ["Plain", "Quick", "Quick,Plain"])
def test_certificates_are_looked_at_as_each_client_does(
    target: TargetProcess, json_file: Path, write: Write, client: str, names: str
) -> None:
    fast = ["--fast-http"] if client == "fast" else []
    path = f"{write(CERTIFICATES)}:{names}"
    options = ("-u", "2", "-t", "1s", "--json", json_file, *fast)
    done = kilobar("run", path, "-H", f"https://127.0.0.1:{target.https_port}", *options)
    one = {"Plain": 2, "Quick": 2, "Quick,Plain": 1}[names]
    quick = {"GET quick": (one, 0)} if "Quick" in names else {}
    plain = {"GET careless": (one, 0), "GET careful": (one, one)} if "Plain" in names else {}
    assert counts(done) == quick | plain
    assert set(done.errors) == ({"tls"} if plain else set())


def test_users_of_the_command_line_replace_a_shape_and_that_is_said(
    target: TargetProcess, json_file: Path, write: Write
) -> None:
    done = ran(target, json_file, write(SHAPE), "-u", "1", "-t", "1s")
    assert done.summary["run"]["duration_s"] == pytest.approx(1, abs=0.2)
    assert "Spike is not followed: --users replaces it" in done.stderr


def test_a_configuration_file_beside_it_says_the_load(target: TargetProcess, json_file: Path, write: Write) -> None:
    write(f"host = {target.url}\nusers = 2\nspawn-rate = 2\nrun-time = 1s\ntags = one\n", "locust.conf")
    path = write("""
        from locust import HttpUser, constant, tag, task
        class Two(HttpUser):
            wait_time = constant(5)
            @tag("one")
            @task
            def one(self): self.client.get("/counter")
            @task
            def two(self): self.client.get("/html")
        """)
    done = kilobar("run", path, "--json", json_file, cwd=path.parent)
    done.must_end_with(0)
    assert counts(done) == {"GET /counter": (2, 0)}
    assert done.summary["run"]["duration_s"] == pytest.approx(1, abs=0.2)


def test_a_client_of_its_own_counts_what_it_fires(json_file: Path, write: Write) -> None:
    path = write("""
        from locust import User, between, constant, task
        class Queue:
            def __init__(self, host, request): self.host, self.request, self.sent = host, request, 0
            def send(self, text):
                self.sent += 1
                broken = RuntimeError("no broker") if self.sent == 2 else None
                self.request.fire(request_type="QUEUE", name="send", response_time=5, response_length=len(text),
                                  exception=broken, context={"host": self.host})
        class QueueUser(User):
            abstract = True
            def __init__(self, environment):
                super().__init__(environment)
                self.client = Queue(self.host, environment.events.request)
        class Sender(QueueUser):
            host = "amqp://ann:secret@127.0.0.1:5672/jobs"
            wait_time = constant(30)
            @task
            def send(self):
                for _ in range(3): self.client.send("hello")
        """)
    done = kilobar("run", path, "-u", "2", "-t", "1s", "--json", json_file)
    done.must_end_with(1)
    assert counts(done) == {"QUEUE send": (6, 2)}
    series = done.series("QUEUE send")
    assert (series["kind"], series["bytes_in"]) == ("queue", 30)
    assert series["response_ms"]["max"] == pytest.approx(5, rel=0.01)
    assert "secret" not in json.dumps(done.summary)


def test_a_login_that_fails_and_quits_ends_the_run_before_anything_else(
    target: TargetProcess, json_file: Path, write: Write
) -> None:
    path = write("""
        from locust import HttpUser, constant, task
        class Guarded(HttpUser):
            wait_time = constant(0.1)
            def on_start(self):
                if self.client.post("/status/401").status_code != 200:
                    self.environment.runner.quit()
            @task
            def work(self): self.client.get("/counter")
        """)
    done = kilobar("run", path, "-H", target.url, "-u", "3", "-t", "20s", "--workers", "1", "--json", json_file)
    done.must_end_with(1)
    assert counts(done) == {"POST /status/401": (3, 3)}
    assert "runner.quit() was called (locustfile.py:7 in on_start)" in json.dumps(done.summary["events"])
    assert "nothing succeeded: all 3 requests failed" in done.reasons


def test_what_fails_outside_of_tasks_is_told_once(target: TargetProcess, json_file: Path, write: Write) -> None:
    path = write("""
        import gevent
        from locust import HttpUser, constant, events, task
        @events.request.add_listener
        def broken(**facts): raise ZeroDivisionError("a listener")
        @events.test_start.add_listener
        def spawn(**facts): gevent.spawn(watch)
        def watch(): raise LookupError("a greenlet")
        class Calm(HttpUser):
            wait_time = constant(0.05)
            @task
            def work(self): self.client.get("/counter")
        """)
    done = ran(target, json_file, path, "-u", "1", "-t", "1s", "--workers", "1")
    assert counts(done)["outside of tasks"] == (2, 2)
    assert done.ledger["ok"] == done.ledger["planned"] == counts(done)["GET /counter"][0]
    told = json.dumps(done.summary["samples"])
    assert "an event listener failed: ZeroDivisionError: a listener" in told
    assert "the greenlet watch failed: LookupError: a greenlet" in told


def test_tasks_that_never_return_do_not_hold_up_the_end(target: TargetProcess, json_file: Path, write: Write) -> None:
    path = write("""
        import time
        from locust import HttpUser, task
        class Endless(HttpUser):
            @task
            def work(self):
                while True:
                    self.client.get("/counter")
                    time.sleep(0.05)
        """)
    done = ran(target, json_file, path, "-u", "2", "-t", "1s", "--grace", "200ms", "--workers", "1")
    assert done.ledger["in_flight"] == done.ledger["planned"] == 2
    assert counts(done) == {"GET /counter": (received(target)["GET /counter"], 0)}


def test_test_functions_of_pytest_are_users_that_can_leave(
    target: TargetProcess, json_file: Path, write: Write
) -> None:
    path = write(
        """
        import time
        from locust.contrib.fasthttp import FastHttpSession
        def test_items(fastsession: FastHttpSession):
            fastsession.get("/counter").raise_for_status()
            time.sleep(0.05)
        """,
        "test_items.py",
    )
    done = ran(target, json_file, path, "-u", "2", "-t", "1s", "--workers", "1")
    assert done.ledger["in_flight"] == 0
    assert done.ledger["ok"] == done.ledger["planned"] == received(target)["GET /counter"] > 2


def test_a_host_may_be_set_by_a_listener(target: TargetProcess, json_file: Path, write: Write) -> None:
    path = write("""
        import os
        from locust import FastHttpUser, constant, events, task
        @events.test_start.add_listener
        def choose(environment, **kwargs): environment.host = os.environ["SHOP"]
        class Late(FastHttpUser):
            wait_time = constant(30)
            @task
            def work(self): self.client.get("/counter")
        """)
    done = kilobar("run", path, "-u", "2", "-t", "1s", "--json", json_file, env={"SHOP": target.url})
    done.must_end_with(0)
    assert counts(done) == {"GET /counter": (2, 0)}


def test_what_users_print_and_log_is_kept_where_the_run_was_started(
    target: TargetProcess, write: Write, json_file: Path
) -> None:
    path = write("""
        import logging
        from locust import User, constant, task
        class Loud(User):
            wait_time = constant(30)
            @task
            def work(self):
                print("printed")
                logging.info("logged")
        """)
    done = kilobar(
        "run", path, "-u", "1", "-t", "1s", "--json", json_file, "--", "--logfile", "out.log", cwd=path.parent
    )
    done.must_end_with(0)
    text = (path.parent / "out.log").read_text()
    assert "printed\n" in text
    assert "logged\n" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class A(HttpUser):\n    host = 'http://127.0.0.1:1'\nrun_single_user(A)\n", "starts Locust itself"),
        ("class A(HttpUser):\n    tasks = []\n", "A has no host"),
        ("class A(HttpUser):\n    host = '127.0.0.1:80'\n", "is no URL"),
        ("import nothing_like_that\n", "needs the module 'nothing_like_that', which is not installed"),
    ],
)
def test_a_file_that_cannot_be_run_is_refused_with_words(write: Write, text: str, words: str) -> None:
    path = write("from locust import HttpUser, run_single_user\n" + text)
    done = kilobar("run", path, "-u", "1", "-t", "1s", cwd=path.parent)
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_spawn_rate_is_refused_for_what_is_no_locustfile(write: Write) -> None:
    path = write("from kilobar import Press\nclass A(Press):\n    def press(self, row): pass\n", "own.py")
    done = kilobar("run", path, "-u", "2", "-r", "1", "-t", "1s")
    assert done.exit_code == 2
    assert "--spawn-rate is for locustfiles" in done.stderr


def test_the_users_of_a_killed_worker_are_restored_within_two_seconds(
    target: TargetProcess, json_file: Path, write: Write
) -> None:
    path = write("""
        from locust import FastHttpUser, constant, task
        class Steady(FastHttpUser):
            wait_time = constant(0.1)
            @task
            def work(self): self.client.get("/counter")
        """)
    options = ("-H", target.url, "-u", "10", "-t", "6s", "--workers", "2", "--json", json_file)
    with Going("run", path, *options) as going:
        victim = going.workers(2)[1]
        until(lambda: received(target).get("GET /counter", 0) > 100, "a hundred requests")
        os.kill(victim, signal.SIGKILL)
        done = going.end()
    (event,) = [event for event in done.summary["events"] if "lost" in event["text"]]
    timeline = {point["start_s"]: point for point in done.summary["timeline"]}
    after = [point["active_users"] for second, point in timeline.items() if event["at_s"] + 2 <= second < 6]
    assert len(after) >= 1
    assert after == [10] * len(after)
    assert done.ledger["failed"] == 0
