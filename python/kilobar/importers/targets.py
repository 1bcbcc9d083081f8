"""Addresses of a source -> `target`, which is changed in one place, and paths below it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from kilobar.importers.bounds import all_steps
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Request, Scenario, Text

DEFAULT_TARGET: Text = "${env.TARGET_URL:-http://127.0.0.1:8700}"

_ORIGIN = re.compile(r"(https?://(?:[^/?#$\\\s@]|\$(?!\{))+)(?=[/?#]|$)", re.IGNORECASE)


def share_target(scenario: Scenario) -> None:
    """Sets `target` to the most common origin, if there is none yet, and makes addresses below it paths."""
    if scenario.target is not None:
        return
    requests = list(_requests(scenario))
    origins = Counter(match[1] for step in requests if (match := _ORIGIN.match(step.url)))
    if not origins:
        return
    scenario.target, _ = origins.most_common(1)[0]
    for step in requests:
        match = _ORIGIN.match(step.url)
        if match and match[1] == scenario.target:
            rest = step.url[match.end() :]
            step.url = rest if rest.startswith("/") else f"/{rest}"


def require_target(scenario: Scenario, notes: Notes) -> None:
    """Gives a scenario with paths but without a target one from the environment, and notes it."""
    if scenario.target is None and any(step.url.startswith("/") for step in _requests(scenario)):
        scenario.target = DEFAULT_TARGET
        notes.add("the source does not say where its paths lead: set the environment variable TARGET_URL")


def _requests(scenario: Scenario) -> Iterator[Request]:
    return (step for step in all_steps(scenario) if isinstance(step, Request))
