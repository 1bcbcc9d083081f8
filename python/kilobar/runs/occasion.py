"""Steps that are executed once, by the controller itself: `setup` before the load, `teardown` after it.

They run in a thread of their own, so that the run can still be shown and stopped meanwhile; the engine does the work
and does not hold the interpreter.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from kilobar.model.plan import Plan

Which = Literal["setup", "teardown"]

Perform: TypeAlias = Callable[[str, Which, "str | None"], str]
"""`kilobar._native.once`: plan, occasion, what an earlier one left -> outcome, both as JSON."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """A step that failed; secrets are hidden."""

    step: str
    """Name of the step; empty when it is no request."""
    error: str
    """Class of the failure."""
    message: str
    request: str
    response: str

    def __str__(self) -> str:
        return f"{self.step}: {self.message} ({self.error})" if self.step else f"{self.message} ({self.error})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    given: Any
    """What the steps left, for workers only: it holds secrets."""
    mishap: Mishap | None


class Occasion:
    """One execution of the steps of `setup` or `teardown`, from its construction on."""

    def __init__(self, plan: Plan, which: Which, given: Any, perform: Perform) -> None:
        self._outcome: Outcome | None = None
        self._perform = perform
        text = None if given is None else json.dumps(given)
        # A daemon: whoever aborts a run does not wait for a server that does not answer.
        self._thread = threading.Thread(target=self._work, args=(plan.to_json(), which, text), daemon=True)
        self._thread.start()

    def _work(self, plan: str, which: Which, given: str | None) -> None:
        try:
            self._outcome = _read(self._perform(plan, which, given))
        except BaseException as error:  # whatever it is, somebody waits for an outcome
            self._outcome = Outcome(None, Mishap("", "script", str(error), "", ""))

    def outcome(self, timeout_s: float = 0.0) -> Outcome | None:
        """What came of it; None while it goes on after this time."""
        self._thread.join(timeout_s)
        return self._outcome


def _read(text: str) -> Outcome:
    values = json.loads(text)
    failure = values["failure"]
    if failure is None:
        return Outcome(values["given"], None)
    mishap = Mishap(failure["step"], failure["class"], failure["message"], failure["request"], failure["response"])
    return Outcome(values["given"], mishap)
