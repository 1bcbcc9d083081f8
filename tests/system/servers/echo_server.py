"""Echoes lines over TCP."""

from __future__ import annotations

import socketserver
import threading

from standing_by import stand_by


class Echo(socketserver.StreamRequestHandler):
    """One connection."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        for line in self.rfile:
            self.server.has_served()
            self.wfile.write(line)


class EchoServer(socketserver.ThreadingTCPServer):
    """Counts lines."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self._lock = threading.Lock()
        self._count = 0

    def count(self) -> int:
        return self._count

    def has_served(self) -> None:
        with self._lock:
            self._count += 1


def main() -> None:
    server = EchoServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stand_by(server.server_address[1], server.count)


if __name__ == "__main__":
    main()
