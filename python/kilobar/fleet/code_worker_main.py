"""The Python side of a worker whose users are Python code: the engine in a thread, their host in the main one.

Nothing is imported before it is known whether the code is a guest: gevent must patch the standard library before
anybody has taken a function out of it.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, cast

from kilobar import _native

if TYPE_CHECKING:
    from kilobar.users.actor import Cast
    from kilobar.users.bundle_cache import BundleCache

EXIT_REFUSED = 2
"""The plan was refused, and the controller has been told why."""
EXIT_FAILED = 1

# Both as the system has them: gevent puts its own in their place.
_start_thread = _thread.start_new_thread
_allocate_lock = _thread.allocate_lock

_bundles: BundleCache | None = None
"""Never closed: the code of this process must stay on the disk as long as it lives."""


def main() -> None:
    """Runs a worker on the file descriptor that the first argument names; the second one is the kind of the code."""
    fd, kind = int(sys.argv[1]), sys.argv[2]
    _raise_limit_of_files()
    _start_thread(_run_engine, (fd,))
    try:
        _host(kind)
    except BaseException:  # also what user code may raise through us, such as SystemExit
        import traceback

        traceback.print_exc()
        _exit(EXIT_FAILED)
    # The engine still has to send what it has counted; its thread ends the process.
    forever = _allocate_lock()
    forever.acquire()
    forever.acquire()


def enter_code(source: Mapping[str, Any]) -> dict[str, Any]:
    """Unpacks the bundle of a source and makes this process look as if it had been started in it. Returns the source
    with this directory as its `bundle`. Raises InputError."""
    global _bundles
    from kilobar.users.import_file import enter

    root = str(source["bundle"])
    if archive := source.get("archive"):
        from pathlib import Path

        from kilobar.users.bundle_cache import BundleCache

        _bundles = _bundles or BundleCache()
        root = str(_bundles.unpack(Path(archive), root))
    enter(root, source["file"])
    return {**source, "bundle": root}


def load(code: Mapping[str, Any]) -> Cast:
    """The users of a plan's `code`, as `next_code` gives it. Raises InputError, or whatever user code raises."""
    source = enter_code(code["source"])
    if source["kind"] == "pytest":
        return cast("Cast", import_module("kilobar.users.pytest_item").cast(source))
    from kilobar.users.classes import cast as cast_classes
    from kilobar.users.import_file import import_file

    return cast_classes({**code, "source": source}, import_file(source["file"]))


def _host(kind: str) -> None:
    """Serves users until the run is over."""
    if kind != "locust":
        from kilobar.users.serve import serve

        serve(load)
        return
    import_module("gevent.monkey").patch_all()
    wanted = _native.next_code()
    if wanted is None:
        return
    import json

    code = json.loads(wanted)
    try:
        code["source"] = enter_code(code["source"])
    except Exception as error:
        _native.code_loaded(str(error))
        return
    import_module("kilobar.users.guest.serve").serve(code)


def _run_engine(fd: int) -> None:
    """Ends the process when the engine is done, whatever users are doing: threads that hang cannot hold it up."""
    try:
        _native.run_worker(fd)
    except ValueError:
        _exit(EXIT_REFUSED)
    except BaseException as error:
        os.write(2, f"{error}\n".encode("utf-8", "replace"))
        _exit(EXIT_FAILED)
    _exit(0)


def _exit(code: int) -> NoReturn:
    """Ends the process at once: no atexit function, no thread and no destructor of user code is waited for."""
    with contextlib.suppress(Exception):  # user code may have put anything in its place
        sys.stderr.flush()
    os._exit(code)


def _raise_limit_of_files() -> None:
    import resource

    # Sockets are what a worker needs most, and the soft limit is only there for programs that use select().
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
