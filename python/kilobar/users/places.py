"""How paths of user code are shown: from the directory of the code on, wherever that lies on this machine."""

from __future__ import annotations

import os

_home: str | None = None


def live_in(directory: str) -> None:
    """The code of this process lies in this directory, also when user code goes to another one or deletes it."""
    global _home
    _home = os.path.realpath(directory)


def short(path: str) -> str:
    """A path as people know it: relative to the directory of the code or the current one, if it lies there."""
    for directory in (_home, _current()):
        if directory is not None and path.startswith(directory + os.sep):
            return path[len(directory) + 1 :]
    return path


def _current() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # user code has deleted it
        return None
