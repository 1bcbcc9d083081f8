"""Functions of the user's own in Python: called, counted, and harmless whatever they do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .command import Finished, kilobar
from .listener import Listener, listening

Write = Callable[[str], Path]

FUNCTIONS = """
import sys
import time

def sign(text, n):
    return f"{text}-{n + 1}"

def account():
    return {"user": "ann", "ids": [1, 2]}

def refuse():
    raise ValueError("no stock left")

def leave():
    sys.exit(3)

def interrupt():
    raise KeyboardInterrupt

class Rude(Exception):
    def __str__(self):
        raise RuntimeError

def rude():
    raise Rude

def surrogate():
    return "\\ud800"

def chatter():
    print("chatter on stdout")
    print("chatter on stderr", file=sys.stderr)
    return 1

def sleepy():
    time.sleep(0.3)
    return "slept"

def keep_busy():
    until = time.perf_counter() + 0.0005
    while time.perf_counter() < until:
        pass
    return 0

def huge():
    return "x" * 2_000_000
"""


def called(
    scenario: Write, json_file: Path, tmp_path: Path, text: str, *, workers: int = 1
) -> tuple[Listener, Finished]:
    """A run beside a module `mine`; what the server received."""
    (tmp_path / "mine.py").write_text(FUNCTIONS)
    with listening() as server:
        done = kilobar("run", scenario(f"target: {server.url}\n{text}"), "--workers", str(workers), "--json", json_file)
    assert done.exit_code != 2, done.stderr
    return server, done


def test_what_a_function_returns_is_used_and_its_calls_are_counted(
    scenario: Write, json_file: Path, tmp_path: Path
) -> None:
    server, done = called(
        scenario,
        json_file,
        tmp_path,
        """
setup: [{set: {who: "${py.mine.account()}"}}, {get: "/setup/${who.user}"}]
steps:
  - {get: "/${py.mine.sign('a b', 7)}"}
  - {post: /, json: {again: "${py.mine.account()}", last: "${who.ids[1]}"}}
teardown: [{get: "/teardown/${py.mine.sign('end', 1)}"}]
load: {rate: 20/s, for: 500ms}
""",
        workers=2,
    )
    done.must_end_with(0)
    paths = server.paths()
    assert (paths[0], paths[-1]) == ("/setup/ann", "/teardown/end-2")
    assert paths.count("/a%20b-8") == 10
    assert {seen.body.replace(" ", "") for seen in server.seen if seen.method == "POST"} == {
        '{"again":{"user":"ann","ids":[1,2]},"last":2}'
    }
    calls = {series["name"]: series["count"] for series in done.summary["series"] if series["kind"] == "python"}
    assert sorted(calls.values()) == [10, 10]
    assert done.summary["total"]["count"] == 20, "calls are no requests"


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("refuse", "mine.refuse: ValueError: no stock left"),
        ("leave", "mine.leave: SystemExit: 3"),
        ("interrupt", "mine.interrupt: KeyboardInterrupt"),
        ("rude", "mine.rude: Rude"),
        ("surrogate", "mine.surrogate: UnicodeEncodeError"),
        ("huge", "mine.huge: it returned 2,000,002 bytes, at most 1,048,576 are allowed"),
    ],
)
def test_a_function_that_fails_fails_the_iteration_and_nothing_else(
    scenario: Write, json_file: Path, tmp_path: Path, function: str, words: str
) -> None:
    steps = f"steps: [{{get: /before}}, {{get: '/${{py.mine.{function}()}}'}}]\nload: {{rate: 40/s, for: 200ms}}\n"
    server, done = called(scenario, json_file, tmp_path, steps)
    assert server.paths() == ["/before"] * 8
    assert (done.ledger["started"], done.ledger["failed"]) == (8, 8)
    assert done.summary["samples"][0]["error"] == "script"
    assert done.summary["samples"][0]["message"].startswith(words)
    (series,) = [series for series in done.summary["series"] if series["kind"] == "python"]
    assert (series["count"], series["failed"], series["errors"]) == (8, 8, {"script": 8})


def test_what_a_function_prints_is_no_part_of_a_run(scenario: Write, json_file: Path, tmp_path: Path) -> None:
    server, done = called(
        scenario, json_file, tmp_path,
        "setup: [{set: {x: '${py.mine.chatter()}'}}]\nsteps: [{get: '/${py.mine.chatter()}'}]\n"
        "load: {rate: 100/s, for: 300ms}\n",
    )  # fmt: skip
    done.must_end_with(0)
    assert len(server.paths("/1")) == 30
    assert (done.stdout + done.stderr).count("chatter on") <= 2, "that of setup, which this process executes itself"


def test_a_slow_function_takes_no_time_of_requests_and_of_no_other_flow(
    scenario: Write, json_file: Path, tmp_path: Path
) -> None:
    server, done = called(
        scenario,
        json_file,
        tmp_path,
        """
flows:
  - {name: slow, weight: 1, steps: [{group: g, steps: [{set: {x: "${py.mine.sleepy()}"}}, {get: "/${x}"}]}]}
  - {name: plain, weight: 20, steps: [{get: /plain}]}
load: {rate: 100/s, for: 500ms}
""",
    )
    done.must_end_with(0)
    assert done.ledger["ok"] == 50
    (python,) = [series for series in done.summary["series"] if series["kind"] == "python"]
    assert python["response_ms"]["min"] >= 300
    assert done.series("GET /{x}")["response_ms"]["max"] < 300
    assert done.series("g")["response_ms"]["max"] < 300, "a call is no part of a group"
    assert server.paths().index("/slept") > 5, "the others went on meanwhile"


def test_many_calls_do_not_make_arrivals_late(scenario: Write, json_file: Path, tmp_path: Path) -> None:
    _, done = called(
        scenario,
        json_file,
        tmp_path,
        """
flows:
  - {name: python, steps: [{get: "/${py.mine.keep_busy()}"}]}
  - {name: plain, steps: [{get: /plain}]}
load: {rate: 400/s, for: 1s}
""",
        workers=2,
    )
    done.must_end_with(0)
    assert done.ledger["ok"] == 400
    (python,) = [series for series in done.summary["series"] if series["kind"] == "python"]
    assert python["count"] > 150
    assert done.summary["load"]["start_lag_ms"]["p50"] < 1 or done.blames_the_machine


def test_a_function_that_fails_in_setup_starts_no_load(scenario: Write, json_file: Path, tmp_path: Path) -> None:
    server, done = called(
        scenario, json_file, tmp_path,
        "setup: [{get: '/${py.mine.refuse()}'}]\nsteps: [{get: /}]\nload: {rate: 10/s, for: 300ms}\n",
    )  # fmt: skip
    assert (server.paths(), done.exit_code) == ([], 1)
    assert "no stock left" in done.reasons


def test_what_a_function_makes_of_a_secret_is_hidden(
    scenario: Write, json_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "s3cr3t-key")
    _, done = called(
        scenario, json_file, tmp_path,
        "steps: [{set: {s: \"${py.mine.sign('${env.KEY}', 1)}\"}}, {get: /}, {fail: 'bad ${s}'}]\n"
        "load: {rate: 10/s, for: 200ms}\n",
    )  # fmt: skip
    assert "bad ***" in str(done.summary["samples"])
    assert "s3cr3t" not in json_file.read_text()
