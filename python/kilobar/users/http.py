"""`self.http`: requests that user code asks for and the engine executes, with the connections and cookies of the user.

The quick way through `_ask` is that of a bare `get("/")`: nothing is parsed and nothing is copied there.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from threading import Lock
from typing import TYPE_CHECKING, Any, Unpack

from kilobar import _native
from kilobar.errors import InputError
from kilobar.users.actor import GivenUp, Present, Turn
from kilobar.users.request_parts import (
    DEFAULT_TIMEOUT_NS,
    RequestOptions,
    address_of,
    headers_of,
    known_addresses,
    name_of,
    parts_of,
)
from kilobar.users.response import Expectations, Response

if TYPE_CHECKING:
    from kilobar._native import Order
    from kilobar.users.pending import Pending


class _Http:
    """What both clients share."""

    __slots__ = ("_base", "_base_seen", "_present", "headers")

    def __init__(self, present: Present) -> None:
        self._present = present
        self.headers: dict[str, str] = {}
        """Sent with every request of this user; those of the call lie over them."""
        self._base: list[tuple[str, str]] = []
        self._base_seen: dict[str, str] = {}

    def _ask(self, turn: Turn, method: str, url: str, options: RequestOptions) -> tuple[int, str]:
        """Hands a request to the engine: its number, and the name of its series. Raises InputError."""
        address = known_addresses.get((method, url)) or address_of(method, url)
        name = address.name
        if self.headers != self._base_seen:
            self._base = headers_of(self.headers)
            self._base_seen = self.headers.copy()
        send = _native.send_request
        # Code between two steps is no part of the second one; what delays the first one is.
        intended_ns = 0 if turn.has_counted else turn.intended_ns
        if not options:
            request = send(
                turn.number, name, intended_ns, method, address.url, self._base, None, DEFAULT_TIMEOUT_NS, 0, None
            )  # fmt: skip
        else:
            if (own := options.get("name")) is not None:
                name = name_of(own)
            parts = parts_of(address.url, options, self._base_seen)
            request = send(
                turn.number, name, intended_ns, method, parts.url, parts.headers, parts.body,
                parts.timeout_ns, parts.redirects, parts.statuses,
            )  # fmt: skip
        turn.has_counted = True
        return request, name


class SyncHttp(_Http):
    """For plain users. Threads that a user starts may share it; their requests go one after the other."""

    __slots__ = ("_given_up", "_lock")

    def __init__(self, present: Present) -> None:
        super().__init__(present)
        self._given_up = False
        self._lock = Lock()

    def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Sends a request and waits for the response.

        Raises StepFailed when the step failed, InputError when the request makes no sense.
        """
        turn = self._present.turn or _no_turn()
        # Each of two threads would take the response of the other one.
        with self._lock:
            if self._given_up:
                raise GivenUp
            request, name = self._ask(turn, method, url, options)
            response = Response(self._wait(turn.mailbox, request), turn.flow, name)
        if response.error is not None and options.get("raises", True):
            raise response.failure()
        return response

    def _wait(self, mailbox: int, request: int) -> Order:
        while True:
            order = _native.next_order(mailbox)
            kind = order[0]
            if kind == "response":
                # Others are late answers to requests whose wait was broken off, by a signal for example.
                if order[1] == request:
                    return order
            elif kind in ("gone", "close"):
                self._given_up = True
                raise GivenUp

    def get(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """A GET request; see `request`."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """A POST request; see `request`."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """A PUT request; see `request`."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """A PATCH request; see `request`."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """A DELETE request; see `request`."""
        return self.request("DELETE", url, **options)

    def head(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """A HEAD request; see `request`."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """An OPTIONS request; see `request`."""
        return self.request("OPTIONS", url, **options)


class Call(Coroutine[Any, Any, Response]):
    """A request, sent when it is awaited or run as a task. `check` looks at the response as soon as it is there."""

    __slots__ = ("_run",)

    def __init__(self, run: Coroutine[Any, Any, Response]) -> None:
        self._run = run

    def check(self, **expected: Unpack[Expectations]) -> Call:
        """As `Response.check`, on the response that will come."""
        self._run = _checked(self._run, expected)
        return self

    def __await__(self) -> Generator[Any, Any, Response]:
        return self._run.__await__()

    # An event loop drives tasks by these.
    def send(self, value: Any) -> Any:
        """Goes on, as a coroutine does."""
        return self._run.send(value)

    def throw(self, *error: Any) -> Any:
        """Raises an error inside, as a coroutine does."""
        return self._run.throw(*error)

    def close(self) -> None:
        """Ends it, as a coroutine does."""
        self._run.close()


async def _checked(run: Coroutine[Any, Any, Response], expected: Expectations) -> Response:
    return (await run).check(**expected)


class AsyncHttp(_Http):
    """For users that are coroutines. Several requests of a user may be on their way at once."""

    __slots__ = ("_pending",)

    def __init__(self, present: Present, pending: Pending) -> None:
        super().__init__(present)
        self._pending = pending

    async def _run(self, method: str, url: str, options: RequestOptions) -> Response:
        turn = self._present.turn or _no_turn()
        request, name = self._ask(turn, method, url, options)
        try:
            order = await self._pending.expect(request)
        except BaseException:  # cancelled
            self._pending.forget(request)
            _native.forget_request(turn.number, request)
            raise
        response = Response(order, turn.flow, name)
        if response.error is not None and options.get("raises", True):
            raise response.failure()
        return response

    def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Call:
        """A request, which is sent when it is awaited: `await http.get("/")`, `task_group.create_task(http.get("/"))`.

        Awaiting raises StepFailed when the step failed, InputError when the request makes no sense.
        """
        return Call(self._run(method, url, options))

    def get(self, url: str, **options: Unpack[RequestOptions]) -> Call:
        """A GET request; see `request`."""
        return Call(self._run("GET", url, options))

    def post(self, url: str, **options: Unpack[RequestOptions]) -> Call:
        """A POST request; see `request`."""
        return Call(self._run("POST", url, options))

    def put(self, url: str, **options: Unpack[RequestOptions]) -> Call:
        """A PUT request; see `request`."""
        return Call(self._run("PUT", url, options))

    def patch(self, url: str, **options: Unpack[RequestOptions]) -> Call:
        """A PATCH request; see `request`."""
        return Call(self._run("PATCH", url, options))

    def delete(self, url: str, **options: Unpack[RequestOptions]) -> Call:
        """A DELETE request; see `request`."""
        return Call(self._run("DELETE", url, options))

    def head(self, url: str, **options: Unpack[RequestOptions]) -> Call:
        """A HEAD request; see `request`."""
        return Call(self._run("HEAD", url, options))

    def options(self, url: str, **options: Unpack[RequestOptions]) -> Call:
        """An OPTIONS request; see `request`."""
        return Call(self._run("OPTIONS", url, options))


def _no_turn() -> Turn:
    raise InputError(
        "`self.http` was used while the user has no turn",
        hint="use it in `on_start`, `press`, tasks or `on_stop`: there are no connections in `__init__` yet, and what "
        "goes on in the background after the end of a turn sends nothing",
    )
