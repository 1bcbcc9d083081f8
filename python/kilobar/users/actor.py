"""What a host needs to know of user code: a cast of classes, and actors that take turns. Pure vocabulary."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal, Protocol

from kilobar import _native


class StopUser(Exception):  # noqa: N818  # a wish, not an error
    """Raised by user code: this user leaves; nothing failed."""


class StopRun(Exception):  # noqa: N818  # a wish, not an error
    """Raised by user code: the whole run is stopped, for the reason given; nothing failed."""


class StepFailed(Exception):  # noqa: N818  # what users read in their tracebacks
    """A step of `self.http` failed and has been counted as failed already. `error` is its class, such as `status`."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


class GivenUp(BaseException):  # not an Exception: user code that catches those must not hold it up
    """The engine has given up the user: its thread unwinds, and nothing of it is counted any more."""


@dataclass(slots=True)
class Turn:
    """One turn of a user: what is counted in it, and since when its next step is due."""

    number: int
    """The engine's number of it."""
    user: int
    """Number of the user, which no other user of the run has."""
    flow: int
    """Index of the class."""
    row: int
    """Which row of `vocab()` it gets."""
    intended_ns: int
    """When its next step was meant to start: the turn itself for the first one, then the end of the previous one."""
    mailbox: int = 0
    """Where the thread of its user waits for orders; 0 when it has none of its own."""
    has_counted: bool = False
    """Whether it has counted a step of its own."""
    name: str = ""
    """What was pressed: the series under which it is counted when it has counted no steps of its own."""
    pause_ns: int = 0
    """How long the user is to wait after it."""
    failed: str | None = None
    """Why it has failed although nothing was raised: a measured step was told to."""

    def count(
        self,
        name: str,
        kind: str,
        began_ns: int,
        ended_ns: int,
        *,
        bytes_in: int = 0,
        bytes_out: int = 0,
        error: str | None = None,
        message: str | None = None,
    ) -> None:
        """Counts a step that was timed here. Its response time counts from when it was meant to start."""
        # Code between two steps is no part of the second one; what delays the first one is.
        intended_ns = began_ns if self.has_counted else min(self.intended_ns, began_ns)
        _native.count_step(self.flow, name, kind, intended_ns, began_ns, ended_ns, bytes_in, bytes_out, error, message)
        self.has_counted = True


@dataclass(slots=True)
class Present:
    """What a user is doing now: `measure` and `http` of the user look here."""

    turn: Turn | None = None
    """None between two turns."""


class Actor(Protocol):
    """One user of a class. A host calls one method at a time; with the way `async` each returns an awaitable.

    Whatever a method raises fails the turn (except `StopUser` and `StopRun`), `SystemExit` included.
    """

    def start(self, turn: Turn) -> Awaitable[None] | None:
        """Before its first press: `on_start`."""

    def press(self, turn: Turn) -> Awaitable[None] | None:
        """One iteration. Sets `turn.name`, and `turn.pause_ns` when the user is to wait."""

    def stop(self, turn: Turn) -> Awaitable[None] | None:
        """When it leaves: `on_stop`."""


class Role(Protocol):
    """A class of user code, loaded in a worker."""

    @property
    def name(self) -> str:
        """In reports."""

    @property
    def way(self) -> Literal["threads", "async"]:
        """How its users are hosted."""

    def actor(self, user: int) -> Actor:
        """A new user of it. May raise whatever user code raises: the turn fails."""


class Cast(Protocol):
    """User code, loaded in a worker."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """By the index of their class in the plan."""

    def close(self) -> None:
        """What is to be done once when the run is over."""
