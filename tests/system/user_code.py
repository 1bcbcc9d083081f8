"""User code that a test writes, and runs of it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from .command import Finished, kilobar
from .processes import Going

_IMPORTS = """\
import asyncio, gc, multiprocessing, os, shutil, signal, sys, threading, time
import kilobar
from kilobar import Press, StopRun, StopUser, User, between, tag, task
"""


class UserCode:
    """A directory with one Python file. What workers unpack of it lies beside it, not in the cache of this machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "code"
        self.directory.mkdir()
        self._cache = directory / "cache"
        self._json_file = directory / "summary.json"

    @property
    def env(self) -> dict[str, str]:
        """Of commands that run it."""
        return {"XDG_CACHE_HOME": str(self._cache)}

    def write(self, text: str, name: str = "users.py") -> Path:
        """The file, with what it needs imported before `text`."""
        path = self.directory / name
        path.write_text(_IMPORTS + textwrap.dedent(text))
        return path

    def run(self, text: str, *options: str | Path, workers: int = 2) -> Finished:
        """A run of it, to its end; the books must balance, and nothing may be in flight."""
        done = kilobar("run", self.write(text), *self._options(workers, options), env=self.env)
        assert done.summary, done.stderr
        assert done.ledger["in_flight"] == 0, done.summary["events"]
        return done

    def going(self, text: str, *options: str | Path, workers: int = 2) -> Going:
        """A run of it that goes on."""
        return Going("run", self.write(text), *self._options(workers, options), env=self.env)

    def _options(self, workers: int, options: tuple[str | Path, ...]) -> tuple[str | Path, ...]:
        return (*options, "--workers", str(workers), "--json", self._json_file)


def counts(done: Finished, kind: str | None = None) -> dict[str, int]:
    """Steps by the names of their series."""
    return {
        series["name"]: series["count"] for series in done.summary["series"] if kind is None or series["kind"] == kind
    }
