"""Requests of coroutines that the engine has not answered yet. One event loop, one thread: no lock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kilobar._native import Order


class Pending:
    """Who waits for which response. Holds as many entries as requests are on their way."""

    __slots__ = ("_new_future", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._new_future = (loop or asyncio.get_running_loop()).create_future
        self._waiting: dict[int, asyncio.Future[Order]] = {}

    def expect(self, request: int) -> asyncio.Future[Order]:
        """What becomes the order `response` of a request. To be called in the loop before it takes orders again."""
        future = self._waiting[request] = self._new_future()
        return future

    def arrived(self, order: Order) -> None:
        """A `response` has come; nobody may wait for it any more."""
        future = self._waiting.pop(order[1], None)
        if future is not None and not future.done():
            future.set_result(order)

    def forget(self, request: int) -> None:
        """Nobody waits for this response any more."""
        self._waiting.pop(request, None)

    def __len__(self) -> int:
        return len(self._waiting)
