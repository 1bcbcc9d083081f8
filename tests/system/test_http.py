"""Every well-behaved way to answer, against a real server: no request fails, and the bytes are right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import kilobar

Write = Callable[[str], Path]


@pytest.mark.parametrize(
    "step",
    [
        "{head: /bytes/100000}",
        "{get: /status/204, check: {status: 204}}",
        "{get: /status/304, check: {status: 304}}",
        "{get: /status/103, check: {status: 200}}",
        "{get: /status/302, check: {status: 302}}",
        "{get: /status/404, check: {status: 404}}",
        "{get: /chunked/50/1000}",
        "{get: /chunked/0/1}",
        "{get: /slow/2/10ms}",
        "{get: /close-delimited/100000}",
        "{get: /bytes/0}",
        "{get: /bytes/3000000}",
        "{get: /headers/60}",
        "{request: {method: DELETE, url: /echo}, check: {status: 2xx}}",
        "{post: /echo, json: {a: [1, 2.50, null, true, 'ü']}, save: {b: {json: $.body}}}",
    ],
)
def test_a_well_behaved_answer_is_no_failure(
    target: TargetProcess, scenario: Write, json_file: Path, step: str
) -> None:
    # The second step proves that what came before it left the connection in order.
    file = scenario(
        f"target: {target.url}\nsteps:\n  - {step}\n  - get: /status/200\nload: {{rate: 20/s, for: 300ms}}\n"
    )
    done = kilobar("run", file, "--workers", "1", "--json", json_file)
    done.must_end_with(0)
    assert done.errors == {}, done.summary["samples"]
    assert done.ledger["ok"] == 6
    assert done.summary["total"]["count"] == 12


def test_a_large_body_is_sent_whole(target: TargetProcess, scenario: Write, json_file: Path) -> None:
    body = "x" * 1_000_000
    file = scenario(f"target: {target.url}\nsteps: [{{post: /, body: {body}}}]\nload: {{rate: 10/s, for: 300ms}}\n")
    done = kilobar("run", file, "--json", json_file)
    assert done.errors == {}
    stats = target.stats()
    assert stats["requests"] == 3
    assert stats["bytes_in"] == done.summary["total"]["bytes_out"] > 3_000_000


def test_a_large_body_is_sent_whole_over_tls(target: TargetProcess, scenario: Write, json_file: Path) -> None:
    body = "x" * 1_000_000
    file = scenario(
        f"target: https://127.0.0.1:{target.https_port}\ntls: {{ca_file: {target.ca_file}}}\n"
        f"steps: [{{post: /, body: {body}}}]\nload: {{rate: 10/s, for: 300ms}}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    assert done.errors == {}
    assert target.stats()["requests"] == 3
    assert target.stats()["bytes_in"] > 3_000_000


def test_an_answer_that_does_not_wait_for_the_body_counts(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    file = scenario(
        f"target: {target.url}\nconnections: per_request\n"
        "steps: [{post: /fault/early, body: small}]\nload: {rate: 20/s, for: 300ms}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    assert done.errors == {}
    assert done.ledger["ok"] == 6


def test_an_answer_that_comes_before_a_large_body_is_sent_counts(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    body = "x" * 8_000_000
    file = scenario(
        f"target: {target.url}\nsteps: [{{post: /fault/early, body: {body}}}]\nload: {{rate: 10/s, for: 300ms}}\n"
    )
    done = kilobar("run", file, "--workers", "1", "--json", json_file)
    # A reset may overtake the answer, and the server may close just when the connection is used again: TCP has it so.
    assert set(done.errors) <= {"reset", "stale"}
    assert done.ledger["started"] == 3
    assert done.ledger["in_flight"] == 0


def test_saved_text_reaches_the_next_request_as_its_place_needs_it(target: TargetProcess, scenario: Write) -> None:
    text = r"""
steps:
  - post: /echo
    json: {value: 'a "quoted" & ünusual /value', id: 12345678901234567890, flag: true}
    save: {body: {json: $.body}}
  - post: /echo?q=${body}
    json: {again: "${body}"}
    save: {method: {json: $.method}, query: {json: $.query}}
load: {users: 1, for: 1s}
"""
    done = kilobar("try", scenario(f"target: {target.url}{text}"))
    assert done.exit_code == 0, done.stdout
    assert "2 exchanges, 0 failed" in done.stdout
    assert "q=%7B%22value%22" in done.stdout
    assert "12345678901234567890" in done.stdout
