"""A server that remembers whatever it receives, and answers what a test wants."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Seen:
    """A request as it was received."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str
    client: tuple[str, int]
    """The other end of its connection."""


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int = 200
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Listener:
    """What was received so far, in order; what is answered."""

    answer: Callable[[Seen], Answer]
    url: str = ""
    seen: list[Seen] = field(default_factory=list)

    def paths(self, start: str = "/") -> list[str]:
        """The paths that start so."""
        return [seen.path for seen in self.seen if seen.path.startswith(start)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _handle(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0))).decode("utf-8", "replace")
        seen = Seen(self.command, self.path, headers, body, self.client_address[:2])
        self.server.listener.seen.append(seen)
        answer = self.server.listener.answer(seen)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        content = answer.body.encode()
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was received is in the list."""


@contextmanager
def listening(answer: Callable[[Seen], Answer] = lambda _: Answer()) -> Iterator[Listener]:
    """Serves until the end of the block."""
    listener = Listener(answer)
    with _Server(listener) as server:
        listener.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
