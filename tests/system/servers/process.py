"""A server in a process: it is waited for, and ends with the test that started it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

LIMIT_S = 20.0


class Script:
    """A server of this folder. It writes its port to its standard output when it listens, answers each line on its
    standard input with how many calls it has served and by how many connections, and ends with its standard input."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        (self.port,) = self._numbers()

    @property
    def calls(self) -> int:
        """Calls served so far."""
        return self._ask()[0]

    @property
    def connections(self) -> int:
        """Connections that they came by."""
        return self._ask()[1]

    def _ask(self) -> list[int]:
        assert self._child.stdin is not None
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        return self._numbers()

    def _numbers(self) -> list[int]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        assert line, f"{self._child.args} has ended"
        return [int(number) for number in line.split()]


@contextmanager
def script(file: str, *arguments: str | Path) -> Iterator[Script]:
    """Runs a server of this folder."""
    argv = [sys.executable, str(Path(__file__).with_name(file)), *map(str, arguments)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield Script(child)
        finally:
            child.kill()


@contextmanager
def program(
    argv: Sequence[str | Path], port: int, *, log: Path, stop: signal.Signals = signal.SIGTERM, **options: Any
) -> Iterator[None]:
    """Runs a program that listens on a port of loopback; what it says goes to `log`."""
    with log.open("wb") as output:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    try:
        _wait_for(child, port, log)
        yield
    finally:
        child.send_signal(stop)
        try:
            child.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def installed(name: str, package: str, places: Sequence[Path] = ()) -> str:
    """The path of a program, in `places` too. Skips the test when it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, places)])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"needs {name} (Debian package {package})")
    return found


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def environment(**extra: str) -> Mapping[str, str]:
    """Ours, in the plainest language."""
    return {**os.environ, "LC_ALL": "C", **extra}


def _wait_for(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_s = time.monotonic() + LIMIT_S
    while child.poll() is None and time.monotonic() < give_up_s:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"{child.args} does not listen on {port}:\n{log.read_text(errors='replace')}")
