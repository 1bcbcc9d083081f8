"""The host of Locust's users in a worker process: its main thread is the hub of gevent.

Orders of the engine bring users and take them away; what happens in between is theirs. Nothing here waits inside of the
hub: whatever may block (a user's `__init__`, its `on_stop`) runs in a greenlet of its own.
"""

from __future__ import annotations

import json
import os
from typing import Any

from kilobar import _native
from kilobar.errors import InputError
from kilobar.users.guest import failures


def serve(code: dict[str, Any] | None = None) -> None:
    """Runs the guests of a worker until the engine closes. `code` is what `next_code` gives; asked for when None.

    Importing Locust patches the whole process: nothing else that needs the unpatched world may run here afterwards.
    """
    if code is None:
        text = _native.next_code()
        if text is None:
            return
        code = json.loads(text)
    try:
        host = _loaded(code)
    except InputError as error:
        _native.code_loaded(error.message + (f"; {error.hint}" if error.hint else ""))
        return
    except BaseException as error:  # user code runs at import: anything may come out of it, and is to be told
        _native.code_loaded(failures.described(error))
        return
    _native.code_loaded(None)
    host.run()


def _loaded(code: dict[str, Any]) -> Any:
    bundle = code["source"].get("bundle")
    if bundle and os.path.isdir(bundle):
        # Data files are opened by paths relative to where the run was started.
        os.chdir(bundle)
    try:
        from kilobar.users.guest.host import Host  # this import patches the process
    except ModuleNotFoundError as error:
        raise InputError(f"the module {error.name!r} is not installed", hint="pip install 'kilobar[locust]'") from error
    return Host(code)
