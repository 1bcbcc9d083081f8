"""How an exchange is shown, and what `kilobar try` returns."""

import json
from typing import Any

import pytest

from kilobar import _native
from kilobar.cli.main import execute

ATTEMPT: dict[str, Any] = {
    "flow": "browse",
    "step": "show item",
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
        "== browse: show item",
        "> GET /items/7 HTTP/1.1",
        "> host: h",
        "< HTTP/1.1 200 OK",
        "< ",
        "< {}",
        "   connect 1ms500us  wait 2s  19 bytes in",
        "   saved id = 7",
        "",
        "1 exchanges, 0 failed",
    ]


def test_a_failure_is_shown_with_its_class_and_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = {"failure": ["refused", "nobody there"], "response": "", "phases_ns": [], "saved": []}
    code, out = shown(monkeypatch, capsys, {}, refused)
    assert code == 1
    assert "   no response\n   FAILED (refused): nobody there" in out
    assert out.endswith("2 exchanges, 1 failed\n")


def test_a_long_response_is_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = shown(monkeypatch, capsys, {"response": "line\n" * 100})
    assert code == 0
    assert out.count("< line") == 40
    assert "< ... 60 more lines" in out


def test_a_plan_that_the_engine_refuses_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(plan: str) -> list[str]:
        raise ValueError("cannot read the certificate authorities")

    monkeypatch.setattr(_native, "attempt", refuse)
    assert execute(["try", "http://127.0.0.1:1/"]) == 2
    assert "error[plan-refused]: cannot read the certificate authorities" in capsys.readouterr().err
