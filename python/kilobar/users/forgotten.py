"""A forgotten `await`: nothing is done, nothing fails, and everything looks fast. Here it fails its turn."""

from __future__ import annotations

import warnings
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from kilobar.users.actor import Turn

NOW: ContextVar[Turn | None] = ContextVar("NOW", default=None)
"""The turn that the running task is taking."""


def watch() -> None:
    """From here on a coroutine that nobody has awaited, of which Python warns, fails the turn that has dropped it."""
    warnings.filterwarnings("always", message=".*was never awaited", category=RuntimeWarning)
    genuine = warnings.showwarning

    def show(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
        turn = NOW.get()
        if turn is not None and category is RuntimeWarning and "was never awaited" in str(message):
            turn.failed = turn.failed or f"{message}: write `await` before it ({Path(filename).name}:{lineno})"
        genuine(message, category, filename, lineno, file, line)

    warnings.showwarning = show
