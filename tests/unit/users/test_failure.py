import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kilobar import StopUser
from kilobar.errors import InputError
from kilobar.users import failure
from kilobar.users.actor import StepFailed
from kilobar.users.failure import MAX_LINE, MAX_TRACEBACK, TRACEBACKS_OF_A_PLACE, Told, failure_of, told, told_in_a_line


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


def executed(code: str, file: str = "load.py") -> BaseException:
    return raised(lambda: exec(compile(code, file, "exec"), {}))


def test_code_that_cannot_be_loaded_has_its_place_and_the_way_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "load.py").write_text("def connect():\n    1 / 0\nconnect()\n")
    error = executed((tmp_path / "load.py").read_text(), str(tmp_path / "load.py"))
    while error.__traceback__ is not None and error.__traceback__.tb_frame.f_code.co_filename == __file__:
        error.__traceback__ = error.__traceback__.tb_next
    assert failure_of(error, "importing load.py").message == (
        "importing load.py failed: ZeroDivisionError: division by zero (load.py:2 in connect)"
        "\n  load.py:3 in <module>: connect()"
        "\n  load.py:2 in connect: 1 / 0"
    )


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        ("import sys; sys.exit()", "sys.exit() was called", "code that is pressed must not end"),
        ("import sys; sys.exit('no database')", "sys.exit('no database') was called", "code that is pressed must not"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt (", ""),
        (
            "open('/nowhere/at/all')",
            "FileNotFoundError: [Errno 2] No such file or directory",
            "relative paths start in",
        ),
        ("import yaml_nope", "ModuleNotFoundError: No module named 'yaml_nope'", "pip install yaml-nope"),
    ],
)
def test_every_end_of_loading_has_words_and_what_to_do(code: str, words: str, hint: str) -> None:
    failure = failure_of(executed(code), "importing load.py")
    assert failure.message.startswith(f"importing load.py failed: {words}")
    assert (failure.hint or "").startswith(hint)


def test_a_mistake_of_syntax_in_an_imported_module_has_its_place() -> None:
    failure = failure_of(executed("x =", "shop.py"), "importing load.py")
    assert (failure.code, failure.message) == ("code-syntax", "importing load.py failed: shop.py:1:4: invalid syntax")


def test_errors_of_kilobar_stay_as_they_are() -> None:
    error = InputError("no", hint="do")
    assert failure_of(error, "importing load.py") is error
