"""Locust's users in this process: brought and taken by orders, and watched. Importing it patches the process."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from typing import Any

import gevent  # type: ignore[import-untyped]
import gevent.event  # type: ignore[import-untyped]
from locust import User
from locust import log as locust_log
from locust.exception import StopTest, StopUser

from kilobar import _native
from kilobar.errors import InputError
from kilobar.users.guest import failures, iterations, locustfile, statistics
from kilobar.users.guest.client import Responses, Sender, put_in_place
from kilobar.users.guest.counting import Counter
from kilobar.users.guest.mishaps import Mishaps
from kilobar.users.guest.runner import GuestRunner, fire_init
from kilobar.users.guest.stint import Stint, current
from kilobar.users.loop_lag import TICK_S, LoopLag

_READ = 1
_SPAWN_PATIENCE_S = 10.0
_QUIET_S = 2.0
"""When it is not known when a ramp ends, it has ended when nobody came for this long."""
_CLOSE_LIMIT_S = 10.0
_REASON_LIMIT = 1_000


class Host:
    """Everything of a worker whose users are Locust's."""

    def __init__(self, code: dict[str, Any]) -> None:
        """Loads the locustfile and fires `init` and `test_start`. Raises InputError when that cannot be done."""
        self._code = code
        source = code["source"]
        self._source = source
        modules_before = set(sys.modules)
        self._file = locustfile.load(source["file"], source.get("options") or {})
        self._environment = self._file.environment
        by_name = {user_class.__name__: user_class for user_class in self._file.classes}
        missing = [each["name"] for each in code["classes"] if each["name"] not in by_name]
        if missing:
            raise InputError(f"{source['file']} has no user class {', '.join(missing)} any more")
        self._classes: list[type[User]] = [by_name[each["name"]] for each in code["classes"]]
        self._stints: dict[int, Stint] = {}
        self._first_arrival_ns: int | None = None
        self._has_asked_to_stop = False
        self._hub = gevent.get_hub()
        # What dies in a greenlet is told to the engine; it must neither flood the log nor end this process (sys.exit).
        self._hub.exception_stream = None
        self._hub.SYSTEM_ERROR = (KeyboardInterrupt,)
        self._set_up_logging()
        mishaps = Mishaps()
        logging.getLogger().addHandler(mishaps)
        mishaps.follow(self._hub, self._is_user)
        self._environment.stats = statistics.BoundedStats()
        self._runner: GuestRunner = self._environment._create_runner(
            GuestRunner, int(code.get("worker", 0)), int(code.get("workers", 1)), self._stop_run
        )
        if not _mentions_statistics(modules_before):
            # The runner's own listener feeds them, and has just been added.
            self._environment.events.request._handlers.pop()
        # First of all: a listener that ends its user by an exception must not hide the request from us.
        self._environment.events.request._handlers.insert(0, Counter(current))
        iterations.watch(current)
        options = source.get("options") or {}
        self._responses = Responses() if options.get("fast_http") else None
        self._verifies = not options.get("insecure")
        self._fire_init()
        ramps = source.get("ramps") or []
        self._runner.begin(int(ramps[0][1]) if ramps else 0)
        os.register_at_fork(after_in_child=self._leave_forked_child)

    def run(self) -> None:
        """Obeys orders until the run is over."""
        # The process has a session of its own: only user code can interrupt it, and does not end its run so.
        signal.signal(signal.SIGINT, lambda *_: None)
        # What is loaded stays: collections need not look at it again, and pause nobody.
        gc.collect()
        gc.freeze()
        # Requests leave hardly any cycles behind; to look for them all the time costs some per cent of the rate.
        gc.set_threshold(10_000, 20, 100)
        closed = gevent.event.Event()
        watcher = self._hub.loop.io(_native.orders_fd(), _READ)
        watcher.start(self._obey, closed)
        gevent.spawn(_tick)
        try:
            while not closed.wait(timeout=60):
                pass
        finally:
            watcher.stop()
            watcher.close()
        try:
            self._close()
        except BaseException as error:  # listeners run here: whatever they do, the run is over and its numbers stand
            logging.getLogger(__name__).warning("closing the users failed: %s", failures.described(error))
        finally:
            _native.closed()

    def _obey(self, closed: Any) -> None:
        """In the hub: nothing in here may wait."""
        for order in _native.take_orders():
            kind = order[0]
            if kind == "response":
                self._answer(order)
            elif kind == "arrive":
                self._arrive(order[1], order[2])
            elif kind == "leave":
                self._take_leave(order[1])
            elif kind == "gone":
                self._give_up(order[1])
            elif kind == "close":
                closed.set()

    def _arrive(self, number: int, class_index: int) -> None:
        if self._first_arrival_ns is None:
            self._first_arrival_ns = _native.monotonic_ns()
            gevent.spawn(self._tell_ramps)
        class_index = self._class_at_this_time(number, class_index)
        stint = Stint(number, class_index, self._stop_run)
        self._stints[number] = stint
        greenlet = gevent.Greenlet(self._start, stint)
        stint.follow(greenlet)
        greenlet.start()

    def _class_at_this_time(self, number: int, class_index: int) -> int:
        """A shape may say that new users are of some classes only."""
        cycle = None
        elapsed_s = self._elapsed_s()
        for since_s, indices in self._source.get("classes_over_time") or ():
            if since_s <= elapsed_s:
                cycle = indices
        if not cycle or class_index in cycle:
            return class_index
        return int(cycle[number % len(cycle)])

    def _elapsed_s(self) -> float:
        start_ns = self._first_arrival_ns
        return 0.0 if start_ns is None else (_native.monotonic_ns() - start_ns) / 1e9

    def _start(self, stint: Stint) -> None:
        """Makes the user and starts its greenlet."""
        try:
            user = self._classes[stint.flow](self._environment)
            if not hasattr(user, "environment"):
                raise TypeError(f"{type(user).__name__}.__init__ does not call super().__init__(*args, **kwargs)")
        except BaseException as error:
            self._note_end(stint, error)
            return
        stint.user = user
        if self._responses is not None:
            put_in_place(user, Sender(self._responses, stint.number, verifies=self._verifies))
        greenlet = user.start(self._runner.user_greenlets)
        stint.follow(greenlet)
        # A killed one has a GreenletExit as its value, and no exception.
        greenlet.link(lambda ended: self._note_end(stint, ended.exception))
        if stint.is_told_to_leave:
            user.stop()

    def _note_end(self, stint: Stint, error: BaseException | None) -> None:
        if isinstance(error, StopTest):
            self._stop_run(str(error))
        elif error is not None and not isinstance(error, StopUser | gevent.GreenletExit):
            if stint.is_busy:
                stint.end(error)
            elif not _was_in_task(error):
                stint.fail_outside(error)
        # As in Locust, who leaves by a wish of its own is not replaced. Who failed is, after a breath of the engine.
        is_wish = stint.is_told_to_leave or error is None or isinstance(error, StopUser | gevent.GreenletExit)
        if self._stints.pop(stint.number, None) is not None:
            _native.left(stint.number, is_wish and not stint.is_told_to_leave)

    def _take_leave(self, number: int) -> None:
        stint = self._stints.get(number)
        if stint is None or stint.is_told_to_leave:
            return
        stint.is_told_to_leave = True
        gevent.spawn(self._lead_out, stint)

    def _lead_out(self, stint: Stint) -> None:
        if self._is_end_of_test():
            self._runner.stopping()
        user = stint.user
        if user is None or user.greenlet is None:
            return
        if user._state not in (None, "running", "waiting"):
            return
        user.stop(force=False)
        limit_s = self._environment.stop_timeout
        if limit_s:
            user.greenlet.join(timeout=limit_s)
            self._cut(stint)

    def _is_end_of_test(self) -> bool:
        """All are to leave, and not because a shape goes down to nobody for a while."""
        if any(not stint.is_told_to_leave for stint in self._stints.values()):
            return False
        duration_s = self._source.get("duration_s")
        return self._has_asked_to_stop or duration_s is None or self._elapsed_s() >= duration_s - 1

    def _give_up(self, number: int) -> None:
        stint = self._stints.get(number)
        if stint is not None:
            self._cut(stint)

    def _cut(self, stint: Stint) -> None:
        """Ends a user whatever it does; `on_stop` still runs."""
        stint.is_told_to_leave = stint.is_cut = True
        if stint.user is not None and stint.user.greenlet is not None:
            stint.user.greenlet.kill(block=False)

    def _tell_ramps(self) -> None:
        """Fires `spawning_complete` at the end of every ramp, when this worker has its part of the users."""
        ramps = self._source.get("ramps")
        if not ramps:
            count = -1
            while count != len(self._stints):
                count = len(self._stints)
                gevent.sleep(_QUIET_S)
            self._runner.spawned(count * self._runner.worker_count)
            return
        for end_s, total_users in ramps:
            gevent.sleep(max(0.0, end_s - self._elapsed_s()))
            share = total_users // self._runner.worker_count
            for _ in range(int(_SPAWN_PATIENCE_S * 20)):
                if self._runner.user_count >= share:
                    break
                gevent.sleep(0.05)
            self._runner.spawned(total_users)

    def _fire_init(self) -> None:
        tolerated = set(self._source.get("tolerated_init") or ())
        for name, error in fire_init(self._environment):
            if name not in tolerated:
                raise InputError(f"the init listener {name} failed: {type(error).__name__}: {error}")
        locust_log.unhandled_greenlet_exception = False

    def _is_user(self, greenlet: Any) -> bool:
        """Whether it is the greenlet of a user, whose end is noted."""
        return isinstance(getattr(greenlet, "args", None), tuple) and any(
            isinstance(argument, User | Stint) for argument in greenlet.args
        )

    def _answer(self, order: tuple[Any, ...]) -> None:
        if self._responses is not None:
            self._responses.arrived(order)

    def _leave_forked_child(self) -> None:
        """A child of a user's fork must never come back into the books; it ends when it tries to."""

        def leave(*_: Any) -> None:
            os._exit(0)

        for owner, name in ((Stint, "begin"), (Stint, "end"), (Counter, "__call__")):
            setattr(owner, name, leave)

    def _stop_run(self, reason: str) -> None:
        if self._has_asked_to_stop:
            return
        self._has_asked_to_stop = True
        _native.stop_run(reason[:_REASON_LIMIT])
        # As in Locust, nobody here begins anything more; the other workers hear of it from the engine.
        for stint in list(self._stints.values()):
            if stint.user is not None and stint.user._state in ("running", "waiting"):
                stint.user.stop(force=False)

    def _close(self) -> None:
        self._runner.stopping()
        for stint in self._stints.values():
            self._cut(stint)
        with gevent.Timeout(_CLOSE_LIMIT_S, False):
            while self._stints:
                gevent.sleep(0.01)
        self._runner.stopped()

    def _set_up_logging(self) -> None:
        parsed: Any = self._environment.parsed_options
        if parsed.skip_log_setup:
            return
        if parsed.logfile:
            setup_logging: Any = locust_log.setup_logging
            setup_logging(parsed.loglevel, parsed.logfile)
            # What is printed goes there too; it is the one place where a person can look.
            sys.stdout = open(parsed.logfile, "a", buffering=1, encoding="utf-8")  # noqa: SIM115  # for good
        root = logging.getLogger()
        # The output of a worker is read by nobody: without a file, messages end here.
        for logger in (root, logging.getLogger("locust")):
            logger.handlers = [each for each in logger.handlers if type(each) is not logging.StreamHandler]
            logger.addHandler(logging.NullHandler())
        root.setLevel(parsed.loglevel.upper() if parsed.logfile else logging.WARNING)


def _was_in_task(error: BaseException) -> bool:
    """Whether the failure has been counted with an iteration already."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "_executed":
            return True
        trace = trace.tb_next
    return False


def _mentions_statistics(modules_before: set[str]) -> bool:
    """Whether anything that came with the locustfile may read Locust's statistics, which are not free."""
    if "locust_plugins" in sys.modules:
        return True
    for name in set(sys.modules) - modules_before:
        path = getattr(sys.modules[name], "__file__", None) or ""
        is_locust = name.partition(".")[0] in ("locust", "gevent", "kilobar")
        if not is_locust and path.endswith(".py"):
            try:
                with open(path, encoding="utf-8", errors="replace") as text:
                    if "stats" in text.read():
                        return True
            except OSError:
                return True
    return False


def _tick() -> None:
    lag = LoopLag()
    while True:
        # That of the hub: `gevent.sleep` may have been patched by the user.
        gevent.get_hub().wait(gevent.get_hub().loop.timer(TICK_S))
        lag.tick()
