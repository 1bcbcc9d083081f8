"""What goes wrong outside of every iteration: listeners that raise, greenlets that die unseen.

Locust writes it to its log and goes on. A worker has no log that anybody reads, so each mishap is counted, once, as a
failed step with its traceback: the report shows it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any

from gevent import Greenlet, GreenletExit  # type: ignore[import-untyped]

from kilobar import _native
from kilobar.users.guest import failures

_MOST = 20
"""Different mishaps that are told; the others are like them."""
_OF_EVENT_HOOK = "Uncaught exception in event handler"
_NAME = "outside of tasks"
_MESSAGE_LIMIT = 3_000


class Mishaps(logging.Handler):
    """Hears of listeners by Locust's log, which is the only place that tells of them, and of greenlets by the hub."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """A record of the root logger: one of an event hook carries the traceback as its argument."""
        if isinstance(record.msg, str) and record.msg.startswith(_OF_EVENT_HOOK) and record.args:
            trace = str(record.args[0] if isinstance(record.args, tuple) else record.args).strip()
            last = trace.rpartition("\n")[2]
            self._tell(f"an event listener failed: {last}\n{trace}")

    def follow(self, hub: Any, is_watched: Callable[[Any], bool]) -> None:
        """Tells of greenlets that die by an exception, unless `is_watched` says that somebody else does."""

        def print_exception(
            context: Any, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if error is not None and not isinstance(error, GreenletExit) and not is_watched(context):
                name = _name_of(context)
                self._tell(f"{name} failed: {failures.described(error.with_traceback(trace))}")

        hub.print_exception = print_exception

    def _tell(self, message: str) -> None:
        if message in self._told or len(self._told) >= _MOST:
            return
        self._told.add(message)
        now_ns = _native.monotonic_ns()
        _native.count_step(0, _NAME, "listener", now_ns, now_ns, now_ns, 0, 0, "script", message[:_MESSAGE_LIMIT])


def _name_of(context: Any) -> str:
    if not isinstance(context, Greenlet):
        return "a callback of the hub"
    function = getattr(context, "_run", None)
    return f"the greenlet {getattr(function, '__qualname__', context.name)}"
