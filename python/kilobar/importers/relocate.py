"""Paths of files in a scenario that is written into another directory than its source."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from pathlib import Path

from kilobar.importers.bounds import all_steps
from kilobar.model.scenario import Data, Part, Request, Scenario, Tls

_PATHS = {Request: ("body_file",), Part: ("file",), Data: ("file",), Tls: ("ca_file", "cert", "key")}
"""Class of the document -> its attributes that are paths."""


def relocate(scenario: Scenario, source: Path, destination: Path) -> None:
    """Rewrites paths relative to `source` so that they name the same files from `destination`."""
    if source.resolve() == destination.resolve():
        return
    for owner in _owners(scenario):
        for attribute in _PATHS[type(owner)]:
            path = getattr(owner, attribute)
            if path is not None and not os.path.isabs(path) and "${" not in path:
                moved = os.path.relpath((source / path).resolve(), destination.resolve())
                setattr(owner, attribute, moved)


def _owners(scenario: Scenario) -> Iterator[Request | Part | Data | Tls]:
    """Everything that may name a file; an object that is used twice comes once."""
    seen: set[int] = set()
    for owner in _all_owners(scenario):
        if id(owner) not in seen:
            seen.add(id(owner))
            yield owner


def _all_owners(scenario: Scenario) -> Iterator[Request | Part | Data | Tls]:
    yield from scenario.data.values()
    if scenario.tls is not None:
        yield scenario.tls
    for step in all_steps(scenario):
        if isinstance(step, Request):
            yield step
            for value in step.multipart.values():
                parts = value if isinstance(value, list) else [value]
                yield from (part for part in parts if isinstance(part, Part))
