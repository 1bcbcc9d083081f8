"""Runs `kilobar` as a person does: a process, its exit code, what it printed and the summary that it wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIME_LIMIT_S = 60.0
"""Of one command: far more than any of them needs, so that a hang fails here and not in the whole session."""

_BUSY_MACHINE = ("could not keep up", "too slow for such short response times", "users were active")
"""Reasons for `invalid` that a machine with other work gives to any run, and that no test may be about."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str
    summary: dict[str, Any]
    """What `--json` wrote; empty when nothing was."""

    @property
    def ledger(self) -> dict[str, int]:
        """The books, which must balance."""
        ledger: dict[str, int] = self.summary["ledger"]
        assert ledger["planned"] == ledger["started"] + ledger["dropped"] + ledger["lost"], ledger
        assert ledger["started"] == ledger["ok"] + ledger["failed"] + ledger["in_flight"], ledger
        return ledger

    @property
    def errors(self) -> dict[str, int]:
        """Failed requests by class."""
        errors: dict[str, int] = self.summary["total"]["errors"]
        return errors

    @property
    def reasons(self) -> str:
        """Of the verdict, a line each."""
        return "\n".join(self.summary["verdict"]["reasons"])

    @property
    def blames_the_machine(self) -> bool:
        """Whether the run is invalid because the generator did not get the processor in time."""
        invalid = bool(self.summary) and self.summary["verdict"]["outcome"] == "invalid"
        return invalid and any(words in self.reasons for words in _BUSY_MACHINE)

    def series(self, name: str) -> dict[str, Any]:
        """One step name."""
        (found,) = (series for series in self.summary["series"] if series["name"] == name)
        return dict(found)

    def must_end_with(self, exit_code: int) -> None:
        """Checks the exit code. A machine that is busy may make a run invalid, which is then the truth."""
        if not (self.exit_code == 3 and self.blames_the_machine):
            assert self.exit_code == exit_code, f"{self.stdout}\n{self.stderr}"


def argv(*arguments: str) -> list[str]:
    """The command line of `kilobar`."""
    return [sys.executable, "-m", "kilobar", *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, with a terminal of known width, and `extra`."""
    return {**os.environ, "COLUMNS": "120", **(extra or {})}


def kilobar(
    *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, prefix: tuple[str, ...] = ()
) -> Finished:
    """Executes a command to its end. `prefix` is a command that starts it, such as `prlimit`."""
    words = [str(argument) for argument in arguments]
    done = subprocess.run(
        [*prefix, *argv(*words)],
        env=environment(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
    )
    return finished(done.returncode, done.stdout, done.stderr, words)


def finished(exit_code: int, stdout: str, stderr: str, arguments: list[str]) -> Finished:
    """With the summary that the arguments asked for, if it was written. Nobody may ever see a traceback."""
    assert "Traceback" not in stderr, stderr
    summary: dict[str, Any] = {}
    if arguments.count("--json") == 1:
        file = Path(arguments[arguments.index("--json") + 1])
        if file.is_file():
            summary = json.loads(file.read_text())
    return Finished(exit_code, stdout, stderr, summary)
