"""The runner that a shape sees while it is asked for its course: users as simulated, results as none."""

from __future__ import annotations

from typing import Any

from locust.env import Environment
from locust.runners import STATE_RUNNING
from locust.stats import RequestStats

_RESULTS = ("stats", "errors", "exceptions")


class SimulatedRunner:
    """What shapes read of a runner. Everything that only a run can know is empty, and that it was read is noted."""

    def __init__(self, environment: Environment) -> None:
        self.state = STATE_RUNNING
        self.user_count = 0
        self.target_user_count = 0
        self.worker_index = 0
        self.worker_count = 1
        self.shape_last_tick = None
        self.user_classes = environment.user_classes
        self.was_asked_for_results = False
        self.environment = _Watched(environment, self)
        self._no_results = {"stats": RequestStats(), "errors": {}, "exceptions": {}}

    @property
    def user_classes_count(self) -> dict[str, int]:
        """As if all classes had the same weight."""
        classes = self.user_classes
        return {each.__name__: self.user_count // len(classes) for each in classes}

    def set_users(self, users: int) -> None:
        """So many there would be now."""
        self.user_count = self.target_user_count = users

    def __getattr__(self, name: str) -> Any:
        if name in _RESULTS:
            self.was_asked_for_results = True
            return self._no_results[name]
        raise AttributeError(f"a shape's runner has no {name} before the run")


class _Watched:
    """The environment, which notes who reads results."""

    def __init__(self, environment: Environment, runner: SimulatedRunner) -> None:
        self._environment = environment
        self.runner = runner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.runner if name in _RESULTS else self._environment, name)
