"""Stands in for the part of the engine that `self.http` speaks with."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from kilobar import _native
from kilobar.users.actor import Present, Turn

if TYPE_CHECKING:
    from kilobar._native import Order


class Asked(NamedTuple):
    turn: int
    name: str | None
    intended_ns: int
    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | None
    timeout_ns: int
    redirects: int
    statuses: list[tuple[int, int]] | None


class FakeEngine:
    """Answers every request with `answer`; `extra` orders come first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Asked] = []
        self.forgotten: list[tuple[int, int]] = []
        self.failed: list[tuple[int, str, str, str, str]] = []
        self.extra: deque[Order] = deque()
        self.orders: deque[Order] = deque()
        self.answer: dict[str, Any] = {}
        self.most_waiting = 0
        for name in ("send_request", "next_order", "fail_step", "forget_request"):
            monkeypatch.setattr(_native, name, getattr(self, name), raising=False)

    def send_request(self, *arguments: Any) -> int:
        self.asked.append(Asked(*arguments))
        number = 100 + len(self.asked)
        self.orders.append(response_order(number, url=f"http://target{self.asked[-1].url}", **self.answer))
        return number

    def next_order(self, mailbox: int) -> Order:
        assert mailbox == 9
        return self.extra.popleft() if self.extra else self.orders.popleft()

    def forget_request(self, turn: int, request: int) -> None:
        self.forgotten.append((turn, request))

    def fail_step(self, *arguments: Any) -> None:
        self.failed.append(arguments)  # type: ignore[arg-type]


def response_order(
    number: int = 101,
    *,
    status: int = 200,
    head: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
    body: bytes | None = b'{"ok": true}',
    took_ns: int = 5_000_000,
    error: str | None = None,
    message: str | None = None,
    url: str = "http://target/",
) -> Order:
    return ("response", number, status, head, body, took_ns, error, message, url)


def present_turn() -> Present:
    return Present(Turn(number=3, user=7, flow=1, row=0, intended_ns=500, mailbox=9))
