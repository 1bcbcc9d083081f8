"""The ordinary interpreter in which user code runs: site packages, environment, and Kilobar wherever it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
# What `-c` puts in front is the current directory; Kilobar itself may be installed or a checkout. Once the package is
# imported its modules are found by the package, so nothing of ours stays on the path of user code.
_BOOT = """\
import os, sys
os.environ["KILOBAR_RUNS_USER_CODE"] = "1"
sys.path[0] = sys.argv.pop(1)
import kilobar
del sys.path[0]
from importlib import import_module
import_module(sys.argv.pop(1)).main()
"""


def runs_user_code() -> bool:
    """Whether this process, or one that started it, is such an interpreter."""
    return "KILOBAR_RUNS_USER_CODE" in os.environ


def interpreter_argv(module: str, *arguments: str) -> list[str]:
    """The command line that calls `main()` of a module, with these as `sys.argv[1:]`."""
    return [sys.executable, "-c", _BOOT, _PACKAGE_ROOT, module, *arguments]
