"""Debian's redis-server, empty, in a folder of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .process import free_port, installed, program


@dataclass(frozen=True)
class RedisServer:
    """One that runs."""

    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def calls(self, command: str) -> int:
        """How often it has executed a command, by its own count."""
        argv = ["redis-cli", "-p", str(self.port), "INFO", "commandstats"]
        lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
        found = [line for line in lines if line.startswith(f"cmdstat_{command.lower()}:")]
        return int(found[0].split("calls=")[1].split(",")[0]) if found else 0


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    redis = installed("redis-server", "redis-server")
    port = free_port()
    argv = [redis, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with program(argv, port, log=folder / "redis.log"):
        yield RedisServer(port)
