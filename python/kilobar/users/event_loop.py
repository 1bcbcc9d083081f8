"""The host of coroutines: one event loop, and one task for each user, which waits for the user's next turn.

A task for each user, not for each turn: waking one costs 0.6 us, making one 1.5 us; and what user code ties to a task
(timeouts, cancel scopes, context variables) holds from `on_start` to `on_stop`. Driving coroutines by hand would save
another 0.4 us, and take all of that from them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from time import monotonic_ns
from typing import Any, Protocol

from kilobar import _native
from kilobar.users.actor import Actor, GivenUp, Role, Turn
from kilobar.users.forked import leave_if_forked
from kilobar.users.turns import end, method_of
from kilobar.users.watchdog import OrdersWaiting, Watchdog

CLOSE_S = 1.0
"""How long users may take to end when the run is over."""


class Arrivals(Protocol):
    """Who waits for responses of `self.http`."""

    def arrived(self, order: _native.Order) -> None:
        """A response has come."""


PENDING: ContextVar[Any] = ContextVar("PENDING", default=None)
"""Of the loop whose user this is."""


class _Life:
    """One user: its task, and the order that it is to take next."""

    __slots__ = ("is_gone", "order", "task", "wake")

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.wake: asyncio.Future[None] | None = None
        self.order: _native.Order | None = None
        self.is_gone = False


class EventLoopHost:
    """Runs users of classes whose way is `async`, in the thread that makes it.

    Orders that are not for it go to `otherwise`; `limit_ns` is how long the longest turn may take.
    """

    def __init__(
        self,
        roles: Sequence[Role],
        pending: Callable[[asyncio.AbstractEventLoop], Arrivals],
        otherwise: Callable[[_native.Order], None],
        *,
        limit_ns: int,
        watchdog: Watchdog,
    ) -> None:
        self._roles = roles
        self._otherwise = otherwise
        self._lives: dict[int, _Life] = {}
        self._waiting = OrdersWaiting(limit_ns, _native.orders_fd())
        self._watchdog = watchdog
        self._is_closing = False
        self._is_closed = False
        self._loop = _new_loop()
        self._pending = pending(self._loop)
        self._arrived = self._pending.arrived
        self._closing: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Takes orders until the run is over."""
        loop = self._loop
        asyncio.set_event_loop(loop)
        PENDING.set(self._pending)
        self._watchdog.watch(self._waiting)
        loop.add_reader(_native.orders_fd(), self.take)
        loop.call_soon(self.take)
        while not self._is_closed:
            try:
                loop.run_forever()
            except (SystemExit, KeyboardInterrupt, GivenUp):
                # A task of user code raised it; the turn that waits for this task fails with it, or nobody waits. Or
                # the watchdog interrupted a callback.
                leave_if_forked()

    def take(self) -> None:
        """Takes the orders that wait."""
        lives = self._lives
        self._waiting.taken += 1
        for order in _native.take_orders():
            kind = order[0]
            if kind == "response":
                self._arrived(order)
            elif kind == "turn":
                life = lives.get(order[1])
                if life is None:
                    self._begin(order)
                    continue
                life.order = order
                wake = life.wake
                if wake is not None and not wake.done():
                    wake.set_result(None)
            elif kind == "gone":
                self._give_up(order[1])
            elif kind == "close":
                self._is_closing = True
                self._closing = self._loop.create_task(self._close())
            else:
                self._otherwise(order)

    def _begin(self, order: _native.Order) -> None:
        if self._is_closing:
            return
        life = self._lives[order[1]] = _Life()
        life.order = order
        life.task = self._loop.create_task(self._live(life, order[1], self._roles[order[3]]))

    def _give_up(self, user: int) -> None:
        life = self._lives.pop(user, None)
        if life is not None:
            life.is_gone = True
            if life.task is not None:
                life.task.cancel()

    async def _live(self, life: _Life, user: int, role: Role) -> None:
        actor: Actor | None = None
        new_future = self._loop.create_future
        while not life.is_gone:
            order, life.order = life.order, None
            if order is None:
                life.wake = wake = new_future()
                try:
                    await wake
                except asyncio.CancelledError:
                    _forgive(life)  # its last turn may have cancelled its own task, too late for itself
                continue
            began_ns = monotonic_ns()
            _, _, number, class_, act, row, intended_ns = order
            turn = Turn(number, user, class_, row, intended_ns)
            failure: BaseException | None = None
            try:
                if actor is None:
                    turn.name = role.name
                    actor = role.actor(user)
                await method_of(actor, act)(turn)  # type: ignore[misc]  # the way `async` promises an awaitable
            except BaseException as error:  # user code, which may even call sys.exit
                if isinstance(error, GeneratorExit) and self._is_closed:
                    raise  # nobody drives this coroutine any more
                failure = error
            if life.is_gone:
                leave_if_forked()
                return
            if failure is not None:
                _forgive(life)
            end(turn, began_ns, failure)

    async def _close(self) -> None:
        tasks = [life.task for life in self._lives.values() if life.task is not None]
        for user in list(self._lives):
            self._give_up(user)
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S)
        self._is_closed = True
        self._loop.stop()


def _forgive(life: _Life) -> None:
    """Forgets cancellations that user code has asked of its own task: they ended with the turn."""
    while not life.is_gone and life.task is not None and life.task.cancelling():
        life.task.uncancel()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
