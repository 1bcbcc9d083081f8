"""What a call of requests, httpx or urllib3 was: its name, sizes, status, and the error class of what it raised.

None of the libraries is imported: their objects are asked, their exceptions are known by name.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

MAX_WORDS = 300
"""Characters of a message."""
MAX_CAUSES = 20
"""Exceptions that are looked at behind one that was raised."""


class Sent(NamedTuple):
    """A call, as it is counted."""

    name: str
    status: int
    bytes_in: int
    bytes_out: int


def of_requests(args: tuple[Any, ...], kwargs: dict[str, Any], response: Any) -> Sent:
    """A call of `requests.Session.send`."""
    request = args[1] if len(args) > 1 else kwargs["request"]
    bytes_in = 0
    if response is not None:
        # A stream has no content yet, and asking for it would read it.
        content = vars(response).get("_content")
        bytes_in = len(content) if isinstance(content, bytes) else _length(response.headers)
    status = 0 if response is None else response.status_code
    return Sent(_name(request.method, request.url), status, bytes_in, _size(request.body) or _length(request.headers))


def of_httpx(args: tuple[Any, ...], kwargs: dict[str, Any], response: Any) -> Sent:
    """A call of `httpx.Client.send` or `httpx.AsyncClient.send`."""
    request = args[1] if len(args) > 1 else kwargs["request"]
    bytes_in = 0
    if response is not None:
        bytes_in = response.num_bytes_downloaded if response.is_stream_consumed else _length(response.headers)
    status = 0 if response is None else response.status_code
    return Sent(_name(request.method, str(request.url)), status, bytes_in, _length(request.headers))


def of_urllib3(args: tuple[Any, ...], kwargs: dict[str, Any], response: Any) -> Sent:
    """A call of `urllib3.HTTPConnectionPool.urlopen`."""
    given = dict(zip(("method", "url", "body"), args[1:4], strict=False)) | kwargs
    bytes_in = 0
    if response is not None:
        body = vars(response).get("_body")
        bytes_in = len(body) if isinstance(body, bytes) else _length(response.headers)
    status = 0 if response is None else response.status
    return Sent(_name(given["method"], given["url"]), status, bytes_in, _size(given.get("body")))


def error_of(error: BaseException) -> tuple[str, str]:
    """The error class of a failed call, and words for it."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    words = words if len(words) <= MAX_WORDS else f"{words[: MAX_WORDS - 1]}…"
    behind = list(_causes(error))
    names = {base.__name__ for cause in behind for base in type(cause).__mro__}
    for kind, types, known in _CLASSES:
        if any(isinstance(cause, types) for cause in behind) or names & known:
            return kind, words
    numbers = {cause.errno for cause in behind if isinstance(cause, OSError)}
    if numbers & {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EMFILE} or names & _CONNECT:
        return "connect", words
    if names & _PROTOCOL:
        return "protocol", words
    # Neither the network nor the server: the call itself, such as an address without a scheme.
    return "script", words


# From the most exact to the least: a failed connection of urllib3 carries the name of all of these behind it.
_CLASSES: tuple[tuple[str, tuple[type[BaseException], ...], frozenset[str]], ...] = (
    ("dns", (socket.gaierror,), frozenset({"NameResolutionError"})),
    ("refused", (ConnectionRefusedError,), frozenset()),
    ("connect_timeout", (), frozenset({"ConnectTimeout", "ConnectTimeoutError"})),
    ("tls", (ssl.SSLError, ssl.CertificateError), frozenset({"SSLError"})),
    # A connection that ends before the response is a RemoteDisconnected, which is a ConnectionResetError as well.
    ("eof", (), frozenset({"RemoteDisconnected", "IncompleteRead"})),
    ("reset", (ConnectionResetError, BrokenPipeError, ConnectionAbortedError), frozenset()),
    # Whoever cancels a call no longer waits for it: `asyncio.wait_for`, `asyncio.timeout`, the limit of the turn.
    (
        "read_timeout",
        (TimeoutError, asyncio.CancelledError),
        frozenset({"ReadTimeout", "ReadTimeoutError", "WriteTimeout", "PoolTimeout", "TimeoutException"}),
    ),
)
_CONNECT = frozenset({"ConnectError", "NewConnectionError", "ProxyError", "EmptyPoolError"})
_PROTOCOL = frozenset(
    {
        "ProtocolError", "RemoteProtocolError", "LocalProtocolError", "ChunkedEncodingError", "HTTPException",
        "ReadError", "WriteError", "DecodeError", "DecodingError", "ContentDecodingError", "TooManyRedirects",
        "ConnectionError",
    }
)  # fmt: skip


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those behind it; urllib3 and requests keep them in `reason` and in their arguments."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting and len(seen) < MAX_CAUSES:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, getattr(cause, "reason", None), *cause.args]
        if not cause.__suppress_context__:
            waiting.append(cause.__context__)


def _name(method: object, url: object) -> str:
    """`GET /path`, without the query."""
    text = method.decode() if isinstance(method, bytes) else str(method)
    address = url.decode() if isinstance(url, bytes) else str(url)
    return f"{text.upper()} {urlsplit(address).path or '/'}"


def _size(body: object) -> int:
    if isinstance(body, str):
        return len(body.encode())
    return len(body) if isinstance(body, bytes | bytearray) else 0


def _length(headers: Any) -> int:
    """What the content length says; 0 without one."""
    try:
        return max(0, int(headers.get("content-length", 0)))
    except ValueError:
        return 0
