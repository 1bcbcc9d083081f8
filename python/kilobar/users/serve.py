"""The host in the process of a worker: loads user code, takes orders until the run is over."""

from __future__ import annotations

import gc
import json
import select
import signal
from collections.abc import Callable
from importlib import import_module
from typing import Any

from kilobar import _native
from kilobar.users.actor import Cast, Role
from kilobar.users.failure import failure_of, told
from kilobar.users.forked import leave_if_forked
from kilobar.users.loop_lag import LoopLag
from kilobar.users.threads import ThreadHost
from kilobar.users.watchdog import Watchdog


def serve(load: Callable[[dict[str, Any]], Cast]) -> None:
    """Serves the engine of this process until its run is over.

    `load` gets the plan's `code` with `worker` and `workers`; what it raises is told to the engine, and nothing is
    run. To be called in the main thread. Threads of users may still be there afterwards, some of them stuck: end the
    process with `os._exit`. What the host itself raises goes through.
    """
    wanted = _native.next_code()
    if wanted is None:
        return
    try:
        code = json.loads(wanted)
        cast = load(code)
        leave_if_forked()
        limits_ns = [int(one["timeout_ns"]) for one in code["classes"]]
        watchdog = Watchdog()
        run = _host_of(cast.roles, limits_ns, watchdog)
        # What is loaded stays: collections need not look at it again, and pause nobody.
        gc.collect()
        gc.freeze()
    except BaseException as error:  # user code, which may even call sys.exit
        leave_if_forked()
        _native.code_loaded(problem_of(error))
        return
    # The process has a session of its own: only user code can interrupt it, and does not end its run so.
    signal.signal(signal.SIGINT, lambda *_: None)
    _native.code_loaded(None)
    watchdog.start()
    # What it raises ends this process, and the run has lost a worker: without a host nothing more would be executed.
    run()
    watchdog.stop()
    try:
        cast.close()
    except BaseException as error:  # user code again; the run is over, and its numbers stand
        import logging  # hardly ever needed

        logging.getLogger(__name__).warning("closing the users failed: %s", told(error))
    finally:
        _native.closed()


def problem_of(error: BaseException) -> str:
    """Why user code cannot be loaded: what, where, what to do."""
    failure = failure_of(error, "loading the users")
    return f"{failure.message}\n  hint: {failure.hint}" if failure.hint else failure.message


def _host_of(roles: tuple[Role, ...], limits_ns: list[int], watchdog: Watchdog) -> Callable[[], None]:
    threads = ThreadHost(roles, limits_ns, watchdog)

    def otherwise(order: _native.Order) -> None:
        if order[0] == "hire":
            threads.hire(order[1], order[2], order[3])

    if any(role.way == "async" for role in roles):
        from kilobar.users.event_loop import EventLoopHost

        # It is loaded with the first request otherwise, which would then be late.
        pending = import_module("kilobar.users.pending").Pending
        return EventLoopHost(roles, pending, otherwise, limit_ns=max(limits_ns), watchdog=watchdog).run
    return lambda: _wait_for(otherwise)


def _wait_for(otherwise: Callable[[_native.Order], None]) -> None:
    """Takes orders without an event loop: there are only threads to be started."""
    poll = select.poll()
    poll.register(_native.orders_fd(), select.POLLIN)
    # Whoever waits for the interpreter here waits as long as a thread of a user.
    lag = LoopLag()
    while True:
        for order in _native.take_orders():
            if order[0] == "close":
                return
            otherwise(order)
        if not poll.poll(lag.due_in_ms) or lag.due_in_ms == 0:
            lag.tick()
