"""The run's own process: it controls the workers, so that a program that asks for a run has nothing to do with them.

It is started by `process.py`, says what `messages.py` tells, and ends when the program that started it does.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kilobar.cli.outputs import Outputs
from kilobar.cli.scenario_argument import check_argument
from kilobar.embedding.job import Job
from kilobar.embedding.messages import line, written_diagnostic, written_error
from kilobar.errors import KilobarError, OutputError
from kilobar.model.live import Live
from kilobar.runs.run import Input, Run
from kilobar.scenario import Checked, Overrides, check_text
from kilobar.wiring import local_run

LEAVE_GRACE_S = 2.0
"""For work in flight, when nobody waits for the end of the run any more."""
MAX_WAITING = 8
"""Messages that the program has not read yet. Past it, looks at the run are left out: the run never waits for them."""


def main() -> None:
    """Executes the job. Arguments: the file descriptors of job and messages, and the process that gave the job."""
    job_fd, words_fd, program_pid = map(int, sys.argv[1:])
    with open(job_fd, "rb") as file:
        job = Job(**json.load(file))
    words = Words(words_fd)
    try:
        execute(job, words, sys.stdin.fileno(), program_pid)
    except KilobarError as error:
        words.tell({"is": "error", "error": written_error(error)})
    finally:
        words.close()


def execute(job: Job, words: Words, commands_fd: int, program_pid: int) -> None:
    """Checks, runs, reports. Raises what a command line would print."""
    outputs = Outputs.of(
        *([Path(job.outputs[kind])] if kind in job.outputs else [] for kind in ("json", "html", "junit"))
    )
    checked = check(job)
    plan = checked.require()
    for warning in checked.diagnostics:
        words.tell({"is": "warning", "diagnostic": written_diagnostic(warning)})
    with (
        local_run(plan, workers=job.workers, command=job.command) as run,
        contextlib.closing(Commands(run, commands_fd, program_pid)) as commands,
    ):
        for live in run.execute(commands.inputs()):
            words.show(live)
        summary = run.summary
    words.tell({"is": "summary", "summary": summary.to_dict()})
    failed = [error for _, error in outputs.save(summary) if error is not None]
    if failed:
        raise OutputError("; ".join(error.message for error in failed), hint=failed[0].hint)


def check(job: Job) -> Checked:
    """The scenario of a job, as `kilobar check` sees it."""
    overrides = Overrides(**{name: _frozen(value) for name, value in job.overrides.items()})
    if job.document is None:
        return check_argument(job.scenario, overrides)
    # As `check_document` does it: files that it names are relative to the working directory.
    return check_text(job.document.encode(), "scenario.yaml", os.environ, overrides)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class Words:
    """Messages to the program, written by a thread: a program that does not read must not keep the load waiting."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._waiting: queue.Queue[Live | Mapping[str, Any] | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._write, name="words", daemon=True)
        self._thread.start()

    def show(self, live: Live) -> None:
        """A look at the run, which is left out when too many wait: the next one tells more."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(live)

    def tell(self, message: Mapping[str, Any]) -> None:
        """What must arrive. Waits for room."""
        self._waiting.put(message)

    def close(self) -> None:
        """Waits until all of it is written, or nobody is there to read it."""
        self._waiting.put(None)
        self._thread.join()
        os.close(self._fd)

    def _write(self) -> None:
        somebody_reads = True
        while (message := self._waiting.get()) is not None:
            if not somebody_reads:
                continue
            data = memoryview(line({"is": "live", "live": message.to_dict()} if isinstance(message, Live) else message))
            try:
                while data:
                    data = data[os.write(self._fd, data) :]
            except OSError:
                somebody_reads = False


class Commands:
    """What the program asks for while the run goes, and the end of the program."""

    def __init__(self, run: Run, fd: int, program_pid: int, grace_s: float = LEAVE_GRACE_S) -> None:
        self._run = run
        self._fd = fd
        self._grace_s = grace_s
        self._unread = b""
        self._stops = 0
        self._hurry: threading.Timer | None = None
        self._hurry_fd = os.eventfd(0, os.EFD_CLOEXEC)
        self._program_fd = -1
        with contextlib.suppress(OSError):
            self._program_fd = os.pidfd_open(program_pid)
        # A number that was given to another process meanwhile is nobody whose end would matter.
        if os.getppid() != program_pid:
            self._leave()

    def inputs(self) -> dict[int, Input]:
        """What the run is to watch."""
        watched: dict[int, Callable[[], bool]] = {self._fd: self._read, self._hurry_fd: self._abort}
        if self._program_fd >= 0:
            watched[self._program_fd] = self._lose_program
        return watched

    def close(self) -> None:
        """Frees what it holds; the run has ended."""
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry.join()
        for fd in (self._hurry_fd, self._program_fd):
            if fd >= 0:
                os.close(fd)

    def _read(self) -> bool:
        data = os.read(self._fd, 65_536)
        *lines, self._unread = (self._unread + data).split(b"\n")
        for command in map(json.loads, lines):
            match command["do"]:
                case "stop":
                    self._stop(1)
                case "abort":
                    self._stop(2)
                case "scale":
                    self._run.scale(command["factor"])
                case "leave":
                    self._leave()
        if not data:
            self._leave()
        return bool(data)

    def _lose_program(self) -> bool:
        self._leave()
        return False

    def _leave(self) -> None:
        """Ends the run as a person does who presses Ctrl-C, and once more after a moment."""
        if self._hurry is None:
            self._stop(1)
            self._hurry = threading.Timer(self._grace_s, os.eventfd_write, (self._hurry_fd, 1))
            self._hurry.daemon = True
            self._hurry.start()

    def _abort(self) -> bool:
        self._stop(2)
        return False

    def _stop(self, times: int) -> None:
        """A run that is stopped twice is aborted; a program that says stop at every look does not mean that."""
        while self._stops < times:
            self._stops += 1
            self._run.stop()


if __name__ == "__main__":
    main()
