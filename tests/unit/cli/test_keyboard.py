"""Keys while a run goes: + and - change the load, everything else does nothing, the terminal is given back."""

import io
import os
import pty
import termios
from collections.abc import Iterator

import pytest

from kilobar.cli.keyboard import LOAD_STEP, Keyboard


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Makes standard input a terminal; the end that types."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield ours
    os.close(ours)


def press(terminal: int, keys: str) -> list[float]:
    factors: list[float] = []
    with Keyboard(factors.append) as keyboard:
        ((_, read),) = keyboard.inputs().items()
        os.write(terminal, keys.encode())
        assert read()
    return factors


@pytest.mark.parametrize(
    ("keys", "factors"),
    [
        ("+", [LOAD_STEP]),
        ("=", [LOAD_STEP]),
        ("-", [1 / LOAD_STEP]),
        ("_", [1 / LOAD_STEP]),
        ("++-", [LOAD_STEP, LOAD_STEP, 1 / LOAD_STEP]),
        ("x7 \t", []),
        ("é+", [LOAD_STEP]),
        ("\x1b[A", []),
    ],
)
def test_keys_change_the_load(terminal: int, keys: str, factors: list[float]) -> None:
    assert press(terminal, keys) == factors


def test_plus_and_minus_cancel_out(terminal: int) -> None:
    up, down = press(terminal, "+-")
    assert up * down == pytest.approx(1)


def test_the_terminal_is_as_it_was_found(terminal: int) -> None:
    before = termios.tcgetattr(terminal)
    with Keyboard(lambda factor: None):
        during = termios.tcgetattr(terminal)
        assert not during[3] & termios.ECHO
        assert not during[3] & termios.ICANON
        assert during[3] & termios.ISIG, "Ctrl-C stays a signal"
    assert termios.tcgetattr(terminal) == before


@pytest.mark.parametrize("stdin", [io.StringIO("+"), None])
def test_elsewhere_than_at_a_terminal_nothing_is_watched(
    monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    with Keyboard(lambda factor: None) as keyboard:
        assert keyboard.inputs() == {}
