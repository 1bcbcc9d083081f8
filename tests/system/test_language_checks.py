"""Checks: counted one by one, failing or warning, with words that say what was wrong and no secret in them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .command import kilobar
from .listener import Answer, Seen, listening

Write = Callable[[str], Path]

BODY = '{"ok": true, "n": 7, "name": "Ann", "items": [1, 2]}'


def answer(_: Seen) -> Answer:
    return Answer(body=BODY, headers=(("content-type", "application/json"),))


def test_every_check_is_counted_by_name_and_a_warning_fails_nothing(scenario: Write, json_file: Path) -> None:
    with listening(answer) as server:
        file = scenario(
            f"""
target: {server.url}
steps:
  - get: /
    check:
      status: 200
      json: {{$.ok: true, $.n: {{gt: 3, le: 7}}, $.gone: {{exists: false}}}}
      header: {{content-type: {{contains: json}}}}
      regex: "Ann|Bob"
      contains: items
      size: {{lt: 1kB}}
      time: {{lt: 20s}}
      not: {{contains: error}}
      warn: {{json: {{$.name: Bob}}}}
load: {{rate: 40/s, for: 250ms}}
"""
        )
        done = kilobar("run", file, "--workers", "2", "--json", json_file)
    done.must_end_with(0)
    checks = done.summary["checks"]
    assert len(checks) == 11 + 1, "two bounds of a number are two checks"
    assert {(check["passed"], check["failed"]) for check in checks if not check["warn"]} == {(10, 0)}
    (warned,) = [check for check in checks if check["failed"]]
    assert "$.name" in warned["name"]
    assert (warned["passed"], warned["failed"]) == (0, 10)
    assert done.errors == {}
    assert warned["name"] in done.stdout


@pytest.mark.parametrize(
    ("check", "error", "words"),
    [
        ("{status: 201}", "status", "200"),
        ("{json: {$.n: 8}}", "check", "$.n"),
        ("{json: {$.gone: 8}}", "check", "$.gone"),
        ("{contains: nothing}", "check", "nothing"),
        ("{regex: '^x'}", "check", "^x"),
        ("{header: {content-type: text/html}}", "check", "content-type"),
        ("{size: {lt: 10B}}", "check", "size"),
        ("{not: {contains: Ann}}", "check", "Ann"),
        ("{name: the list, json: {$.ok: false}}", "check", "the list"),
    ],
)
def test_a_check_that_fails_fails_its_step_and_says_what_was_wrong(
    scenario: Write, json_file: Path, check: str, error: str, words: str
) -> None:
    with listening(answer) as server:
        file = scenario(
            f"target: {server.url}\nsteps: [{{get: /, check: {check}}}, {{get: /never}}]\n"
            "load: {rate: 20/s, for: 100ms}\n"
        )
        done = kilobar("run", file, "--workers", "1", "--json", json_file)
    assert server.paths() == ["/", "/"]
    assert done.errors == {error: 2}
    sample = done.summary["samples"][0]
    assert sample["error"] == error
    assert words in sample["message"]
    assert [entry["failed"] for entry in done.summary["checks"] if entry["failed"]] == [2]


def test_checks_behind_one_that_failed_are_counted_too(scenario: Write, json_file: Path) -> None:
    with listening(answer) as server:
        file = scenario(
            f"target: {server.url}\n"
            "steps: [{get: /, check: [{contains: no}, {contains: Ann}, {status: 404}]}]\n"
            "load: {rate: 20/s, for: 100ms}\n"
        )
        done = kilobar("run", file, "--workers", "1", "--json", json_file)
    assert [(check["passed"], check["failed"]) for check in done.summary["checks"]] == [(0, 2), (2, 0), (0, 2)]


def test_a_secret_that_a_check_compares_with_is_hidden_in_its_words(
    scenario: Write, json_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASS", "s3cr3t-pass")
    with listening(lambda _: Answer(body='{"p": "s3cr3t-pass", "q": "other"}')) as server:
        file = scenario(
            f"""
target: {server.url}
flows:
  - steps: [{{get: /, save: {{p: {{json: $.p}}}}, check: {{json: {{$.q: "${{env.PASS}}"}}}}}}]
  - steps: [{{get: /, check: {{contains: "x${{env.PASS}}"}}}}]
  - steps: [{{get: /, check: {{json: {{$.p: {{ne: "${{env.PASS}}"}}}}}}}}]
load: {{rate: 100/s, for: 200ms}}
"""
        )
        done = kilobar("run", file, "--workers", "1", "--json", json_file)
    assert done.errors == {"check": 20}
    assert "s3cr3t" not in json_file.read_text() + done.stdout
