"""The process that executes user code to look at it: `kilobar.users.inspection` starts it, reads one JSON line, and
ends it. User code never runs in the process of a controller."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from kilobar.errors import InputError, KilobarError
from kilobar.users.failure import failure_of
from kilobar.users.import_file import enter

STACK_BEFORE_END_S = 1.0
"""How long before the time limit it is written where the code hangs."""


def main() -> None:
    """Does what the first argument asks for, a JSON object, and writes to the descriptor that it names."""
    request = json.loads(sys.argv[1])
    fd = int(request["fd"])
    # What user code starts must not keep the controller waiting for the end of the stream.
    os.set_inheritable(fd, False)
    faulthandler.dump_traceback_later(max(request["timeout_s"] - STACK_BEFORE_END_S, 0.1))
    answer = json.dumps(_answer(request), ensure_ascii=True)
    faulthandler.cancel_dump_traceback_later()
    with open(fd, "w", encoding="ascii") as stream:
        stream.write(answer + "\n")
    sys.stdout.flush()
    # Threads that user code has left behind, and its atexit functions, are not waited for.
    os._exit(0)


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    enter(request["root"], request["path"].partition("::")[0])
    try:
        document = _inspect(request["kind"], request["path"], request["options"])
        json.dumps(document)
    except KilobarError as error:
        return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    except BaseException as error:  # user code: anything at all
        failure = failure_of(error, f"looking at {request['path']}")
        return {"error": {"code": failure.code, "message": failure.message, "hint": failure.hint}}
    return document


_READERS = {
    "classes": "kilobar.users.class_inspection",
    "pytest": "kilobar.users.pytest_item",
    "locust": "kilobar.users.guest.inspect",
}
"""Kind of code -> the module whose `inspect(path, options)` looks at it. Each is imported only for its own kind: they
are heavy, and one of them patches the whole process."""
_NEEDS = {"pytest": ("pytest", "pytest"), "locust": ("locust", "'kilobar[locust]'")}
"""Kind of code -> the package that reads it, and what pip is to install."""


def _inspect(kind: str, path: str, options: dict[str, Any]) -> dict[str, Any]:
    if kind in _NEEDS:
        _require(*_NEEDS[kind])
    document: dict[str, Any] = import_module(_READERS[kind]).inspect(path, options)
    return document


def _require(module: str, install: str) -> None:
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise InputError(f"this needs the package {module}, which is not installed", hint=f"pip install {install}")


if __name__ == "__main__":
    main()
