"""`--fast-http`: requests of `HttpUser` and `FastHttpUser` are sent by the engine, unseen by their code.

What the engine cannot do in Locust's way (files, streams, hooks, proxies, authentication other than a pair, ...) is
left to the genuine client, request by request; that one has connections and cookies of its own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from gevent.hub import Waiter  # type: ignore[import-untyped]
from locust import FastHttpUser, HttpUser, User
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession

from kilobar import _native

_NO_LIMIT_S = 600.0
"""For requests without a timeout, which Locust would wait for forever."""


class Responses:
    """Greenlets that wait for a response, by the number of their request."""

    def __init__(self) -> None:
        self._waiting: dict[int, Any] = {}

    def arrived(self, order: tuple[Any, ...]) -> None:
        """In the hub: whoever waits goes on."""
        waiter = self._waiting.pop(order[1], None)
        if waiter is not None:
            waiter.switch(order)

    def wait(self, request: int) -> tuple[Any, ...]:
        """The order `response` of this request. Ends with its greenlet; then nobody waits any more."""
        waiter = self._waiting[request] = Waiter()
        try:
            answer: tuple[Any, ...] = waiter.get()
        finally:
            self._waiting.pop(request, None)
        return answer


class Exchange:
    """What the engine has to say of one request, and when it was sent."""

    __slots__ = ("body", "error_class", "head", "message", "status", "took_ms", "url")

    def __init__(self, order: tuple[Any, ...], url: str) -> None:
        _, _, self.status, self.head, self.body, took_ns, self.error_class, self.message, final_url = order
        self.took_ms = took_ns / 1e6
        self.url = final_url or url

    @property
    def has_failed(self) -> bool:
        """Whether there is no whole response."""
        return self.status == 0 or self.error_class is not None

    @property
    def reason(self) -> str:
        """The reason phrase; empty with HTTP/2."""
        first = self.head.split(b"\r\n", 1)[0].decode("latin-1")
        return first.split(" ", 2)[2] if first.startswith("HTTP/") and first.count(" ") > 1 else ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """As they were received."""
        pairs = []
        for line in self.head.decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon and not line.startswith("HTTP/"):
                pairs.append((name.strip(), value.strip()))
        return pairs


class Sender:
    """Sends the requests of one user; nobody counts them but the request event."""

    __slots__ = ("_responses", "_user", "_verifies")

    def __init__(self, responses: Responses, user: int, *, verifies: bool = True) -> None:
        self._responses = responses
        self._user = user
        self._verifies = verifies

    def is_fit_for(self, url: str, *, verifies: bool) -> bool:
        """Whether the engine treats certificates as asked: it does so in one way for the whole run."""
        return verifies == self._verifies or not url.lower().startswith("https:")

    def send(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes | None,
        timeout_s: float,
        redirects: int,
    ) -> Exchange:
        """Waits for the response; other users go on meanwhile."""
        request = _native.send_guest_request(self._user, method, url, headers, body, int(timeout_s * 1e9), redirects)
        return Exchange(self._responses.wait(request), url)


def put_in_place(user: User, sender: Sender) -> None:
    """From now on the client that Locust has given this user sends by the engine. One of its own stays what it is."""
    from kilobar.users.guest.fast_session import FastEngineSession
    from kilobar.users.guest.http_session import HttpEngineSession

    client: Any = getattr(user, "client", None)
    genuine: type[Any] = type(client)
    if isinstance(user, FastHttpUser) and genuine is FastHttpSession and not _asks_for_more(user):
        client.__class__ = FastEngineSession
        client.sender = sender
        client.timeout_s = float(user.network_timeout)
        client.verifies = not user.insecure
    elif isinstance(user, HttpUser) and genuine is HttpSession:
        client.__class__ = HttpEngineSession
        client.sender = sender
        client.received_cookies = set()


def _asks_for_more(user: FastHttpUser) -> bool:
    """Whether a class has settings for its connections that only the genuine client knows."""
    return bool(user.proxy_host or user.ssl_context_factory or user.max_retries)


def with_params(url: str, params: Any) -> str:
    """The URL with these added to its query."""
    if not params:
        return url
    query = params if isinstance(params, str) else urlencode(_present(params), doseq=True)
    target, hash_sign, fragment = url.partition("#")
    return f"{target}{'&' if '?' in target else '?'}{query}{hash_sign}{fragment}"


def body_of(data: Any) -> tuple[bytes | None, str | None]:
    """The bytes of a body and its content type, if the data says one."""
    if data is None or data == "" or data == {}:
        return None, None
    if isinstance(data, str):
        return data.encode(), None
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data), None
    return urlencode(_present(data), doseq=True).encode(), "application/x-www-form-urlencoded"


def is_plain(data: Any) -> bool:
    """Whether it is a body that the engine can be given at once: no file, no generator."""
    return data is None or isinstance(data, str | bytes | bytearray | memoryview | dict | list | tuple)


def _present(fields: Any) -> list[tuple[str, Any]]:
    pairs = fields.items() if hasattr(fields, "items") else fields
    return [(name, value) for name, value in pairs if value is not None]


def seconds_of(timeout: Any, otherwise_s: float = _NO_LIMIT_S) -> float:
    """The limit of a request, of what `timeout` may be: nothing, seconds, or seconds to connect and to read."""
    if isinstance(timeout, tuple):
        known = [each for each in timeout if each is not None]
        return float(sum(known)) if known else otherwise_s
    return float(timeout) if timeout else otherwise_s
