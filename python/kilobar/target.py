"""A target process of our own: a server with known behaviour, started and ended by us.

Used by `kilobar demo` and `kilobar calibrate`, by the tests and by the benches. What it serves is in
docs/reference/target.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from kilobar.errors import KilobarError

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[1])
# PR_SET_PDEATHSIG: a target does not outlive whoever measures with it, however that ends.
_BOOT = (
    "import ctypes, sys; ctypes.CDLL(None).prctl(1, 15); "
    "sys.path.insert(0, sys.argv[1]); from kilobar import _native; "
    "_native.run_target(sys.argv[2], int(sys.argv[3]))"
)


class TargetError(KilobarError):
    """The target could not be started: its port is in use, for example."""

    code = "target"
    exit_code = 2


class TargetProcess:
    """A running target; a context manager that ends it.

    `options` are those of `kilobar target` (docs/reference/target.md); the port is any free one unless given. `cpu`
    pins the process to one core.
    """

    def __init__(self, options: dict[str, Any] | None = None, *, cpu: int | None = None) -> None:
        """Raises TargetError."""
        read_end, write_end = os.pipe()
        settings = json.dumps({"port": 0, **(options or {})})
        argv = [sys.executable, "-I", "-S", "-c", _BOOT, _PACKAGE_ROOT, settings, str(write_end)]
        if cpu is not None:
            argv = ["taskset", "-c", str(cpu), *argv]
        self._child = subprocess.Popen(
            argv, pass_fds=(write_end,), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        os.close(write_end)
        with os.fdopen(read_end, "rb") as ready:
            line = ready.readline()
        if not line:
            _, complaint = self._child.communicate()
            last_line = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            raise TargetError(f"the target did not start: {last_line}")
        where = json.loads(line)
        self.port: int = where["http"]
        self.https_port: int | None = where["https"]
        self.ca_file: str | None = where["ca_file"]

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._child.pid

    @property
    def url(self) -> str:
        """Of its plain port, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def stats(self) -> dict[str, Any]:
        """What it has received: the truth that a ledger is compared with."""
        with urllib.request.urlopen(f"{self.url}/_target/stats", timeout=30) as answer:
            stats: dict[str, Any] = json.load(answer)
        return stats

    def command(self, path: str) -> None:
        """Tells it something, such as `/_target/stall?for=2s` or `/_target/reset`."""
        request = urllib.request.Request(f"{self.url}{path}", method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    def close(self) -> None:
        """Ends the process and waits for it."""
        self._child.terminate()
        self._child.communicate()

    def __enter__(self) -> TargetProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
