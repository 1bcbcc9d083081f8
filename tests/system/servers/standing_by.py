"""What a server of this folder says to the test that started it."""

from __future__ import annotations

import sys
import threading


class Counter:
    """Counts calls, and the connections that they came by."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._connections: set[object] = set()

    def count(self, connection: object) -> None:
        with self._lock:
            self._calls += 1
            self._connections.add(connection)

    def stand_by(self, port: int) -> None:
        """Tells the port, answers each line with the counts, and returns when nobody is there any more."""
        _say(port)
        for _ in sys.stdin:
            _say(self._calls, len(self._connections))


def _say(*numbers: int) -> None:
    sys.stdout.write(f"{' '.join(map(str, numbers))}\n")
    sys.stdout.flush()
