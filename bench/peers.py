"""The servers and peers that benches use: started on loopback, pinned, ended by their id."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from kilobar.target import TargetProcess

SERVER_CPU = 0
GENERATOR_CPU = 1
ROOT = Path(__file__).resolve().parents[1]
KILOBAR = str(ROOT / ".venv" / "bin" / "kilobar")


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of a generator."""

    requests: int
    rate_per_s: float
    cpu_s: float
    """User and system time of the whole process tree, start and end included."""
    summary: dict[str, Any] | None = None

    @property
    def cpu_us_per_request(self) -> float:
        return self.cpu_s / max(self.requests, 1) * 1e6


def require(*programs: str) -> None:
    """Ends the bench with a sentence when a peer is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        sys.exit(f"this bench needs {', '.join(missing)} (Debian packages of these names)")


def pinned(cpu: int, argv: list[str]) -> list[str]:
    return ["taskset", "-c", str(cpu), *argv]


def run_to_end(argv: list[str]) -> tuple[float, str]:
    """Processor seconds of the process and all its children that it waited for, and what it printed."""
    child = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    )
    assert child.stdout is not None
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 3):
        sys.exit(f"{' '.join(argv)} ended with {child.returncode}:\n{printed}")
    return usage.ru_utime + usage.ru_stime, printed


def wrk(url: str, connections: int, seconds: int) -> Measured:
    cpu_s, printed = run_to_end(pinned(GENERATOR_CPU, ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url]))
    requests = int(re.search(r"(\d+) requests in", printed)[1])  # type: ignore[index]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1])  # type: ignore[index]
    return Measured(requests, rate, cpu_s)


def kilobar(url: str, *options: str, cpu: int | None = GENERATOR_CPU) -> Measured:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        argv = [KILOBAR, "run", url, "--quiet", "--json", file.name, *options]
        cpu_s, _ = run_to_end(pinned(cpu, argv) if cpu is not None else argv)
        summary = json.loads(Path(file.name).read_text())
    requests = summary["total"]["count"]
    rate = requests / summary["run"]["duration_s"]
    return Measured(requests, rate, cpu_s, summary)


HELLO = 'location / { return 200 "hello"; }'


@contextmanager
def nginx(locations: str = HELLO) -> Iterator[str]:
    """Debian's nginx, one worker on the server's core, returning constants without a log."""
    with tempfile.TemporaryDirectory() as folder:
        port = 8790
        config = Path(folder) / "nginx.conf"
        config.write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; keepalive_requests 1000000000; server {{ listen 127.0.0.1:{port} backlog=4096;"
            f" {locations} }} }}\n"
        )
        child = subprocess.Popen(pinned(SERVER_CPU, ["nginx", "-p", folder, "-c", str(config)]))
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_for(url)
            yield url
        finally:
            child.terminate()
            child.wait()


@contextmanager
def target(**options: Any) -> Iterator[TargetProcess]:
    """Our own target on the server's core."""
    with TargetProcess(options, cpu=SERVER_CPU) as process:
        yield process


def ratio(of: list[float], to: list[float]) -> float:
    """The median of the ratios of pairs that were measured one after the other."""
    return median(a / b for a, b in zip(of, to, strict=True))


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{url} does not answer")
