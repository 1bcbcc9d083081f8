import unittest
from pathlib import Path

import pytest

from kilobar.users.pytest_failure import is_skip, message_of, place_of, without_pytest


class Speechless(Exception):  # noqa: N818  # what somebody may have written
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AssertionError("assert 1 == 2\n  where 1 = f()"), "assert 1 == 2"),
        (AssertionError(), "AssertionError"),
        (ValueError("bad\nworse"), "ValueError: bad"),
        (KeyError("a"), "KeyError: 'a'"),
        (pytest.fail.Exception("on purpose"), "on purpose"),
        (Speechless(), "Speechless"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_is_told_by_its_first_line(error: BaseException, words: str) -> None:
    assert message_of(error) == words


def test_the_place_is_the_innermost_line_of_the_user() -> None:
    root = Path(__file__).parent
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("a")
    assert place_of(caught.value, root) == f"test_pytest_failure.py:{caught.traceback[0].lineno + 1}"
    assert place_of(caught.value, root / "elsewhere") is None
    assert place_of(ValueError("never raised"), root) is None


def test_a_traceback_begins_with_the_frames_of_the_user() -> None:
    with pytest.raises(ValueError, match="inner") as caught:
        _user_code()
    error = without_pytest(caught.value)
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_frame.f_globals["__name__"] == __name__


def test_both_ways_to_skip_are_skips() -> None:
    assert is_skip(pytest.skip.Exception("no"))
    assert is_skip(unittest.SkipTest("no"))
    assert not is_skip(pytest.fail.Exception("no"))


def _user_code() -> None:
    raise ValueError("inner")
