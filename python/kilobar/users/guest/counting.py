"""Every request event of Locust is a step of ours, custom clients included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kilobar import _native
from kilobar.users.guest import failures
from kilobar.users.guest.stint import Stint

_HTTP_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"))
_NAME_LIMIT = 300
_KIND_LIMIT = 40
_MOST_KINDS = 50
_LONGEST_MS = 86_400_000.0


class Counter:
    """The listener of `events.request`. Keyword arguments are those of the event, whoever fires it."""

    def __init__(self, current: Callable[[], Stint | None]) -> None:
        self._current = current
        self._kinds: dict[str, str] = dict.fromkeys(_HTTP_METHODS, "http")

    def __call__(
        self,
        request_type: Any = "",
        name: Any = "",
        response_time: Any = None,
        response_length: Any = 0,
        exception: Any = None,
        **_rest: Any,
    ) -> None:
        """Counts it. A response time of None, of what only sends for example, counts as no time."""
        stint = self._current()
        ended_ns = _native.monotonic_ns()
        began_ns = ended_ns - _duration_ns(response_time)
        error = message = None
        if exception:
            error = failures.error_class(exception)
            message = failures.request_message(str(name), exception)
            if stint is not None:
                stint.fail(message)
        _native.count_step(
            # An event from outside of all users, of a greenlet that init spawned for example, has no class of its own.
            stint.flow if stint is not None else 0,
            f"{request_type} {name}"[:_NAME_LIMIT],
            self._kinds.get(request_type) or self._new_kind(str(request_type)),
            began_ns,
            began_ns,
            ended_ns,
            _size(response_length),
            0,
            error,
            message,
        )

    def _new_kind(self, request_type: str) -> str:
        if request_type.upper() in _HTTP_METHODS:
            return "http"
        kind = request_type.lower()[:_KIND_LIMIT] or "other"
        if len(self._kinds) - len(_HTTP_METHODS) >= _MOST_KINDS:
            return "other"
        self._kinds[request_type] = kind
        return kind


def _duration_ns(response_time_ms: Any) -> int:
    try:
        # Not a number is neither above 0 nor below the limit: it becomes 0.
        return int(response_time_ms * 1e6) if 0 < response_time_ms < _LONGEST_MS else 0
    except TypeError:
        return 0


def _size(response_length: Any) -> int:
    try:
        return max(0, int(response_length or 0))
    except (TypeError, ValueError, OverflowError):
        return 0
