"""How an exchange is shown, and what `kilobar try` returns."""

import json
from pathlib import Path
from typing import Any

import pytest

from kilobar import _native
from kilobar.cli.main import execute

ATTEMPT: dict[str, Any] = {
    "flow": "browse",
    "step": "show item",
    "variables": [["page", "3"]],
    "redirects": [],
    "checks": [["status is 200", True], ["$.ok is true", False]],
    "request": "GET /items/7 HTTP/1.1\nhost: h\n",
    "response": "HTTP/1.1 200 OK\n\n{}",
    "status": 200,
    "phases_ns": [["connect", 1_500_000], ["wait", 2_000_000_000]],
    "bytes_in": 19,
    "saved": [["id", "7"]],
    "failure": None,
}


def shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *changes: dict[str, Any]
) -> tuple[int, str]:
    attempts = [json.dumps({**ATTEMPT, **change}) for change in changes]
    monkeypatch.setattr(_native, "attempt", lambda plan: attempts)
    code = execute(["try", "http://127.0.0.1:1/"])
    return code, capsys.readouterr().out


def test_an_exchange_is_shown_as_a_conversation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = shown(monkeypatch, capsys, {})
    assert code == 0
    assert out.splitlines() == [
        "browse · show item",
        "  with      page = 3",
        "  > GET /items/7 HTTP/1.1",
        "  > host: h",
        "  < HTTP/1.1 200 OK",
        "  < ",
        "  < {}",
        "  check     ✓ status is 200",
        "  check     ✗ $.ok is true",
        "  saved     id = 7",
        "  timing    connect 1.50 ms  wait 2.00 s; 19 B in",
        "",
        "1 exchange, 0 failed",
    ]


def test_a_failure_is_shown_with_its_class_and_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = {"failure": ["refused", "nobody there"], "response": "", "phases_ns": [], "saved": []}
    code, out = shown(monkeypatch, capsys, {}, refused)
    assert code == 1
    assert "  timing    no whole response\n  FAILED    nobody there (refused)" in out
    assert out.endswith("2 exchanges, 1 failed\n")


def test_a_long_response_is_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = shown(monkeypatch, capsys, {"response": "line\n" * 100})
    assert code == 0
    assert out.count("< line") == 40
    assert "< ... 60 more lines" in out


def test_redirects_are_shown_where_they_led_and_how_long_they_took(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hop = {"status": 302, "url": "http://h/new", "phases_ns": [["wait", 3_000_000]]}
    _, out = shown(monkeypatch, capsys, {"redirects": [hop]})
    assert "  < 302 leads to http://h/new  (wait 3.00 ms)\n  < HTTP/1.1 200 OK" in out


def test_a_step_that_is_no_request_is_shown_with_its_failure_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = {"step": "", "request": "", "response": "", "variables": [], "checks": [], "saved": [], "phases_ns": []}
    code, out = shown(monkeypatch, capsys, {**nothing, "failure": ["script", "no stock"]})
    assert code == 1
    assert out == "browse · a step that is no request\n  FAILED    no stock (script)\n\n0 exchanges, 1 failed\n"


def test_a_plan_that_the_engine_refuses_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(plan: str) -> list[str]:
        raise ValueError("cannot read the certificate authorities")

    monkeypatch.setattr(_native, "attempt", refuse)
    assert execute(["try", "http://127.0.0.1:1/"]) == 2
    assert "error[plan-refused]: cannot read the certificate authorities" in capsys.readouterr().err


def test_python_code_is_no_scenario_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kilobar.users.check._check_plan", lambda plan_json: None)
    file = tmp_path / "users.py"
    file.write_text("from kilobar import Press\nclass A(Press):\n    def press(self, row): pass\n")
    assert execute(["try", str(file)]) == 2
    assert f"kilobar run {file} --users 1" in capsys.readouterr().err
