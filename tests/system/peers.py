"""Servers that the target cannot be: ports that refuse, ports that never accept, connections that go stale."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else gets meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextmanager
def silent_port() -> Iterator[int]:
    """A port whose queue of connections is full, so that the kernel does not answer any more of them."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def stale_server() -> Iterator[int]:
    """Answers the first request of each connection and closes when the second one has come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve_stale, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        # A thread that waits in accept() is woken by this, not by closing.
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve_stale(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            if _read_request(connection):
                connection.sendall(_ANSWER)
                _read_request(connection)


def _read_request(connection: socket.socket) -> bool:
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(4096)
        if not data:
            return False
        received += data
    return True
