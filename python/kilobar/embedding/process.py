"""The run's process as the program sees it: started, listened to and ended by one thread that does nothing else.

The program itself never waits for a process, a pipe or the reading of JSON, whatever event loop it has.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kilobar.embedding.job import Job
from kilobar.embedding.messages import MAX_LINE_BYTES, line, read_diagnostic, read_error
from kilobar.errors import FleetError, KilobarError, OutputError
from kilobar.model.live import Live
from kilobar.model.summary import Summary

LEAVE_TIMEOUT_S = 12.0
"""How long the process may take to end when it is left; its own grace and the time limit of an abort are less."""
STDERR_TAIL_BYTES = 8 * 1024

_REAP_TIMEOUT_S = 5.0
"""From its last word to its end."""
_READ_BYTES = 1 << 20
_LOOK_S = 0.5
_LOG = logging.getLogger("kilobar")
# Warnings are for programs that configured logging; nothing may appear on the terminal of others.
_LOG.addHandler(logging.NullHandler())


class UnwrittenReportError(OutputError):
    """A report could not be written. The run is not lost: `summary` is whole."""

    def __init__(self, error: KilobarError, summary: Summary) -> None:
        super().__init__(error.message, code=error.code, hint=error.hint)
        self.summary = summary


@dataclass(frozen=True, slots=True)
class Ended:
    """The last that is heard of a run: its summary, or why there is none."""

    result: Summary | KilobarError


Hear = Callable[[Live | Ended], None]
"""Called by the thread: any number of `Live`, then `Ended` once, after which there is no process any more."""


def controller_argv(job_fd: int, words_fd: int) -> list[str]:
    """The command line of the run's process."""
    return [
        sys.executable, "-P", "-m", "kilobar.embedding.controller", str(job_fd), str(words_fd), str(os.getpid()),
    ]  # fmt: skip


class RunProcess:
    """A run's process, from its start to its end."""

    def __init__(self, job: Job, hear: Hear, argv: Callable[[int, int], list[str]] = controller_argv) -> None:
        """Raises FleetError when there is no room for a few file descriptors or a thread."""
        self._hear = hear
        self._argv = argv
        self._lock = threading.Lock()
        self._leave_by_s: float | None = None
        try:
            # A job may be larger than a pipe, and commands may be given before anybody reads them.
            self._job_fd = os.memfd_create("kilobar-job")
            self._commands_read_fd, self._commands_fd = os.pipe()
            self._words_fd, self._words_write_fd = os.pipe()
            os.set_blocking(self._commands_fd, False)
            with open(self._job_fd, "wb", closefd=False) as file:
                file.write(json.dumps(asdict(job)).encode())
            os.lseek(self._job_fd, 0, os.SEEK_SET)
            self._thread = threading.Thread(target=self._live, name="kilobar-run", daemon=True)
            self._thread.start()
        except (OSError, RuntimeError) as error:
            raise FleetError(f"the run's process cannot be started: {error}") from error

    def send(self, command: Mapping[str, Any]) -> None:
        """Tells the run something; one that has ended hears nothing. Never waits; may be called by any thread."""
        with self._lock:
            if self._commands_fd < 0:
                return
            try:
                os.write(self._commands_fd, line(command))
            except BrokenPipeError:
                return
            except BlockingIOError as error:
                raise KilobarError("the run's process does not read what it is told") from error

    def leave(self) -> None:
        """Nobody waits for the end any more: the run is stopped, and its process ended soon. May be called again."""
        with self._lock:
            if self._leave_by_s is None:
                self._leave_by_s = time.monotonic() + LEAVE_TIMEOUT_S
        with contextlib.suppress(KilobarError):
            self.send({"do": "leave"})
        self._close_commands()

    def join(self, timeout_s: float | None = None) -> None:
        """Waits until the process has ended and `Ended` was told."""
        self._thread.join(timeout_s)

    def _close_commands(self) -> None:
        with self._lock:
            if self._commands_fd >= 0:
                os.close(self._commands_fd)
                self._commands_fd = -1

    def _live(self) -> None:
        ended = Ended(KilobarError("the run's process was not heard of"))
        try:
            ended = self._conversation()
        except OSError as error:
            ended = Ended(FleetError(f"the run's process cannot be started: {error}"))
        except Exception as error:  # A thread has nobody else to tell it to.
            ended = Ended(KilobarError(f"what the run's process said cannot be read: {error!r}"))
        finally:
            self._close_commands()
            os.close(self._words_fd)
            self._hear(ended)

    def _conversation(self) -> Ended:
        try:
            child = subprocess.Popen(
                self._argv(self._job_fd, self._words_write_fd),
                pass_fds=(self._job_fd, self._words_write_fd),
                stdin=self._commands_read_fd,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_environment(),
                # Ctrl-C in the terminal is the program's affair.
                start_new_session=True,
            )
        finally:
            for fd in (self._job_fd, self._commands_read_fd, self._words_write_fd):
                os.close(fd)
        assert child.stderr is not None
        tail = _Tail(child.stderr.fileno())
        result: Summary | KilobarError | None = None
        try:
            for message in self._messages(child, tail):
                result = self._take(message, result)
            exit_code = _reap(child)
        finally:
            _end(child)
            tail.read()
            child.stderr.close()
        return Ended(result if result is not None else _died(exit_code, tail.text))

    def _take(self, message: Mapping[str, Any], result: Summary | KilobarError | None) -> Summary | KilobarError | None:
        match message["is"]:
            case "live":
                self._hear(Live.from_dict(message["live"]))
            case "warning":
                _LOG.warning("%s", read_diagnostic(message["diagnostic"]))
            case "summary":
                return Summary.from_dict(message["summary"])
            case "error":
                error = read_error(message["error"])
                return UnwrittenReportError(error, result) if isinstance(result, Summary) else error
        return result

    def _messages(self, child: subprocess.Popen[bytes], tail: _Tail) -> Iterator[Mapping[str, Any]]:
        """What the process says, until it says no more; it is killed when it is left and goes on nevertheless."""
        parts: list[bytes] = []
        size = 0
        with selectors.DefaultSelector() as selector:
            selector.register(self._words_fd, selectors.EVENT_READ)
            selector.register(tail.fd, selectors.EVENT_READ)
            while True:
                ready = [key.fd for key, _ in selector.select(_LOOK_S)]
                if self._leave_by_s is not None and time.monotonic() > self._leave_by_s:
                    child.kill()
                if tail.fd in ready and not tail.read():
                    selector.unregister(tail.fd)
                if self._words_fd not in ready:
                    continue
                data = os.read(self._words_fd, _READ_BYTES)
                if not data:
                    return
                *lines, rest = data.split(b"\n")
                for end in lines:
                    yield json.loads(b"".join((*parts, end)))
                    parts, size = [], 0
                parts.append(rest)
                size += len(rest)
                if size > MAX_LINE_BYTES:
                    raise ValueError(f"a message of more than {MAX_LINE_BYTES:,} bytes")


class _Tail:
    """The last that the process wrote to its error output."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._kept = b""
        os.set_blocking(fd, False)

    def read(self) -> bool:
        """Takes what is there; False at the end."""
        try:
            while data := os.read(self.fd, _READ_BYTES):
                self._kept = (self._kept + data)[-STDERR_TAIL_BYTES:]
        except BlockingIOError:
            return True
        return False

    @property
    def text(self) -> str:
        """As far as it was kept."""
        return self._kept.decode("utf-8", "replace").strip()


def _environment() -> dict[str, str]:
    """What this program can import, its run can import too."""
    paths = [os.path.abspath(path) for path in sys.path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def _reap(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(_REAP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return None


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.kill()
        child.wait()


def _died(exit_code: int | None, tail: str) -> KilobarError:
    how = "it did not end" if exit_code is None else f"exit code {exit_code}"
    if exit_code is not None and exit_code < 0:
        how = f"killed by signal {-exit_code}"
    said = f"\n{tail}" if tail else ""
    hint = "if nobody killed it, this is a bug in Kilobar: please report it with the lines above"
    return KilobarError(f"the run's process ended without a result: {how}{said}", hint=hint)
