"""What a server of this folder says to the test that started it."""

from __future__ import annotations

import sys
from collections.abc import Callable


def stand_by(port: int, count: Callable[[], int]) -> None:
    """Tells the port, answers each line with the count, and returns when nobody is there any more."""
    _say(port)
    for _ in sys.stdin:
        _say(count())


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()
