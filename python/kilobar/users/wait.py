"""How long a user waits after a task: what `wait` of a class may be. An open load ignores it: arrivals decide there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from kilobar.errors import InputError
from kilobar.model.units import UnitError, parse_duration
from kilobar.users.dice import Dice

MAX_PAUSE_S = 86_400.0
_HINT = 'write seconds (1.5), "500ms", "1s..3s", between(1, 3), constant(2), pacing(5), or a method that gives seconds'


class Wait(Protocol):
    """A rule of how long to wait."""

    def pause_ns(self, dice: Dice, took_ns: int) -> int:
        """How long, after a task that took so long."""


class _Between:
    __slots__ = ("_from_ns", "_span_ns")

    def __init__(self, from_ns: int, until_ns: int) -> None:
        self._from_ns = from_ns
        self._span_ns = until_ns - from_ns

    def pause_ns(self, dice: Dice, took_ns: int) -> int:
        return self._from_ns + (int(dice.throw() * self._span_ns) if self._span_ns else 0)


class _Pacing:
    __slots__ = ("_every_ns",)

    def __init__(self, every_ns: int) -> None:
        self._every_ns = every_ns

    def pause_ns(self, dice: Dice, took_ns: int) -> int:
        return max(0, self._every_ns - took_ns)


def between(least_s: float, most_s: float) -> Wait:
    """Waits between so many seconds, evenly distributed. Raises InputError."""
    least_ns, most_ns = nanoseconds(least_s, "between()"), nanoseconds(most_s, "between()")
    if least_ns > most_ns:
        raise InputError(f"between({least_s}, {most_s}): the first bound is above the second", hint="swap them")
    return _Between(least_ns, most_ns)


def constant(seconds: float) -> Wait:
    """Waits so many seconds after each task. Raises InputError."""
    pause_ns = nanoseconds(seconds, "constant()")
    return _Between(pause_ns, pause_ns)


def pacing(seconds: float) -> Wait:
    """Begins a task every so many seconds; one that took longer is followed at once, and nothing is caught up.
    Raises InputError."""
    return _Pacing(nanoseconds(seconds, "pacing()"))


def wait_of(given: object, whose: str) -> Wait | Callable[[Any], float]:
    """What a class says in `wait`: a rule, or a function of the user that returns seconds. Raises InputError."""
    if given is None:
        return _Between(0, 0)
    if isinstance(given, str):
        return _wait_of_text(given, whose)
    if isinstance(given, int | float):
        pause_ns = nanoseconds(given, f"wait of {whose}")
        return _Between(pause_ns, pause_ns)
    if isinstance(given, _Between | _Pacing) or callable(given):
        return given
    raise InputError(f"wait of {whose} is {given!r:.100}", hint=_HINT)


def nanoseconds(seconds: object, what: str) -> int:
    """A pause in seconds as nanoseconds. Raises InputError for what is no number from 0 to a day."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise InputError(f"{what} is {seconds!r:.100}, which is no number of seconds", hint=_HINT)
    if not 0 <= seconds <= MAX_PAUSE_S:
        raise InputError(f"{what} is {seconds} seconds; it must be from 0 to {MAX_PAUSE_S:.0f}", hint=_HINT)
    return round(seconds * 1_000_000_000)


def _wait_of_text(text: str, whose: str) -> Wait:
    low, dots, high = text.partition("..")
    try:
        low_ns = parse_duration(low)
        high_ns = parse_duration(high) if dots else low_ns
    except UnitError as error:
        raise InputError(f"wait of {whose}: `{text:.100}` is {error}", hint=_HINT) from error
    if low_ns > high_ns:
        raise InputError(f"wait of {whose}: `{text:.100}`: the first bound is above the second", hint="swap them")
    return _Between(low_ns, high_ns)
