from __future__ import annotations

from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users.actor import StepFailed
from kilobar.users.response import Response

from .fake_engine import FakeEngine, response_order


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    return FakeEngine(monkeypatch)


def response(**order: Any) -> Response:
    return Response(response_order(**order), 1, "GET /")


def test_a_response_shows_what_came() -> None:
    came = response(url="http://target/end")
    assert (came.status, came.ok, came.error, came.url, came.took_ns) == (
        200,
        True,
        None,
        "http://target/end",
        5_000_000,
    )
    assert came.headers["content-type"] == "application/json"
    assert came.headers is came.headers
    assert (came.content, came.text, came.json()) == (b'{"ok": true}', '{"ok": true}', {"ok": True})


def test_nothing_came_is_a_status_of_zero_and_an_empty_body() -> None:
    came = response(status=0, head=b"", body=None, error="refused", message="nothing listens")
    assert (came.status, came.ok, came.error, came.message) == (0, False, "refused", "nothing listens")
    assert (came.content, came.text, dict(came.headers), came.cookies) == (b"", "", {}, {})


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (b"text/html; charset=ISO-8859-1", b"\xe9", "é"),
        (b'text/html; Charset="windows-1252"', b"\x80", "€"),
        (b"text/html", "é".encode(), "é"),
        (b"text/html; charset=nobody-knows", "é".encode(), "é"),
        (b"text/html", b"\xff", "�"),
    ],
)
def test_text_is_read_in_its_charset(content_type: bytes, body: bytes, text: str) -> None:
    assert response(head=b"HTTP/1.1 200\r\nContent-Type: " + content_type + b"\r\n\r\n", body=body).text == text


def test_cookies_are_those_that_the_response_sets() -> None:
    head = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1=2; Path=/; HttpOnly\r\nSet-Cookie: b=\r\nSet-Cookie: broken\r\n\r\n"
    assert response(head=head).cookies == {"a": "1=2", "b": ""}


def test_a_body_that_is_no_json_raises_what_the_standard_library_raises() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        response(body=b"<html>").json()


def test_a_check_that_holds_returns_the_response(engine: FakeEngine) -> None:
    came = response()
    checked = came.check(
        status="2xx", contains=["ok", b"true"], text='{"ok": true}', json={"$.ok": True},
        header={"content-type": "application/json"}, max_s=1, predicate=lambda each: each.ok,
    )  # fmt: skip
    assert checked is came
    assert engine.failed == []


def test_a_check_that_fails_turns_the_counted_step_bad_once(engine: FakeEngine) -> None:
    came = response()
    for _ in range(2):
        with pytest.raises(StepFailed, match=r"^GET /: status is 200, not 404$") as failed:
            came.check(status=404)
        assert failed.value.error == "check"
    assert engine.failed == [(1, "GET /", "http", "check", "status is 200, not 404")]
    assert (came.ok, came.error, came.message) == (False, "check", "status is 200, not 404")


def test_only_the_first_of_several_problems_is_told(engine: FakeEngine) -> None:
    with pytest.raises(StepFailed, match="contain"):
        response().check(contains="x", max_s=0.001)
    assert len(engine.failed) == 1


def test_a_step_that_has_failed_already_is_not_counted_again(engine: FakeEngine) -> None:
    came = response(status=500, error="status", message="status 500")
    with pytest.raises(StepFailed, match="status 500") as failed:
        came.check(max_s=10)
    assert failed.value.error == "status"
    assert engine.failed == []


def test_user_code_can_say_itself_that_a_step_failed(engine: FakeEngine) -> None:
    with pytest.raises(StepFailed, match="sold out"):
        response().fail("sold out")
    assert engine.failed == [(1, "GET /", "http", "check", "sold out")]


def test_a_check_of_nothing_is_refused(engine: FakeEngine) -> None:
    with pytest.raises(InputError, match="checks nothing"):
        response().check()


def test_its_repr_says_what_it_is_and_shows_no_content() -> None:
    assert repr(response(body=b"secret")) == "<Response 200 of GET />"
    assert repr(response(status=0, error="refused")) == "<Response refused of GET />"
