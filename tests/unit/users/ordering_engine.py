"""An engine for hosts under test: it gives the orders that a test puts, and keeps what it is told."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from kilobar import _native
from kilobar.users.actor import Turn

PATIENCE_S = 20
START, PRESS, STOP = range(3)


class End(NamedTuple):
    """What `end_turn` was told."""

    turn: int
    began_ns: int
    ended_ns: int
    outcome: int
    message: str | None
    name: str | None
    pause_ns: int


class Step(NamedTuple):
    """What `count_step` was told."""

    flow: int
    name: str
    kind: str
    intended_ns: int
    began_ns: int
    ended_ns: int
    bytes_in: int
    bytes_out: int
    error: str | None
    message: str | None


class FakeEngine:
    """Stands in for the functions of `_native` that hosts call."""

    def __init__(self) -> None:
        self.ends: list[End] = []
        self.steps: list[Step] = []
        self.problem: str | None = None
        self.is_loaded = False
        self.has_closed = threading.Event()
        self.code: str | None = '{"classes": [{"timeout_ns": 60000000000}, {"timeout_ns": 60000000000}]}'
        self.on_end: Callable[[End], None] = lambda end: None
        self._orders: list[Any] = []
        self._mailboxes: defaultdict[int, queue.SimpleQueue[Any]] = defaultdict(queue.SimpleQueue)
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("take_orders", "next_order", "end_turn", "count_step", "orders_fd", "next_code", "code_loaded"):
            monkeypatch.setattr(_native, name, getattr(self, name), raising=False)
        monkeypatch.setattr(_native, "closed", self.has_closed.set, raising=False)

    def dispose(self) -> None:
        os.close(self._fd)

    def order(self, *orders: Any) -> None:
        with self._lock:
            self._orders += orders
        os.eventfd_write(self._fd, 1)

    def turn(self, user: int, turn: int, act: int = PRESS, row: int = 0, flow: int = 0) -> None:
        self.order(("turn", user, turn, flow, act, row, 0))

    def mail(self, user: int, *orders: Any) -> None:
        """Mailboxes have the numbers of their users here."""
        for order in orders:
            self._mailboxes[user].put(order)

    def mail_turn(self, user: int, turn: int, act: int = PRESS, row: int = 0, flow: int = 0) -> None:
        self.mail(user, ("turn", user, turn, flow, act, row, 0))

    # What `_native` has.

    def next_code(self) -> str | None:
        return self.code

    def code_loaded(self, problem: str | None) -> None:
        self.problem = problem
        self.is_loaded = problem is None

    def orders_fd(self) -> int:
        return self._fd

    def take_orders(self) -> list[Any]:
        with self._lock:
            try:
                os.eventfd_read(self._fd)
            except BlockingIOError:
                return []
            orders, self._orders = self._orders, []
        return orders

    def next_order(self, mailbox: int) -> Any:
        return self._mailboxes[mailbox].get(timeout=PATIENCE_S)

    def end_turn(self, *told: Any) -> None:
        end = End(*told)
        self.ends.append(end)
        self.on_end(end)

    def count_step(self, *told: Any) -> None:
        self.steps.append(Step(*told))


def a_turn(number: int = 1, row: int = 0, intended_ns: int = 0) -> Turn:
    """A turn of user 7 of the first class."""
    return Turn(number, 7, 0, row, intended_ns)


async def a_moment() -> None:
    """Lets the event loop go round once."""
    loop = asyncio.get_running_loop()
    once = loop.create_future()
    loop.call_soon(once.set_result, None)
    await once
