"""A `kilobar` that is looked at, signalled and bereaved of workers while it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from .command import TIME_LIMIT_S, Finished, argv, environment, finished


class Going:
    """A command that goes on; a context manager that leaves nothing behind."""

    def __init__(self, *arguments: str | Path, env: dict[str, str] | None = None) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self._child = subprocess.Popen(
            argv(*self._arguments),
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._workers: set[int] = set()

    @property
    def pid(self) -> int:
        """Of the controller."""
        return self._child.pid

    def workers(self, count: int) -> list[int]:
        """The process ids of its workers, oldest first, as soon as there are so many."""
        until(lambda: len(children(self.pid)) >= count, f"{count} workers")
        found = children(self.pid)
        self._workers.update(found)
        return found

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the controller alone."""
        self._child.send_signal(number)

    def close_output(self) -> None:
        """Goes away as a reader of its output, as `| head` does."""
        assert self._child.stdout is not None
        self._child.stdout.close()

    def end(self) -> Finished:
        """Waits for the end."""
        stdout, stderr = self._child.communicate(timeout=TIME_LIMIT_S)
        return finished(self._child.returncode, stdout or "", stderr, self._arguments)

    def __enter__(self) -> Going:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._child.wait(TIME_LIMIT_S)
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()
        for pid in filter(is_alive, self._workers):
            os.kill(pid, signal.SIGKILL)


def children(pid: int, thread: int | None = None) -> list[int]:
    """The child processes that the first thread of a process started, or another one, oldest first."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{thread or pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition: Callable[[], bool], what: str, limit_s: float = 30.0) -> None:
    """Waits for a condition of another process, which can only be looked at again and again."""
    give_up_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < give_up_s, f"there was no {what} within {limit_s:.0f} s"
        time.sleep(0.01)
