from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kilobar.target import TargetProcess

from .engine import Engine

Write = Callable[..., Path]
NAME, KIND, INTENDED, BEGAN, ENDED, IN, OUT, ERROR, MESSAGE = range(1, 10)


def steps(path: Path, count: int, host: str | None = None) -> list[list[Any]]:
    with Engine.of(path, {"host": host} if host else {}) as engine:
        engine.arrive(1)
        return engine.wait_for("count_step", count)


def fired(write: Write, facts: str) -> list[Any]:
    """The step that an event with these facts becomes."""
    path = write(f"""
        from locust import User, task, constant
        class Own(User):
            wait_time = constant(9)
            @task
            def work(self):
                self.environment.events.request.fire({facts})
        """)
    return steps(path, 1)[0]


def test_a_custom_protocol_is_counted_by_its_events(write: Write) -> None:
    step = fired(write, 'request_type="gRPC", name="/Shop/Buy", response_time=12.5, response_length=33')
    assert step[NAME] == "gRPC /Shop/Buy"
    assert step[KIND] == "grpc"
    assert step[ENDED] - step[BEGAN] == 12_500_000
    assert step[INTENDED] == step[BEGAN]
    assert (step[IN], step[OUT], step[ERROR], step[MESSAGE]) == (33, 0, None, None)


def test_methods_of_http_are_of_the_kind_http(write: Write) -> None:
    assert fired(write, 'request_type="GET", name="/", response_time=1')[KIND] == "http"
    assert fired(write, 'request_type="delete", name="/", response_time=1')[KIND] == "http"


@pytest.mark.parametrize("time", ["None", "-5", "float('nan')", "float('inf')", "'soon'"])
def test_what_is_no_time_counts_as_none(write: Write, time: str) -> None:
    step = fired(write, f'request_type="MSG", name="send", response_time={time}')
    assert step[ENDED] == step[BEGAN]


def test_names_and_messages_are_bounded(write: Write) -> None:
    step = fired(write, 'request_type="Q" * 99, name="x" * 9_999, response_time=1, exception=ValueError("y" * 9_999)')
    assert len(step[NAME]) == 300
    assert len(step[KIND]) == 40
    assert len(step[MESSAGE]) == 1_000


def test_a_measured_block_is_counted_with_its_exception(write: Write) -> None:
    path = write("""
        from locust import User, task, constant
        class Own(User):
            wait_time = constant(9)
            @task
            def work(self):
                with self.environment.events.request.measure("SQL", "select") as meta:
                    meta["response_length"] = 7
                    raise TimeoutError("no rows in time")
        """)
    step = steps(path, 1)[0]
    assert (step[NAME], step[KIND], step[IN], step[ERROR]) == ("SQL select", "sql", 7, "read_timeout")


CLIENTS = """
from locust import HttpUser, FastHttpUser, SequentialTaskSet, task, constant
class Plain({client}):
    wait_time = constant(0)
    @task
    class All(SequentialTaskSet):
        @task
        def good(self):
            self.client.get("/bytes/100", name="good")
        @task
        def status(self):
            self.client.get("/status/503", name="status")
        @task
        def check(self):
            with self.client.get("/", name="check", catch_response=True) as response:
                response.failure("not what I wanted")
        @task
        def rescued(self):
            with self.client.get("/status/404", name="rescued", catch_response=True) as response:
                response.success()
        @task
        def eof(self):
            self.client.get("/fault/close", name="eof")
        @task
        def refused(self):
            self.client.get("http://127.0.0.1:9/", name="refused")
        @task
        def slow(self):
            self.client.get("/fault/never", name="slow", timeout=0.05)
"""


@pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])
def test_requests_of_both_clients_are_counted_with_their_error_class(
    write: Write, target: TargetProcess, client: str
) -> None:
    text = CLIENTS.replace("{client}", client)
    if client == "FastHttpUser":
        text = text.replace(", timeout=0.05", "").replace("wait_time", "network_timeout = 0.2\n    wait_time", 1)
    found = {step[NAME]: step for step in steps(write(text), 7, target.url)[:7]}
    assert {name.removeprefix("GET "): step[ERROR] for name, step in found.items()} == {
        "good": None,
        "status": "status",
        "check": "check",
        "rescued": None,
        "eof": "eof",
        "refused": "refused",
        "slow": "read_timeout",
    }
    assert found["GET good"][IN] == 100
    assert found["GET check"][MESSAGE] == "check: not what I wanted"


def test_listeners_of_the_file_are_called_too_and_may_fail(write: Write, target: TargetProcess) -> None:
    path = write("""
        from locust import HttpUser, task, constant, events
        @events.request.add_listener
        def second(name, **kw):
            if name != "second":
                events.request.fire(request_type="LISTENER", name="second", response_time=0)
                raise ValueError("a mistake in a listener")
        class Plain(HttpUser):
            wait_time = constant(0.01)
            @task
            def work(self): self.client.get("/")
        """)
    names = [step[NAME] for step in steps(path, 5, target.url)[:5]]
    assert names == ["GET /", "LISTENER second", "outside of tasks", "GET /", "LISTENER second"]


def test_a_listener_may_end_its_user_and_the_request_is_still_counted(write: Write, target: TargetProcess) -> None:
    path = write("""
        from locust import HttpUser, task, events
        from locust.exception import StopUser
        @events.request.add_listener
        def enough(**kw): raise StopUser()
        class Plain(HttpUser):
            @task
            def work(self): self.client.get("/")
        """)
    with Engine.of(path, {"host": target.url}) as engine:
        engine.arrive(1)
        assert engine.wait_for("left") == [[0, True]]
        assert len(engine.said("count_step")) == 1


def test_a_request_outside_of_all_users_is_counted(write: Write) -> None:
    path = write("""
        from locust import User, task, constant, events
        @events.test_start.add_listener
        def prepare(**kw): events.request.fire(request_type="SETUP", name="data", response_time=3)
        class Own(User):
            @task
            def work(self): pass
        """)
    with Engine.of(path) as engine:
        assert engine.wait_for("count_step")[0][:3] == [0, "SETUP data", "setup"]
