import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kilobar.target import TargetProcess

from .engine import Engine

Write = Callable[..., Path]
BOTH = pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])
HEAD = """
import json
from locust import FastHttpUser, HttpUser, constant, events, task
def say(what):
    events.request.fire(request_type="SAY", name=json.dumps(what), response_time=0, response_length=0)
class Buyer({client}):
    wait_time = constant(9)
    @task
    def work(self):
"""


def ran(write: Write, target: TargetProcess, client: str, body: str) -> Engine:
    """The words of one iteration of a user whose task is `body`."""
    path = write(HEAD.replace("{client}", client) + textwrap.indent(textwrap.dedent(body), " " * 8))
    with Engine.of(path, {"host": target.url, "fast_http": True}) as engine:
        engine.arrive(1)
        engine.answer(lambda: engine.said("ended"))
        assert engine.said("ended")[0][3] is None or "expected" in engine.said("ended")[0][3], engine.said("ended")
        return engine


def steps(engine: Engine) -> list[Any]:
    return [(step[1], step[-2]) for step in engine.said("count_step")]


@BOTH
def test_a_request_is_sent_by_the_engine_and_counted_by_the_event(
    write: Write, target: TargetProcess, client: str
) -> None:
    engine = ran(write, target, client, 'self.client.get("/bytes/10", name="ten")')
    [[_, user, method, url, headers, body, timeout_ns, redirects]] = engine.said("request")
    assert (user, method, url, body, redirects) == (0, "GET", f"{target.url}/bytes/10", None, 30)
    assert timeout_ns > 0
    assert "gzip" in {name.lower(): value for name, value in headers}["accept-encoding"]
    [step] = engine.said("count_step")
    assert step[1:3] == ["GET ten", "http"]
    assert step[5] - step[4] == 7_000_000, "the time is that of the engine"
    assert step[6] == 10


@BOTH
def test_a_response_is_what_locustfiles_expect(write: Write, target: TargetProcess, client: str) -> None:
    engine = ran(
        write,
        target,
        client,
        """
        r = self.client.post("/inspect?a=1", json={"x": [1]}, params={"b": "2 3"}, headers={"X-Mine": "yes"},
                             auth=("ann", "secret"))
        seen = r.json()
        assert r.status_code == 200 and r.ok and r.text == r.content.decode()
        assert r.headers["content-type"] == r.headers["Content-Type"]
        assert r.elapsed.total_seconds() == 0.007
        assert r.url.startswith(self.host) and r.request.method == "POST"
        sent = {name.lower(): value for name, value in seen["headers"]}
        say([seen["method"], seen["path"], seen["query"], sent["x-mine"], sent["content-type"], sent["authorization"],
             json.loads(seen["body"])])
        """,
    )
    [_, (said, _)] = steps(engine)
    for part in (
        '"POST", "/inspect", "a=1&b=2+3", "yes", "application/json"',
        '"Basic YW5uOnNlY3JldA=="',
        '{"x": [1]}',
    ):
        assert part in said


@BOTH
def test_a_form_is_encoded(write: Write, target: TargetProcess, client: str) -> None:
    engine = ran(
        write,
        target,
        client,
        """
        seen = self.client.post("/inspect", data={"q": "a b", "n": 1}).json()
        say([seen["body"], [value for name, value in seen["headers"] if name.lower() == "content-type"]])
        """,
    )
    assert steps(engine)[1][0] == 'SAY ["q=a+b&n=1", ["application/x-www-form-urlencoded"]]'


@BOTH
def test_a_response_can_be_judged_by_the_file(write: Write, target: TargetProcess, client: str) -> None:
    engine = ran(
        write,
        target,
        client,
        """
        self.client.get("/status/503", name="expected status")
        with self.client.get("/status/404", name="fine", catch_response=True) as response:
            assert response.status_code == 404
            response.success()
        with self.client.get("/", name="bad", catch_response=True) as response:
            response.failure("expected more")
        with self.client.get("/status/500", name="unsaid", catch_response=True) as response:
            pass
        with self.rest("GET", "/inspect", name="rest") as response:
            assert response.js["path"] == "/never", "expected another path"
        """,
    )
    assert steps(engine) == [
        ("GET expected status", "status"),
        ("GET fine", None),
        ("GET bad", "check"),
        ("GET unsaid", "status"),
        ("GET rest", "check"),
    ]


@BOTH
def test_a_request_without_a_response_is_a_failure_of_its_class(
    write: Write, target: TargetProcess, client: str
) -> None:
    engine = ran(
        write,
        target,
        client,
        """
        r = self.client.get("http://127.0.0.1:9/", name="expected")
        assert r.status_code == 0 and not r.content
        with self.client.get("http://127.0.0.1:9/", name="expected too", catch_response=True) as r:
            assert r.status_code == 0
        """,
    )
    assert steps(engine) == [("GET expected", "refused"), ("GET expected too", "refused")]


@BOTH
def test_redirects_are_not_followed_when_that_is_said(write: Write, target: TargetProcess, client: str) -> None:
    engine = ran(write, target, client, 'say(self.client.get("/redirect/1", allow_redirects=False).status_code)')
    assert engine.said("request")[0][-1] == 0
    assert steps(engine)[1][0] == "SAY 302"


@BOTH
def test_requests_can_be_renamed(write: Write, target: TargetProcess, client: str) -> None:
    engine = ran(
        write,
        target,
        client,
        """
        with self.client.rename_request("any page"):
            self.client.get("/bytes/1")
        """,
    )
    assert steps(engine) == [("GET any page", None)]


def test_cookies_that_came_can_be_read_and_own_ones_are_sent(write: Write, target: TargetProcess) -> None:
    engine = ran(
        write,
        target,
        "HttpUser",
        """
        self.client.cookies.set("own", "1")
        r = self.client.get("/cookies/set?token=abc")
        say([r.cookies["token"], self.client.cookies["token"]])
        self.client.get("/cookies")
        """,
    )
    assert steps(engine)[1][0] == 'SAY ["abc", "abc"]'
    sent = [dict(request[4]).get("Cookie") for request in engine.said("request")]
    assert sent == ["own=1", "own=1"], "the engine itself sends what it has received"


@BOTH
def test_what_the_engine_cannot_do_is_done_by_the_genuine_client(
    write: Write, target: TargetProcess, client: str
) -> None:
    engine = ran(write, target, client, 'say(self.client.get("/bytes/5", stream=True).status_code)')
    assert engine.said("request") == []
    assert steps(engine)[-1][0] == "SAY 200"


@pytest.mark.parametrize(
    "own",
    [
        'self.client.mount("http://", __import__("requests").adapters.HTTPAdapter(max_retries=2))',
        'self.client.hooks["response"].append(lambda response, **rest: response)',
    ],
)
def test_adapters_and_hooks_of_the_file_are_left_to_the_genuine_client(
    write: Write, target: TargetProcess, own: str
) -> None:
    engine = ran(write, target, "HttpUser", f'{own}\nsay(self.client.get("/bytes/5").status_code)')
    assert engine.said("request") == []
    assert [name for name, _ in steps(engine)] == ["GET /bytes/5", "SAY 200"]


@pytest.mark.parametrize(
    "setting", ["max_retries = 1", "ssl_context_factory = __import__('ssl').create_default_context"]
)
def test_a_class_with_connections_of_its_own_kind_keeps_the_genuine_client(
    write: Write, target: TargetProcess, setting: str
) -> None:
    text = HEAD.replace("{client}", "FastHttpUser").replace("wait_time", f"{setting}\n    wait_time", 1)
    path = write(text + '        self.client.get("/bytes/5")\n')
    with Engine.of(path, {"host": target.url, "fast_http": True}) as engine:
        engine.arrive(1)
        engine.wait_for("ended")
        assert engine.said("request") == []
        assert [name for name, _ in steps(engine)] == ["GET /bytes/5"]


@BOTH
def test_other_users_go_on_while_one_waits_for_its_response(write: Write, target: TargetProcess, client: str) -> None:
    path = write(HEAD.replace("{client}", client) + '        self.client.get("/")\n')
    with Engine.of(path, {"host": target.url, "fast_http": True}) as engine:
        engine.arrive(20)
        engine.wait_for("request", 20)
        assert engine.said("ended") == []
        engine.answer(lambda: len(engine.said("ended")) == 20)


def test_a_client_of_the_files_own_stays_what_it_is(write: Write, target: TargetProcess) -> None:
    path = write("""
        from locust import HttpUser, task, constant
        from locust.clients import HttpSession
        class Mine(HttpSession):
            pass
        class Buyer(HttpUser):
            wait_time = constant(9)
            def __init__(self, environment):
                super().__init__(environment)
                self.client = Mine(self.host, environment.events.request, self)
            @task
            def work(self): self.client.get("/")
        """)
    with Engine.of(path, {"host": target.url, "fast_http": True}) as engine:
        engine.arrive(1)
        engine.wait_for("ended")
        assert engine.said("request") == []
        assert engine.said("count_step")[0][-2] is None
