"""Ends user code that runs on although its turn has been given up: an endless loop would burn its worker for good.

The engine has ended such a turn at its limit, and counted it as failed; what is left is a thread that nobody waits for.
It gets `GivenUp` raised in the middle of what it does. That reaches Python code; a call into C that never returns
keeps its thread, which is left alone.
"""

from __future__ import annotations

import select
import threading
from time import monotonic_ns
from typing import Protocol

from kilobar.users.actor import GivenUp

PERIOD_S = 1.0
MARGIN_NS = 2_000_000_000
"""How long after its limit a turn is surely given up by the engine."""


class Watched(Protocol):
    """A thread that executes user code."""

    thread_id: int

    def is_stuck(self, now_ns: int) -> bool:
        """Whether it is busy with what nobody waits for any more."""


class TurnUnderWay:
    """A thread of one user, which is stuck when a turn takes too long."""

    __slots__ = ("_limit_ns", "since_ns", "thread_id")

    def __init__(self, limit_ns: int) -> None:
        self.thread_id = threading.get_ident()
        self._limit_ns = limit_ns + MARGIN_NS
        self.since_ns = 0
        """When its turn began; 0 between turns."""

    def is_stuck(self, now_ns: int) -> bool:
        """Whether its turn is over its limit."""
        since_ns = self.since_ns
        return bool(since_ns) and now_ns - since_ns > self._limit_ns


class OrdersWaiting:
    """The thread of an event loop, which is stuck when orders wait and it takes none."""

    __slots__ = ("_limit_ns", "_poll", "_seen", "_since_ns", "taken", "thread_id")

    def __init__(self, limit_ns: int, orders_fd: int) -> None:
        self.thread_id = threading.get_ident()
        self._limit_ns = limit_ns + MARGIN_NS
        self._poll = select.poll()
        self._poll.register(orders_fd, select.POLLIN)
        self.taken = 0
        """How often it has taken orders."""
        self._seen = -1
        self._since_ns = 0

    def is_stuck(self, now_ns: int) -> bool:
        """Whether the same orders have waited for longer than any turn may take."""
        taken = self.taken
        if taken != self._seen or not self._poll.poll(0):
            self._seen, self._since_ns = taken, now_ns
            return False
        return now_ns - self._since_ns > self._limit_ns


class Watchdog:
    """Looks at all threads of users every second, from one of its own."""

    def __init__(self) -> None:
        self._watched: set[Watched] = set()
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    def start(self) -> None:
        """Begins to look."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Looks no more."""
        self._is_over.set()

    def watch(self, watched: Watched) -> None:
        """From now on this one too."""
        with self._lock:
            self._watched.add(watched)

    def forget(self, watched: Watched) -> None:
        """This one no more: before its thread ends, whose id another one may get."""
        with self._lock:
            self._watched.discard(watched)

    def look(self, now_ns: int) -> None:
        """Interrupts those that are stuck; again with every look, should they catch it."""
        with self._lock:
            for watched in self._watched:
                if watched.is_stuck(now_ns):
                    _interrupt(watched.thread_id)

    def _run(self) -> None:
        while not self._is_over.wait(PERIOD_S):
            self.look(monotonic_ns())


def _interrupt(thread_id: int) -> None:
    # Hardly any run needs it, and it takes a while.
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(GivenUp))
