"""A `LoadTestShape`, asked for its whole course before the run: our schedule is made of the answers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kilobar.errors import InputError
from kilobar.users.guest.stages import Piece, joined

LONGEST_S = 24 * 3600
"""A shape that has not ended by then is cut there."""


@dataclass(slots=True)
class Course:
    """What a shape wants, from its start to its end."""

    pieces: list[Piece]
    ended: bool
    """Whether the shape itself has ended; if not, it was cut."""
    classes: list[tuple[float, list[str] | None]] = field(default_factory=list)
    """From when on new users are of which classes only; None: of all."""


class SimulatedClock:
    """The time that a shape sees, instead of the real one."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self._real = {name: getattr(time, name) for name in ("time", "monotonic", "perf_counter")}
        self._start = {name: read() for name, read in self._real.items()}

    def _read(self, name: str) -> Callable[[], float]:
        return lambda: self._start[name] + self.elapsed_s

    @contextmanager
    def in_place(self, shape: object) -> Iterator[None]:
        """Within it, the shape's code reads this clock: by `time.time()`, and by names it has imported."""
        module = sys.modules.get(type(shape).__module__)
        imported = {
            alias: name
            for alias, value in (vars(module) if module else {}).items()
            for name, real in self._real.items()
            if value is real
        }
        try:
            for name in self._real:
                setattr(time, name, self._read(name))
            for alias, name in imported.items():
                setattr(module, alias, self._read(name))
            yield
        finally:
            for name, real in self._real.items():
                setattr(time, name, real)
            for alias, name in imported.items():
                setattr(module, alias, self._real[name])


def course_of(shape: Any, set_users: Callable[[int], None], longest_s: float = LONGEST_S) -> Course:
    """Ticks the shape once a second, as Locust does, until it returns None or `longest_s` are over.

    `set_users` is told how many users there would be before each tick. Raises InputError when a tick raises or gives
    what is no tick.
    """
    clock = SimulatedClock()
    pieces: list[Piece] = []
    classes: list[tuple[float, list[str] | None]] = []
    users, at_rest = 0.0, True
    with clock.in_place(shape):
        _asked(shape.reset_time, shape, 0.0)
        while clock.elapsed_s < longest_s:
            set_users(round(users))
            answer = _asked(shape.tick, shape, clock.elapsed_s)
            if answer is None:
                return Course(joined(pieces), True, classes)
            target, rate_per_s, names = _read_tick(answer, shape, clock.elapsed_s)
            if not classes or classes[-1][1] != names:
                classes.append((clock.elapsed_s, names))
            end_s = min(clock.elapsed_s + 1, longest_s)
            for piece in _second(clock.elapsed_s, end_s, users, target, rate_per_s, at_rest):
                pieces.append(piece)
                users = piece.users_to
            at_rest = users == target
            clock.elapsed_s = end_s
    return Course(joined(pieces), False, classes)


def _second(start_s: float, end_s: float, users: float, target: int, rate_per_s: float, at_rest: bool) -> list[Piece]:
    """One second on the way to the target at the asked spawn rate."""
    missing = target - users
    needed_s = abs(missing) / rate_per_s
    # Locust spawns the users of a whole second at once: what needs no longer is a step, not a ramp.
    if not missing or (at_rest and needed_s <= 1):
        return [Piece(start_s, end_s, target, target)]
    if start_s + needed_s >= end_s:
        step = rate_per_s * (end_s - start_s)
        return [Piece(start_s, end_s, users, users + (step if missing > 0 else -step))]
    reached_s = start_s + needed_s
    return [Piece(start_s, reached_s, users, target), Piece(reached_s, end_s, target, target)]


def _asked(question: Callable[[], Any], shape: object, elapsed_s: float) -> Any:
    try:
        return question()
    except Exception as error:
        raise InputError(
            f"{type(shape).__name__}.{question.__name__}() failed {elapsed_s:.0f} s after the start: "
            f"{type(error).__name__}: {error}",
            hint="a shape is asked for its whole course before the run, with a clock that is set for it",
        ) from error


def _read_tick(answer: Any, shape: object, elapsed_s: float) -> tuple[int, float, list[str] | None]:
    try:
        target, rate_per_s, *rest = answer
        target, rate_per_s = round(target), float(rate_per_s)
        names = [each if isinstance(each, str) else each.__name__ for each in rest[0]] if rest and rest[0] else None
        if target < 0 or not rate_per_s > 0 or len(rest) > 1:
            raise ValueError
    except (TypeError, ValueError, AttributeError):
        raise InputError(
            f"{type(shape).__name__}.tick() gave {answer!r} {elapsed_s:.0f} s after the start",
            hint="give (users, spawn rate above 0) or (users, spawn rate, user classes), None to end",
        ) from None
    return target, rate_per_s, names
