"""A terminal with a person at it who presses keys."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import termios
import threading
from fcntl import ioctl
from pathlib import Path
from types import TracebackType

from .command import TIME_LIMIT_S, Finished, argv, environment, finished

ROWS, COLUMNS = 40, 120
_OWN_TERMINAL = ("setsid", "--ctty")
"""Makes the terminal the controlling one, as a shell does, so that Ctrl-C at it is a signal."""


class Terminal:
    """A command at a terminal of its own. What it draws is kept in `screen`."""

    def __init__(self, *arguments: str | Path) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        env = environment({"TERM": "xterm-256color"})
        env.pop("CI", None)
        self._child = subprocess.Popen(
            [*_OWN_TERMINAL, *argv(*self._arguments)], env=env, stdin=theirs, stdout=theirs, stderr=theirs
        )
        self.settings_before = termios.tcgetattr(theirs)
        self._theirs = theirs
        self._drawn = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def screen(self) -> str:
        """Everything that was drawn so far, control sequences included."""
        return self._drawn.decode(errors="replace")

    @property
    def settings(self) -> list[object]:
        """Of the terminal now."""
        return list(termios.tcgetattr(self._theirs))

    def press(self, keys: str) -> None:
        """Types."""
        os.write(self._ours, keys.encode())

    def end(self) -> Finished:
        """Waits for the end."""
        exit_code = self._child.wait(TIME_LIMIT_S)
        return finished(exit_code, self.screen, "", self._arguments)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._child.wait(TIME_LIMIT_S)
        # The last end of the slave ends the reader.
        os.close(self._theirs)
        self._reader.join(TIME_LIMIT_S)
        os.close(self._ours)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 65536)
            except OSError:
                return
            if not data:
                return
            self._drawn += data
