"""The end of a turn: what became of it, told to the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic_ns

from kilobar import _native
from kilobar.users.actor import Actor, StopRun, StopUser, Turn
from kilobar.users.failure import leading, text_of, told
from kilobar.users.forked import leave_if_forked

OK, FAILED, USER_LEAVES, RUN_STOPS = range(4)
"""How a turn went, as `end_turn` wants it."""

_METHODS = ("start", "press", "stop")


def method_of(actor: Actor, act: int) -> Callable[[Turn], Awaitable[None] | None]:
    """What an actor does in such a turn."""
    return getattr(actor, _METHODS[act])  # type: ignore[no-any-return]


def end(turn: Turn, began_ns: int, error: BaseException | None) -> None:
    """Ends a turn that began then, with what its actor has raised."""
    ended_ns = monotonic_ns()
    leave_if_forked()
    outcome, message = (OK, None) if error is None and turn.failed is None else _outcome_of(turn, error)
    name = None if turn.has_counted else turn.name
    _native.end_turn(turn.number, began_ns, ended_ns, outcome, message, name, turn.pause_ns)


def _outcome_of(turn: Turn, error: BaseException | None) -> tuple[int, str | None]:
    if error is None:
        return FAILED, turn.failed
    error = leading(error)
    if turn.failed is not None and isinstance(error, StopUser):
        return FAILED, turn.failed  # it comes to leave in its next turn
    if isinstance(error, StopUser):
        return USER_LEAVES, None
    if isinstance(error, StopRun):
        return RUN_STOPS, told_reason(error)
    return FAILED, told(error)


def told_reason(error: StopRun) -> str:
    """Why somebody stops the run."""
    return text_of(error)[:500] or "StopRun was raised"
