"""pytest's own fixtures for tests that are pressed: several user threads in one process, one iteration after another.

Registered as a plugin, so they stand before the built-in ones and behind those of a conftest.py.
"""

from __future__ import annotations

import io
import logging
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pytest
from _pytest.logging import LogCaptureFixture, LogCaptureHandler, caplog_handler_key, caplog_records_key

from kilobar.users.pytest_patch import SharedMonkeyPatch

MAX_CAPTURED_CHARS = 1_000_000
"""A test that prints without end keeps this much of it."""

_FORMAT = "%(levelname)-8s %(name)s:%(filename)s:%(lineno)d %(message)s"


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory of its own for this iteration, removed after it."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=tmp_path_factory.getbasetemp()))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def monkeypatch() -> Iterator[pytest.MonkeyPatch]:
    """Patches are the process's: its other users see them until they are taken back."""
    patch = SharedMonkeyPatch()
    yield patch
    patch.undo()


class Captured(NamedTuple):
    """What `capsys.readouterr()` returns."""

    out: str
    err: str


class _Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr`: the threads that capture write to their own buffers."""

    def __init__(self, real: TextIO) -> None:
        self.real = real
        self.captured = threading.local()

    def write(self, text: str) -> int:
        buffer: io.StringIO | None = getattr(self.captured, "buffer", None)
        if buffer is None:
            return self.real.write(text)
        if buffer.tell() < MAX_CAPTURED_CHARS:
            buffer.write(text)
        return len(text)

    def flush(self) -> None:
        self.real.flush()

    def writable(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


_STREAMS_LOCK = threading.Lock()


def _streams() -> tuple[_Stream, _Stream]:
    """The standard streams, replaced when the first test captures."""
    with _STREAMS_LOCK:
        if not isinstance(sys.stdout, _Stream):
            sys.stdout = _Stream(sys.stdout)
        if not isinstance(sys.stderr, _Stream):
            sys.stderr = _Stream(sys.stderr)
        return sys.stdout, sys.stderr


class ThreadCapture:
    """`capsys`: what this user's thread writes to the standard streams."""

    def __init__(self) -> None:
        self._streams = _streams()
        self._set(True)

    def readouterr(self) -> Captured:
        """What was written since the last time."""
        texts = [stream.captured.buffer.getvalue() for stream in self._streams]
        self._set(True)
        return Captured(*texts)

    @contextmanager
    def disabled(self) -> Iterator[None]:
        """Inside, output goes to the real streams."""
        buffers = [stream.captured.buffer for stream in self._streams]
        self._set(False)
        yield
        for stream, buffer in zip(self._streams, buffers, strict=True):
            stream.captured.buffer = buffer

    def close(self) -> None:
        """Output goes to the real streams again."""
        self._set(False)

    def _set(self, captures: bool) -> None:
        for stream in self._streams:
            stream.captured.buffer = io.StringIO() if captures else None


@pytest.fixture
def capsys() -> Iterator[ThreadCapture]:
    """What the thread of this user prints; what other threads print is not in it."""
    capture = ThreadCapture()
    yield capture
    capture.close()


def _refuse(name: str) -> None:
    pytest.fail(f"{name} needs the file descriptors of the whole process, which all users share; use capsys", False)


@pytest.fixture
def capfd() -> None:
    """Cannot be had."""
    _refuse("capfd")


@pytest.fixture
def capfdbinary() -> None:
    """Cannot be had."""
    _refuse("capfdbinary")


@pytest.fixture
def capsysbinary() -> None:
    """Cannot be had."""
    _refuse("capsysbinary")


class ThreadLog(LogCaptureFixture):  # type: ignore[misc]  # final for its users; the fixture has to be one
    """`caplog`: a logger is the process's, so its level is only ever lowered; the handler's is this user's."""

    def set_level(self, level: int | str, logger: str | None = None) -> None:
        """As in pytest, until the iteration ends."""
        lower(logging.getLogger(logger), level)
        self.handler.setLevel(level)

    @contextmanager
    def at_level(self, level: int | str, logger: str | None = None) -> Iterator[None]:
        """As in pytest."""
        before = self.handler.level
        self.set_level(level, logger)
        try:
            yield
        finally:
            self.handler.setLevel(before)


def lower(logger: logging.Logger, level: int | str) -> None:
    """Lets records of this level pass; raising it would take records from other users."""
    number = level if isinstance(level, int) else logging.getLevelName(level.upper())
    if not isinstance(number, int):
        raise ValueError(f"unknown level: {level!r}")
    if logger.getEffectiveLevel() > number:
        logger.setLevel(number)


@pytest.fixture
def caplog(request: pytest.FixtureRequest) -> Iterator[ThreadLog]:
    """What the thread of this user logs; what other threads log is not in it."""
    thread = threading.get_ident()
    handler = LogCaptureHandler()
    handler.addFilter(lambda record: record.thread == thread)
    handler.setFormatter(logging.Formatter(_FORMAT))
    request.node.stash[caplog_handler_key] = handler
    request.node.stash[caplog_records_key] = {"call": handler.records}
    logging.getLogger().addHandler(handler)
    yield ThreadLog(request.node, _ispytest=True)
    logging.getLogger().removeHandler(handler)
    del request.node.stash[caplog_handler_key], request.node.stash[caplog_records_key]
