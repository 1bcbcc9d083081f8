"""Who may use a connection again: what the target accepted, and what we say that we opened."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import Finished, kilobar

Write = Callable[[str], Path]

_OURS = 1
"""The connection on which the target is asked for its counters."""


def run(target: TargetProcess, scenario: Write, json_file: Path, text: str, *options: str) -> Finished:
    file = scenario(f"target: {target.url}\n{text}")
    done = kilobar("run", file, "--workers", "1", "--json", json_file, *options)
    assert done.errors == {}
    return done


def accepted(target: TargetProcess) -> int:
    return int(target.stats()["connections"]) - _OURS


def test_with_reuse_one_connection_serves_all_iterations_that_do_not_overlap(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    done = run(target, scenario, json_file, "connections: reuse\nsteps: [get: /]\nload: {users: 1, for: 500ms}")
    assert done.ledger["ok"] > 5
    assert accepted(target) == done.summary["connections"]["opened"] == 1


def test_with_per_user_each_user_has_one_connection_for_all_its_iterations(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    text = "connections: per_user\nsteps: [get: /, think: 5ms]\nload: {users: 5, for: 500ms}"
    done = run(target, scenario, json_file, text)
    assert done.ledger["ok"] > 10
    assert accepted(target) == done.summary["connections"]["opened"] == 5


def test_with_per_request_each_request_has_a_connection_of_its_own(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    text = "connections: per_request\nsteps: [get: /, get: /echo]\nload: {rate: 40/s, for: 500ms}"
    done = run(target, scenario, json_file, text)
    assert done.summary["total"]["count"] == 40
    assert accepted(target) == done.summary["connections"]["opened"] == 40
    assert done.summary["total"]["phases_ms"]["connect"]["count"] == 40
    assert done.summary["connections"]["open"] == 0


def test_a_connection_that_the_server_closed_while_it_was_idle_is_no_failure(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    text = "steps: [get: /fault/stale, think: 50ms]\nload: {users: 1, for: 600ms}"
    done = run(target, scenario, json_file, text)
    assert done.ledger["ok"] == done.summary["connections"]["opened"] > 1
    assert done.summary["connections"]["closed_idle"] == done.summary["connections"]["opened"] - 1


def test_a_body_that_ends_with_the_connection_needs_a_new_one_each_time(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    done = run(target, scenario, json_file, "steps: [get: /close-delimited/100]\nload: {rate: 20/s, for: 500ms}")
    assert done.summary["connections"]["opened"] == done.ledger["ok"] == 10


@pytest.mark.parametrize(("resumption", "resumed"), [("none", 0), ("per_user", 9), ("shared", 9)])
def test_tls_sessions_are_resumed_as_the_scenario_allows(
    target: TargetProcess, scenario: Write, json_file: Path, resumption: str, resumed: int
) -> None:
    file = scenario(
        f"target: https://127.0.0.1:{target.https_port}\n"
        f"tls: {{ca_file: {target.ca_file}, resumption: {resumption}}}\n"
        "connections: per_request\nsteps: [get: /]\nload: {rate: 20/s, for: 500ms}\n"
    )
    done = kilobar("run", file, "--workers", "1", "--max-in-flight", "1", "--json", json_file)
    stats = target.stats()
    handshakes = done.summary["connections"]["opened"]
    assert handshakes == stats["tls_handshakes"] == done.ledger["ok"] > 0
    assert done.summary["connections"]["tls_resumed"] == stats["tls_resumed"] == (handshakes - 1 if resumed else 0)
    assert done.summary["total"]["phases_ms"]["tls"]["count"] == handshakes


def test_a_certificate_of_a_trusted_authority_is_accepted(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    file = scenario(
        f"target: https://localhost:{target.https_port}\ntls: {{ca_file: {target.ca_file}}}\n"
        "steps: [get: /bytes/200000]\nload: {rate: 20/s, for: 500ms}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    done.must_end_with(0)
    assert done.ledger["ok"] == target.stats()["requests"] == 10
    assert "certificates are verified" in done.summary["environment"]["tls"]


def test_a_certificate_that_nobody_vouches_for_fails_the_run(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    file = scenario(
        f"target: https://127.0.0.1:{target.https_port}\nsteps: [get: /]\nload: {{rate: 20/s, for: 500ms}}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    done.must_end_with(1)
    assert done.errors == {"tls": 10}
    assert target.stats()["requests"] == 0
    assert "nothing succeeded" in done.reasons
    assert "certificate" in done.summary["samples"][0]["message"]


def test_a_certificate_for_another_name_is_refused(target: TargetProcess, scenario: Write, json_file: Path) -> None:
    file = scenario(
        f"target: https://127.0.0.2:{target.https_port}\ntls: {{ca_file: {target.ca_file}}}\n"
        "steps: [get: /]\nload: {rate: 20/s, for: 200ms}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    # The target listens on 127.0.0.1 alone, unless the system routes the whole block to it.
    assert set(done.errors) <= {"tls", "refused"}
    assert done.ledger["ok"] == 0


def test_insecure_works_and_every_report_says_so(
    target: TargetProcess, scenario: Write, json_file: Path, tmp_path: Path
) -> None:
    file = scenario(
        f"target: https://127.0.0.1:{target.https_port}\ntls: {{insecure: true}}\n"
        "steps: [get: /]\nload: {rate: 20/s, for: 500ms}\n"
    )
    html = tmp_path / "report.html"
    done = kilobar("run", file, "--json", json_file, "--html", html)
    done.must_end_with(0)
    assert done.ledger["ok"] == 10
    assert "insecure" in done.summary["environment"]["tls"]
    assert "insecure" in done.stdout or "not verified" in done.stdout
    assert "not verified" in html.read_text() or "insecure" in html.read_text()


def test_a_plain_server_on_the_other_end_of_tls_is_an_error_of_tls(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    file = scenario(
        f"target: https://127.0.0.1:{target.port}\ntls: {{insecure: true}}\n"
        "steps: [get: /]\nload: {rate: 10/s, for: 300ms}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    assert done.errors == {"tls": 3}
