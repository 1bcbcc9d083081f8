"""What a run shows while it goes: a picture on a terminal, plain lines everywhere else.

The plain lines are for logs and for `grep`: one line a look, always the same fields in the same order.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from kilobar.model.live import Live
from kilobar.report import numbers

if TYPE_CHECKING:
    from kilobar.cli.live_screen import LiveScreen

_EVERY_SECOND_UNTIL_S = 5.0
_LATER_EVERY_S = 5.0


class _Face(Protocol):
    def show(self, live: Live) -> None: ...

    def close(self) -> None: ...


def is_interactive(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a picture that changes can be drawn on `stream`: a terminal with a person at it."""
    if environ.get("TERM", "") in ("", "dumb") or environ.get("CI", "") not in ("", "0", "false"):
        return False
    return stream.isatty()


class LiveView:
    """Shows a run once a second. Use as a context manager, so that the terminal is left as it was found."""

    def __init__(self, stream: TextIO | None = None, *, environ: Mapping[str, str] = os.environ) -> None:
        out = stream or sys.stdout
        self.interactive = is_interactive(out, environ)
        self._face: _Face = _screen(out) if self.interactive else PlainLines(out)

    def show(self, live: Live) -> None:
        """Shows this moment, or leaves it out when the last line is too young."""
        self._face.show(live)

    def close(self) -> None:
        """Ends the view. The summary is printed by whoever opened it."""
        self._face.close()

    def __enter__(self) -> LiveView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _screen(stream: TextIO) -> LiveScreen:
    # rich costs more to import than a short run in a pipeline should pay.
    from kilobar.cli.live_screen import LiveScreen

    return LiveScreen(stream)


class PlainLines:
    """One line a second for the first five seconds, then one every five; changes of phase and events at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next_s = 1.0
        self._phase = "starting"
        self._events = 0

    def show(self, live: Live) -> None:
        """Writes what is due."""
        for event in live.so_far.events[self._events :]:
            self._write(f"{_at(event.at_s)}  event: {' '.join(event.text.split())}")
        self._events = len(live.so_far.events)
        if live.phase != self._phase:
            self._phase = live.phase
            if live.phase == "draining":
                self._write(f"{_at(live.elapsed_s)}  {draining(live)}")
        if live.latest is not None and live.phase == "running" and live.elapsed_s >= self._next_s:
            self._write(plain_line(live))
            self._next_s = _next_due(live.elapsed_s)

    def close(self) -> None:
        """Nothing to undo."""

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def _next_due(elapsed_s: float) -> float:
    """The next moment at which a line is due; moments that were missed are not made up for."""
    every_s = 1.0 if elapsed_s < _EVERY_SECOND_UNTIL_S else _LATER_EVERY_S
    return (int(elapsed_s / every_s) + 1) * every_s


def _at(elapsed_s: float) -> str:
    return f"{elapsed_s:6.1f}s"


def plain_line(live: Live) -> str:
    """One moment of a run on one line: the newest second, and all errors so far."""
    point = live.latest
    if point is None:
        return f"{_at(live.elapsed_s)}  {live.phase}"
    times = point.response_ms
    measured = (
        f"p50 {numbers.duration(times.p50, '')} p99 {numbers.duration(times.p99, '')}" if times.count else "p50 - p99 -"
    )
    degraded = "  degraded" if point.degraded else ""
    return (
        f"{_at(live.elapsed_s)}  {asked(live)} asked  {numbers.rate(current_rate(live))}  {measured}"
        f"  errors {live.so_far.total.failed}  in flight {point.in_flight}{degraded}"
    )


def asked(live: Live) -> str:
    """What is asked for now, as a rate, a number of users, or both."""
    point = live.latest
    parts = []
    if point is not None and point.asked_rate_per_s is not None:
        parts.append(numbers.rate(point.asked_rate_per_s))
    if point is not None and point.asked_users is not None:
        parts.append(numbers.counted(point.asked_users, "user"))
    return " + ".join(parts) or "nothing"


def current_rate(live: Live) -> float:
    """Iterations started per second in the newest second; 0 before there is one."""
    point = live.latest
    return point.started / point.duration_s if point is not None and point.duration_s > 0 else 0.0


def draining(live: Live) -> str:
    """What a draining run still waits for."""
    in_flight = live.so_far.ledger.in_flight
    left = "" if live.grace_left_s is None else f", up to {numbers.span(max(0.0, live.grace_left_s))} left"
    return f"draining: {numbers.counted(in_flight, 'iteration')} in flight{left}"
