"""Samples of failed exchanges: enough to see what failed, never a secret, never more than a few."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import kilobar

Write = Callable[[str], Path]

PASSWORD = "pa55-from-the-environment"
TOKEN = "t0ken-in-a-header"
STEPS = f"""
headers: {{authorization: Bearer {TOKEN}, cookie: "sid={TOKEN}", x-key: "${{env.SECRET_KEY}}"}}
steps:
  - post: /echo?key=${{env.SECRET_KEY}}
    name: echo
    json: {{password: "${{env.SECRET_KEY}}", visible: "as it stands"}}
    check: {{status: 418}}
load: {{rate: 100/s, for: 500ms}}
"""


def test_no_secret_is_in_any_report_although_the_server_sends_it_back(
    target: TargetProcess, scenario: Write, json_file: Path, tmp_path: Path
) -> None:
    html, junit = tmp_path / "report.html", tmp_path / "report.xml"
    file = scenario(f"target: {target.url}{STEPS}")
    env = {"SECRET_KEY": PASSWORD}
    done = kilobar("run", file, "--json", json_file, "--html", html, "--junit", junit, env=env)
    done.must_end_with(1)
    assert done.errors == {"status": 50}
    shown = "\n".join([done.stdout, done.stderr, json_file.read_text(), html.read_text(), junit.read_text()])
    assert "as it stands" in shown
    assert PASSWORD not in shown
    assert f"authorization: Bearer {TOKEN}" not in shown
    sample = done.summary["samples"][0]
    assert "authorization: ***" in sample["request"]
    assert "cookie: ***" in sample["request"]
    assert TOKEN not in shown


def test_a_trial_shows_no_secret_although_the_server_sends_it_back(target: TargetProcess, scenario: Write) -> None:
    done = kilobar("try", scenario(f"target: {target.url}{STEPS}"), env={"SECRET_KEY": PASSWORD})
    assert done.exit_code == 1
    assert "as it stands" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_the_plan_that_check_prints_shows_no_secret(target: TargetProcess, scenario: Write) -> None:
    done = kilobar("check", "--plan", scenario(f"target: {target.url}{STEPS}"), env={"SECRET_KEY": PASSWORD})
    assert done.exit_code == 0
    assert PASSWORD not in done.stdout + done.stderr


ROWS = """
data: {users: {rows: [{name: ann, password: "${env.ROW_KEY}"}]}}
steps:
  - post: /echo
    auth: {basic: {user: "${users.name}", password: "${users.password}"}}
    json: {given: "${users.password}", visible: "as it stands"}
    check: {json: {$.body: "${env.EXPECTED}"}}
  - fail: "no ${users.password}"
load: {rate: 100/s, for: 200ms}
"""
ROW_ENV = {"ROW_KEY": "r0w-secret-of-the-environment", "EXPECTED": "expected-secret"}


@pytest.mark.parametrize("command", ["run", "try"])
def test_a_secret_of_a_row_is_hidden_also_in_the_words_of_a_failure(
    command: str, target: TargetProcess, scenario: Write, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    options = ["--json", report] if command == "run" else []
    done = kilobar(command, scenario(f"target: {target.url}{ROWS}"), *options, env=ROW_ENV)
    assert done.exit_code == 1
    shown = done.stdout + done.stderr + (report.read_text() if options else "")
    assert "as it stands" in shown
    assert "$.body is ${env.EXPECTED}: it is" in shown
    for secret in (*ROW_ENV.values(), base64.b64encode(f"ann:{ROW_ENV['ROW_KEY']}".encode()).decode()):
        assert secret not in shown


def test_the_plan_shows_no_secret_of_a_row_or_of_an_expression(target: TargetProcess, scenario: Write) -> None:
    text = ROWS.replace("  - fail", '    save: {x: {regex: "${env.EXPECTED}=(.)"}}\n  - fail')
    done = kilobar("check", "--plan", scenario(f"target: {target.url}{text}"), env=ROW_ENV)
    assert done.exit_code == 0
    assert '"***=(.)"' in done.stdout
    assert not any(secret in done.stdout for secret in ROW_ENV.values())


def test_there_are_few_samples_and_each_is_short(target: TargetProcess, scenario: Write, json_file: Path) -> None:
    file = scenario(
        f"target: {target.url}\nsteps: [{{get: /bytes/200000, check: {{status: 418}}}}]\n"
        "load: {rate: 400/s, for: 1s}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    assert done.errors == {"status": 400}
    samples = done.summary["samples"]
    assert 1 <= len(samples) <= 100
    assert max(len(sample["response"]) for sample in samples) <= 8192
