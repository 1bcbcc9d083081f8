"""One user of a locustfile from its arrival to its leave: its greenlets, and the books of its iterations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent import getcurrent  # type: ignore[import-untyped]
from locust import User
from locust.exception import StopTest
from locust.user.task import LOCUST_STATE_STOPPING

from kilobar import _native
from kilobar.users.guest import failures

_KEY = "kilobar.stint"


class Stint:
    """A guest: the number that the engine gave it, the class it is counted under, and its user once that is made."""

    __slots__ = (
        "_began_ns",
        "_failure",
        "_stop_run",
        "flow",
        "is_busy",
        "is_cut",
        "is_told_to_leave",
        "number",
        "user",
    )

    def __init__(self, number: int, flow: int, stop_run: Callable[[str], None]) -> None:
        self.number = number
        self.flow = flow
        self.user: User | None = None
        self.is_busy = False
        self.is_told_to_leave = False
        self.is_cut = False
        self._stop_run = stop_run
        self._began_ns = 0
        self._failure: str | None = None

    @property
    def is_leaving(self) -> bool:
        """Whether it was told to leave, by the engine or by code of the user."""
        return self.is_told_to_leave or (self.user is not None and self.user._state == LOCUST_STATE_STOPPING)

    def begin(self) -> None:
        """An iteration begins."""
        self.is_busy = True
        self._failure = None
        _native.began()
        self._began_ns = _native.monotonic_ns()

    def end(self, error: BaseException | None) -> None:
        """It has ended, and failed when `error` is given or one of its requests failed."""
        message = self._failure if error is None else failures.described(error)
        self.is_busy = False
        _native.ended(self.flow, self._began_ns, _native.monotonic_ns(), message)

    def abandon(self) -> None:
        """Killed in an iteration: it stays in flight when we cut it off, and is fine when it was waiting."""
        if self.is_cut:
            self.is_busy = False
        else:
            self.end(None)

    def stop_test(self, error: StopTest) -> None:
        """Its code wants the run to end."""
        self._stop_run(f"{type(self.user).__name__} raised StopTest: {error}" if str(error) else "StopTest was raised")

    def fail(self, message: str) -> None:
        """A request of the running iteration failed: the first one is what the iteration tells."""
        if self._failure is None:
            self._failure = message

    def fail_outside(self, error: BaseException) -> None:
        """What failed outside of every task (`__init__`, `on_start`, ...) is an iteration of its own: to be seen."""
        self.begin()
        self.end(error)

    def follow(self, greenlet: Any) -> None:
        """From here on `greenlet`, which has not run yet, and all that it will spawn belong to this user."""
        greenlet.spawn_tree_locals = {_KEY: self}


def current() -> Stint | None:
    """The user whose greenlet runs; None outside of all of them."""
    tree = getattr(getcurrent(), "spawn_tree_locals", None)
    stint = tree.get(_KEY) if tree else None
    return stint if isinstance(stint, Stint) else None
