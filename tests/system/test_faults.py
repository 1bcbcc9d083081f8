"""Whatever a server does wrong: the run ends, every request is counted, and under the right class."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import Finished, kilobar
from .peers import refusing_port, silent_port, stale_server

Write = Callable[[str], Path]

LOAD = "load: {rate: 20/s, for: 300ms}\ngrace: 2s\n"
ITERATIONS = 6


def run(scenario: Write, json_file: Path, url: str, text: str) -> Finished:
    done = kilobar("run", scenario(f"target: {url}\n{text}\n{LOAD}"), "--workers", "1", "--json", json_file)
    assert done.ledger["planned"] == done.ledger["started"] == ITERATIONS
    assert done.summary["run"]["state"] == "finished"
    return done


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/fault/reset", "reset"),
        ("/fault/close", "eof"),
        ("/fault/half", "eof"),
        ("/fault/half-head", "eof"),
        ("/fault/garbage", "protocol"),
        ("/fault/extra", "protocol"),
        ("/fault/endless-header", "too_large"),
        ("/fault/endless-body", "too_large"),
        ("/fault/never", "read_timeout"),
        ("/fault/wrong-length", "read_timeout"),
        ("/status/500", "status"),
        ("/fault/flaky/1", "status"),
    ],
)
def test_a_fault_of_the_server_is_counted_under_its_class(
    target: TargetProcess, scenario: Write, json_file: Path, path: str, error: str
) -> None:
    text = f"steps: [{{get: {path}, timeout: 300ms}}]\nlimits: {{head: 8KiB, body: 64KiB}}"
    done = run(scenario, json_file, target.url, text)
    done.must_end_with(1)
    assert done.errors == {error: ITERATIONS}
    assert done.ledger["failed"] == ITERATIONS
    assert target.stats()["requests"] == ITERATIONS
    assert "nothing succeeded" in done.reasons
    assert error in done.stdout
    sample = done.summary["samples"][0]
    assert sample["error"] == error
    assert sample["request"].startswith(f"GET {path}")
    assert sample["message"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{get: /echo, save: {id: {json: $.nowhere.id}}}", "$.nowhere.id"),
        ("{get: /, save: {id: {json: $.id}}}", "not JSON"),
    ],
)
def test_a_value_that_cannot_be_saved_is_counted_under_extract(
    target: TargetProcess, scenario: Write, json_file: Path, step: str, message: str
) -> None:
    done = run(scenario, json_file, target.url, f"steps:\n  - {step}\n  - get: /items/${{id}}")
    done.must_end_with(1)
    assert done.errors == {"extract": ITERATIONS}
    assert target.stats()["requests"] == ITERATIONS, "an iteration ends with its first failed step"
    assert message in done.summary["samples"][0]["message"]
    assert done.summary["samples"][0]["response"].startswith("HTTP/1.1 200")


def test_a_target_that_refuses_fails_the_run_and_the_verdict_says_so(scenario: Write, json_file: Path) -> None:
    with refusing_port() as port:
        done = run(scenario, json_file, f"http://127.0.0.1:{port}", "steps: [get: /]")
    done.must_end_with(1)
    assert done.errors == {"refused": ITERATIONS}
    assert f"all {ITERATIONS} requests failed (refused {ITERATIONS})" in done.reasons


def test_users_of_a_target_that_refuses_do_not_make_the_run_invalid(json_file: Path) -> None:
    with refusing_port() as port:
        done = kilobar("run", f"http://127.0.0.1:{port}/", "--users", "4", "--for", "2s", "--json", json_file)
    done.must_end_with(1)
    assert done.errors == {"refused": done.ledger["started"]}
    assert "users were active" not in done.reasons, "that they pause is the target's doing"


def test_a_server_that_does_not_accept_runs_into_the_connect_timeout(scenario: Write, json_file: Path) -> None:
    with silent_port() as port:
        done = run(scenario, json_file, f"http://127.0.0.1:{port}", "connect_timeout: 200ms\nsteps: [get: /]")
    done.must_end_with(1)
    assert done.errors == {"connect_timeout": ITERATIONS}


def test_a_name_that_does_not_exist_is_counted_under_dns(scenario: Write, json_file: Path) -> None:
    done = run(scenario, json_file, "http://does-not-exist.invalid", "steps: [get: /]\nallow: does-not-exist.invalid")
    done.must_end_with(1)
    # Without any name server the system may think about it for longer than the run waits.
    assert set(done.errors) <= {"dns", "connect_timeout"}
    assert "does-not-exist.invalid" in done.summary["samples"][0]["message"]


def test_a_public_address_is_not_loaded_without_consent(scenario: Write, json_file: Path) -> None:
    # An address of the block that is reserved for documentation: nothing is there, and nothing must be sent there.
    done = run(scenario, json_file, "http://203.0.113.1", "steps: [get: /]")
    done.must_end_with(1)
    assert done.errors == {"blocked": ITERATIONS}
    assert "--allow" in done.summary["samples"][0]["message"]


def test_a_kept_connection_that_the_server_closes_on_a_request_is_stale_and_the_request_is_not_repeated(
    scenario: Write, json_file: Path
) -> None:
    with stale_server() as port:
        file = scenario(
            f"target: http://127.0.0.1:{port}\nsteps: [think: 10ms, get: /]\nload: {{users: 1, for: 300ms}}\n"
        )
        done = kilobar("run", file, "--json", json_file)
    assert done.errors == {"stale": done.ledger["failed"]}
    assert done.ledger["ok"] - done.ledger["failed"] in (0, 1)
    assert "not repeated" in done.summary["samples"][0]["message"]


def test_what_is_still_in_flight_when_the_grace_is_over_stays_in_the_ledger(
    target: TargetProcess, json_file: Path
) -> None:
    done = kilobar(
        "run", f"{target.url}/fault/never", "--rate", "20/s", "--for", "300ms", "--grace", "100ms", "--json", json_file
    )
    assert done.ledger["in_flight"] == ITERATIONS == done.ledger["started"]
    assert "no request ended" in done.reasons


def test_errors_that_no_threshold_judges_pass_and_are_spoken_of(target: TargetProcess, json_file: Path) -> None:
    done = kilobar("run", f"{target.url}/fault/flaky/0.5", "--rate", "100/s", "--for", "500ms", "--json", json_file)
    done.must_end_with(0)
    assert done.ledger["ok"] > 0 < done.ledger["failed"]
    assert "no threshold judges that" in done.reasons or done.blames_the_machine


def test_a_threshold_that_does_not_hold_fails_the_run(target: TargetProcess, json_file: Path) -> None:
    done = kilobar(
        "run", f"{target.url}/delay/30ms", "--rate", "50/s", "--for", "500ms", "--json", json_file,
        "--threshold", "p50 < 20ms", "--threshold", "errors < 0.1%",
    )  # fmt: skip
    done.must_end_with(1)
    broken, held = done.summary["thresholds"]
    assert not broken["ok"]
    assert broken["value"] >= 29.9
    assert held["ok"]
    assert "p50 < 20ms" in done.reasons
