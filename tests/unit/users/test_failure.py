import json
from collections.abc import Callable
from typing import Any

import pytest

from kilobar import StopUser
from kilobar.users import failure
from kilobar.users.actor import StepFailed
from kilobar.users.failure import MAX_LINE, MAX_TRACEBACK, TRACEBACKS_OF_A_PLACE, Told, told, told_in_a_line


@pytest.fixture(autouse=True)
def _nothing_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure, "_told", {})


def raised(by: Callable[[], Any]) -> BaseException:
    try:
        by()
    except BaseException as error:
        return error
    raise AssertionError("it raised nothing")


def inner() -> None:
    raise TypeError("no\nway")


def test_the_first_line_says_what_and_where_and_the_others_how_it_came_there() -> None:
    first, *others = told(raised(lambda: inner())).splitlines()
    line = inner.__code__.co_firstlineno + 1
    assert first == f"TypeError: no way (tests/unit/users/test_failure.py:{line} in inner)"
    assert [other.split(":")[-1].strip() for other in others][-1] == 'raise TypeError("no\\nway")'
    assert len(others) == 3


def test_the_place_is_in_user_code_although_a_library_raised() -> None:
    first, *others = told(raised(lambda: json.loads("{"))).splitlines()
    assert first.startswith("JSONDecodeError: Expecting property name")
    assert first.endswith("in <lambda>)")
    assert "json/" in others[-1]


def test_an_assertion_without_words_shows_what_was_asserted() -> None:
    def check() -> None:
        status = 500
        assert status == 200

    assert told_in_a_line(raised(check)).startswith("AssertionError: assert ")


def test_only_the_first_failures_of_a_place_tell_how_they_came_there() -> None:
    lines = [len(told(raised(inner)).splitlines()) for _ in range(TRACEBACKS_OF_A_PLACE + 5)]
    assert all(count > 1 for count in lines[:TRACEBACKS_OF_A_PLACE])
    assert lines[TRACEBACKS_OF_A_PLACE:] == [1] * 5


def test_an_error_that_cannot_be_looked_into_is_told_by_its_name() -> None:
    class Code:
        def __repr__(self) -> str:
            raise ZeroDivisionError

    assert told(SystemExit(Code())) == "SystemExit: (more cannot be said of it)"


def test_places_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure, "MAX_PLACES", 0)
    assert "\n" not in told(raised(inner))
    assert failure._told == {}


def test_everything_is_bounded() -> None:
    def deep(n: int) -> None:
        if n:
            deep(n - 1)
        raise ValueError("x" * 100_000)

    message = told(raised(lambda: deep(200)))
    assert len(message) < MAX_LINE + MAX_TRACEBACK + 200
    assert len(told(StepFailed("status", "y" * 100_000))) == MAX_TRACEBACK


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Told("all is said"), "all is said"),
        (StepFailed("status", "status 500"), "status 500"),
        (SystemExit(), "sys.exit() was called"),
        (SystemExit(3), "sys.exit(3) was called"),
        (KeyError("name"), "KeyError: 'name'"),
        (ValueError(), "ValueError"),
        (ValueError("\udc80"), "ValueError: ?"),
        (ExceptionGroup("two", [StopUser(), ExceptionGroup("one", [OSError("down")])]), "OSError: down"),
    ],
    ids=repr,
)
def test_what_was_raised_is_told_in_words(error: BaseException, words: str) -> None:
    assert told(error) == words


def test_an_error_that_cannot_say_what_it_is_is_told_all_the_same() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise SystemExit

    assert told(MuteError()) == "MuteError: (its text cannot be had)"
