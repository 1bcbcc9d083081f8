"""Ctrl-C and SIGTERM while a run goes: the first lets work in flight end, the second ends it."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """Calls `on_interrupt` for each signal, promptly also while the run waits. `happened` tells that there was one."""

    def __init__(self, on_interrupt: Callable[[], None]) -> None:
        self._on_interrupt = on_interrupt
        self.happened = False
        self._reader, self._writer = socket.socketpair()
        self._before: dict[int, Any] = {}
        self._wakeup_before = -1

    def __enter__(self) -> Interrupt:
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def inputs(self) -> dict[int, Callable[[], bool]]:
        """What to watch: without it a signal is noticed only when the run looks up by itself."""
        return {self._reader.fileno(): self._drain}

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.happened = True
        self._on_interrupt()

    def _drain(self) -> bool:
        self._reader.recv(64)
        return True
