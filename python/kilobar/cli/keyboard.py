"""Keys that are pressed while a run goes, read one by one and without an echo."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

LOAD_STEP = 1.1
"""One press of + or - changes the load by a tenth."""


class Keyboard:
    """The terminal's keys, while in its context. Elsewhere than at a terminal it has no file descriptor."""

    def __init__(self, on_scale: Callable[[float], None]) -> None:
        self._on_scale = on_scale
        self._before: list[Any] | None = None

    def __enter__(self) -> Keyboard:
        if sys.stdin is not None and sys.stdin.isatty():
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def inputs(self) -> dict[int, Callable[[], bool]]:
        """What to watch, and what to call when there is something."""
        return {} if self._before is None else {sys.stdin.fileno(): self._read}

    def _read(self) -> bool:
        keys = os.read(sys.stdin.fileno(), 64)
        for key in keys.decode(errors="replace"):
            if key in "+=":
                self._on_scale(LOAD_STEP)
            elif key in "-_":
                self._on_scale(1 / LOAD_STEP)
        return bool(keys)
