"""Imports a file of user code as workers do: its directory first on the path, registered under its own name."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from kilobar.errors import InputError
from kilobar.users.failure import failure_of
from kilobar.users.places import live_in


def enter(root: str, file: str) -> None:
    """Makes this process look as if the user had started `file` in the directory `root`. `file` is relative to it."""
    live_in(root)
    os.chdir(root)
    path = os.path.abspath(file)
    sys.argv[:] = [file]
    for directory in (os.path.abspath(root), os.path.dirname(path)):
        if directory in sys.path:
            sys.path.remove(directory)
        sys.path.insert(0, directory)


def import_file(file: str) -> ModuleType:
    """The module of a file, executed. Raises InputError with the place in user code, whatever it raises."""
    path = Path(file).resolve()
    name = path.stem
    # A user's `redis.py` must not be taken for the package of that name, which it may itself import.
    if name in sys.modules:
        name = f"{name}_"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{file} is no Python file", code="code-failed")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # user code: sys.exit() too
        del sys.modules[name]
        raise failure_of(error, f"importing {file}") from error
    return module
