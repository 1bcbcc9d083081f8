"""The runner that locustfiles see: a genuine `LocalRunner` whose users come and go as Kilobar says."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from locust import User
from locust.env import Environment
from locust.runners import (
    STATE_CLEANUP,
    STATE_INIT,
    STATE_RUNNING,
    STATE_SPAWNING,
    STATE_STOPPED,
    LocalRunner,
    WorkerNode,
)

_logger = logging.getLogger(__name__)
_EXCEPTION_LIMIT = 500


class WorkerNodes(dict[str, WorkerNode]):
    """`runner.clients`: the workers of the run, by their id, in the order of their index."""

    def _in(self, *states: str) -> list[WorkerNode]:
        return [node for node in self.values() if node.state in states]

    @property
    def all(self) -> list[WorkerNode]:
        """Every worker."""
        return list(self.values())

    @property
    def ready(self) -> list[WorkerNode]:
        """Before the load."""
        return self._in(STATE_INIT)

    @property
    def spawning(self) -> list[WorkerNode]:
        """In a ramp."""
        return self._in(STATE_SPAWNING)

    @property
    def running(self) -> list[WorkerNode]:
        """With all their users."""
        return self._in(STATE_RUNNING)

    @property
    def missing(self) -> list[WorkerNode]:
        """Nobody: Kilobar replaces lost workers itself."""
        return []


class GuestRunner(LocalRunner):
    """Each worker of Kilobar is a whole Locust for its file, master and worker in one.

    So code for the master runs in every worker with the same view of all workers, and a message to one worker reaches
    only the one it is for. `stop` and `quit` stop the run by `stop_run(reason)`; `start` and `spawn_users` change
    nothing.
    """

    def __init__(self, environment: Environment, worker: int, workers: int, stop_run: Callable[[str], None]) -> None:
        super().__init__(environment)
        self.worker_index = worker
        self.worker_count = workers
        self.clients = WorkerNodes({_node_id(index): WorkerNode(_node_id(index)) for index in range(workers)})
        self.client_id = _node_id(worker)
        self._stop_run = stop_run

    @property
    def user_classes_count(self) -> dict[str, int]:
        """How many users of each class are in this worker now."""
        counts = {user_class.__name__: 0 for user_class in self.user_classes}
        for greenlet in self.user_greenlets:
            if greenlet.args:
                counts[type(greenlet.args[0]).__name__] += 1
        return counts

    def update_state(self, new_state: str) -> None:
        """Of this worker, and so of all of them as far as it knows."""
        super().update_state(new_state)
        for node in self.clients.values() if hasattr(self, "clients") else ():
            node.state = new_state

    def begin(self, total_users: int) -> None:
        """The test starts: its events, with the number of users that the first ramp leads to."""
        self.target_user_count = total_users
        self.stats.clear_all()
        self.environment._filter_tasks_by_tags()
        _fire(self.environment.events.test_start, environment=self.environment)
        give_host(self.environment)
        self.update_state(STATE_SPAWNING)

    def spawned(self, total_users: int) -> None:
        """A ramp is over: `total_users` is that of all workers, as Locust tells it."""
        if self.state not in (STATE_SPAWNING, STATE_RUNNING):
            return
        self.target_user_count = total_users
        self.target_user_classes_count = self.user_classes_count
        _fire(self.environment.events.spawning_complete, user_count=total_users)

    def stopping(self) -> None:
        """The test is about to stop: once, and before the users leave."""
        if self.state not in (STATE_CLEANUP, STATE_STOPPED):
            _fire(self.environment.events.test_stopping, environment=self.environment)
            self.final_user_classes_count = self.user_classes_count
            self.update_state(STATE_CLEANUP)

    def stopped(self) -> None:
        """All users are gone: the last events of the test."""
        self.update_state(STATE_STOPPED)
        _fire(self.environment.events.test_stop, environment=self.environment)
        _fire(self.environment.events.quitting, environment=self.environment, reverse=True)
        self.greenlet.kill(block=False)
        _fire(self.environment.events.quit, exit_code=self.environment.process_exit_code or 0)

    def start(
        self, user_count: int, spawn_rate: float, wait: bool = False, user_classes: list[type[User]] | None = None
    ) -> None:
        """Called by a locustfile: has no effect, the load is Kilobar's."""
        _logger.warning("runner.start() has no effect: Kilobar holds the load that was asked for")

    def start_shape(self) -> None:
        """As `start`."""
        _logger.warning("runner.start_shape() has no effect: Kilobar follows the shape itself")

    def spawn_users(self, user_classes_spawn_count: dict[str, int], wait: bool = False) -> list[User]:
        """As `start`; there are no new users."""
        _logger.warning("runner.spawn_users() has no effect: Kilobar holds the load that was asked for")
        return []

    def stop_users(self, user_classes_stop_count: dict[str, int]) -> None:
        """As `start`."""
        _logger.warning("runner.stop_users() has no effect: Kilobar holds the load that was asked for")

    def stop(self) -> None:
        """Called by a locustfile: the run is stopped, in all workers."""
        self._stop_run(f"runner.stop() was called{_caller()}")

    def quit(self) -> None:
        """As `stop`: nothing comes after a stopped test."""
        self._stop_run(f"runner.quit() was called{_caller()}")

    def send_message(self, msg_type: str, data: Any = None, client_id: str | None = None) -> None:
        """Reaches the listeners of this worker, unless it is for another one: that one sends it to itself."""
        if client_id in (None, self.client_id, "local", "master"):
            super().send_message(msg_type, data, client_id)

    def log_exception(self, node_id: str, msg: str, formatted_tb: str) -> None:
        """As in Locust, with a limit."""
        if len(self.exceptions) < _EXCEPTION_LIMIT or hash(formatted_tb) in self.exceptions:
            super().log_exception(node_id, msg, formatted_tb)


def _fire(hook: Any, **facts: Any) -> None:
    hook.fire(**facts)


def _node_id(index: int) -> str:
    return f"worker-{index}"


def _caller() -> str:
    frame: FrameType | None = sys._getframe(2)
    name = os.path.basename(frame.f_code.co_filename) if frame else ""
    return f" ({name}:{frame.f_lineno} in {frame.f_code.co_name})" if frame else ""


def give_host(environment: Environment) -> None:
    """The host of the environment goes before those of classes, whenever a listener has set it."""
    for user_class in environment.user_classes:
        if environment.host:
            user_class.host = environment.host


def fire_init(environment: Environment) -> Iterable[tuple[str, Exception]]:
    """Fires `init`, listener by listener as Locust does; what went wrong in which of them."""
    failures = []
    for listener in environment.events.init._handlers.copy():
        try:
            listener(environment=environment, runner=environment.runner, web_ui=None)
        except Exception as error:
            failures.append((getattr(listener, "__name__", repr(listener)), error))
    give_host(environment)
    return failures
