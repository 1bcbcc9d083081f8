"""One worker process on this machine: its socket, its error output, its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from kilobar.fleet.frames import MAX_FRAME_BYTES, Decoder, FrameError
from kilobar.users.interpreter import interpreter_argv

STDERR_TAIL_BYTES = 8 * 1024
MAX_QUEUED_BYTES = 2 * MAX_FRAME_BYTES
"""A worker that leaves more than this unread does not work any more."""

_READ_BYTES = 256 * 1024
_MAX_READS_AT_ONCE = 64
"""So that one talkative worker cannot keep the others from being heard."""

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
# -I and -S leave out site-packages, environment variables and .pth files: they cost more time than all the rest.
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from kilobar.fleet.worker_main import main; main()"

Argv = Callable[[int], list[str]]
"""The command line of a worker that is spoken to over the given file descriptor."""


def worker_argv(fd: int) -> list[str]:
    """The command line of the native worker."""
    return [sys.executable, "-I", "-S", "-c", _BOOT, _PACKAGE_ROOT, str(fd)]


def code_worker_argv(kind: str) -> Argv:
    """The command line of a worker that hosts users of this kind of code: an ordinary interpreter."""
    return lambda fd: interpreter_argv("kilobar.fleet.code_worker_main", str(fd), kind)


class WorkerProcess:
    """A child process and the stream to it. Nothing here waits, except `reap`."""

    def __init__(self, argv: Argv = worker_argv) -> None:
        """Raises OSError when there is no room for another process or file descriptor."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                self._child = subprocess.Popen(
                    argv(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    # Ctrl-C in the terminal goes to the whole process group; draining is the controller's decision.
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        assert self._child.stderr is not None
        self.socket = ours
        self.stderr = self._child.stderr
        self.pidfd = -1
        self._decoder = Decoder()
        self._outgoing = bytearray()
        self._stderr_tail = b""
        try:
            self.pidfd = os.pidfd_open(self._child.pid)
        except OSError:
            self._child.kill()
            self._child.wait()
            self.close()
            raise
        ours.setblocking(False)
        os.set_blocking(self.stderr.fileno(), False)

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._child.pid

    @property
    def wants_to_write(self) -> bool:
        """Whether queued bytes wait for room in the socket."""
        return bool(self._outgoing)

    def send(self, frame: bytes) -> None:
        """Queues a frame and writes what fits. Raises FrameError when too much is left unread."""
        if len(self._outgoing) + len(frame) > MAX_QUEUED_BYTES:
            raise FrameError("it does not read its messages")
        self._outgoing += frame
        self.flush()

    def flush(self) -> None:
        """Writes what fits. What a child that is gone has not read is forgotten: its end is told by its pidfd."""
        try:
            while self._outgoing:
                del self._outgoing[: self.socket.send(self._outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            self._outgoing.clear()

    def receive(self, *, everything: bool = False) -> Iterator[tuple[str, bytes] | None]:
        """Yields the frames that have come; None is the end of the stream. Raises FrameError.

        `everything` is for a child that has ended: what its socket holds is bounded.
        """
        reads = 0
        while everything or reads < _MAX_READS_AT_ONCE:
            reads += 1
            try:
                data = self.socket.recv(_READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                if not self._decoder.is_empty:
                    raise FrameError("it stopped in the middle of a message")
                yield None
                return
            yield from self._decoder.feed(data)

    def read_stderr(self) -> bool:
        """Keeps the tail of what the child wrote; False at the end of its output."""
        for _ in range(_MAX_READS_AT_ONCE):
            try:
                data = os.read(self.stderr.fileno(), _READ_BYTES)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._stderr_tail = (self._stderr_tail + data)[-STDERR_TAIL_BYTES:]
        return True

    def kill(self) -> None:
        """Sends SIGKILL, unless it has been reaped. What user code has started in it ends too."""
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def reap(self, timeout_s: float) -> int | None:
        """Waits for the end: the exit code, negative for a signal; None when it still runs."""
        if self._child.returncode is None:
            poll = select.poll()
            poll.register(self.pidfd, select.POLLIN)
            if not poll.poll(timeout_s * 1000):
                return None
            # Until it is reaped its number stays that of its group, and so of nobody else.
            self.kill()
        return self._child.wait()

    def close(self) -> None:
        """Closes all file descriptors; the child must have ended and been reaped."""
        self.socket.close()
        self.stderr.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1

    def epitaph(self, exit_code: int) -> str:
        """How it ended, in words."""
        words = f"killed by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
        tail = self._stderr_tail.decode("utf-8", "replace").strip()
        return f"{words}: {tail}" if tail else words
