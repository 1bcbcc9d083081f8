"""One executed task is one iteration: where a guest begins and ends one.

Locust's `TaskSet.run` calls `execute_next_task`, which takes a task and executes it. That call is what is wrapped, in
`TaskSet` and in every class that has its own: what plugins and locustfiles do in `execute_task` stays inside.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from gevent import GreenletExit  # type: ignore[import-untyped]
from locust.exception import (
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopTest,
    StopUser,
)
from locust.user.task import TaskSet
from locust.user.users import PytestUser

_NO_FAILURE = (InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopUser)


class ExitCalled(Exception):  # noqa: N818  # stands for a SystemExit
    """User code has called `sys.exit` in a task: that iteration failed, nothing else ends."""


class Watcher(Protocol):
    """Whoever keeps the books of the iterations of one user."""

    is_busy: bool
    """Whether an iteration of it has begun."""

    @property
    def is_leaving(self) -> bool:
        """Whether it is to end when the iteration is over."""

    def begin(self) -> None:
        """A task is about to be executed."""

    def end(self, error: BaseException | None) -> None:
        """It was; `error` is what it raised when that is a failure."""

    def abandon(self) -> None:
        """The user was killed in the middle of it."""

    def stop_test(self, error: StopTest) -> None:
        """The task asks for the end of the run."""


def watch(current: Callable[[], Watcher | None]) -> None:
    """Wraps every class of task sets there is; `current` gives the watcher of the running greenlet."""
    task_sets: set[Any] = {TaskSet, *_subclasses(TaskSet)}
    for task_set in task_sets:
        own = vars(task_set).get("execute_next_task")
        if own is not None and not hasattr(own, "watched_by_kilobar"):
            task_set.execute_next_task = _watched(own, current)
    for user_class in _subclasses(PytestUser):
        for function in user_class.functions:
            function.obj = _watched_function(function.obj, current)


def _subclasses(of: type[Any]) -> Iterator[type[Any]]:
    # A metaclass of Locust's has no quirks here, but `type.__subclasses__` is what cannot be overridden.
    for each in type.__subclasses__(of):
        yield each
        yield from _subclasses(each)


def _is_nested(task_set: TaskSet) -> bool:
    """Whether the next task is a task set, whose tasks are iterations of their own."""
    queue = task_set._task_queue
    return bool(queue) and inspect.isclass(queue[0]) and issubclass(queue[0], TaskSet)


def _watched(genuine: Callable[[Any], Any], current: Callable[[], Watcher | None]) -> Callable[[Any], Any]:
    @functools.wraps(genuine)
    def execute_next_task(self: Any) -> Any:
        watcher = current()
        if watcher is None or watcher.is_busy or _is_nested(self):
            return genuine(self)
        return _executed(watcher, genuine, self)

    execute_next_task.watched_by_kilobar = True  # type: ignore[attr-defined]
    return execute_next_task


def _watched_function(function: Callable[..., Any], current: Callable[[], Watcher | None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any) -> Any:
        watcher = current()
        if watcher is None:
            return function(*args)
        try:
            return _executed(watcher, function, *args)
        finally:
            # Locust's own loop over test functions never looks whether its user is to stop.
            if watcher.is_leaving:
                raise GreenletExit

    return run


def _executed(watcher: Watcher, execute: Callable[..., Any], *args: Any) -> Any:
    watcher.begin()
    try:
        result = execute(*args)
    except _NO_FAILURE:
        watcher.end(None)
        raise
    except StopTest as error:
        watcher.end(None)
        watcher.stop_test(error)
        raise
    except GreenletExit:
        watcher.abandon()
        raise
    except SystemExit as error:
        watcher.end(error)
        raise ExitCalled(f"sys.exit({error.code!r}) was called") from error
    except BaseException as error:
        watcher.end(error)
        raise
    watcher.end(None)
    return result
