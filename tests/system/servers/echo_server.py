"""Echoes lines over TCP: `echo_server.py [LINES]`, so many on each connection, which is then closed."""

from __future__ import annotations

import socketserver
import sys
import threading
from itertools import islice

from standing_by import Counter


class Echo(socketserver.StreamRequestHandler):
    """One connection."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        for line in islice(self.rfile, self.server.lines):
            self.server.counter.count(self.client_address)
            self.wfile.write(line)


class EchoServer(socketserver.ThreadingTCPServer):
    """A thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, lines: int | None) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.lines = lines
        self.counter = Counter()


def main() -> None:
    server = EchoServer(int(sys.argv[1]) if sys.argv[1:] else None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.counter.stand_by(server.server_address[1])


if __name__ == "__main__":
    main()
