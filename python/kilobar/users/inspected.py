"""What an inspection has found out about user code: the typed form of its JSON document.

`classes`, `pytest_item` and `guest` of `kilobar.users` all give the same shape:

    {"source": {"kind": ...}, "classes": [{"name", "way", "weight", "start", "stop", ...}],
     "host": "http://...", "load": [{"kind", "from", "to", "duration_ns"}], "notes": ["..."]}

and only `source` and `classes` must be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from kilobar.model.code import Way
from kilobar.model.plan import Stage

MAX_CLASSES = 1_000
_WAYS = ("threads", "async", "guest")


@dataclass(frozen=True, slots=True)
class InspectedClass:
    """A class of users. Texts are as they were written, in the scenario language."""

    name: str
    way: Way
    weight: float | None = None
    """None: nothing was said."""
    fixed_count: int = 0
    """So many of the first users are of this class; then it has no part in the others."""
    start: bool = False
    """Whether a user has something to do before its first press."""
    stop: bool = False
    """Whether a user has something to do when it leaves."""
    rows: int | None = None
    """How many presses there are rows for; None: no limit."""
    rate: str | None = None
    users: str | None = None
    duration: str | None = None
    timeout: str | None = None
    max_in_flight: str | None = None
    grace: str | None = None
    target: str | None = None
    insecure: bool = False
    ca_file: str | None = None
    thresholds: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    """Attribute -> line in the file; "" is the class itself."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """User code, as far as a controller knows it."""

    source: Mapping[str, Any]
    classes: tuple[InspectedClass, ...]
    host: str | None = None
    load: tuple[Stage, ...] | None = None
    """A load that the code itself asks for."""
    notes: tuple[str, ...] = ()
    """What cannot be honoured, in words."""
    first: tuple[int, ...] | None = None
    cycle: tuple[int, ...] | None = None
    """Which user is of which class, when the code decides; see `kilobar.model.code.Code`."""

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Inspected:
        """Raises ValueError for a document of another shape, which is a bug of who wrote it."""
        try:
            classes = tuple(_class(entry) for entry in document["classes"])
            if not 1 <= len(classes) <= MAX_CLASSES:
                raise ValueError(f"{len(classes)} classes")
            load = document.get("load")
            return cls(
                source=dict(document["source"]),
                classes=classes,
                host=document.get("host"),
                load=tuple(_stage(stage) for stage in load) if load else None,
                notes=tuple(str(note) for note in document.get("notes", ())),
                first=_indexes(document.get("first"), len(classes)),
                cycle=_indexes(document.get("cycle"), len(classes)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"an inspection gave a document that cannot be read: {error!r}") from error


def _class(entry: Mapping[str, Any]) -> InspectedClass:
    if entry["way"] not in _WAYS:
        raise ValueError(f"an inspection gave the unknown way {entry['way']!r}")
    weight = entry.get("weight")
    texts = {key: _text(entry.get(key)) for key in _TEXTS}
    return InspectedClass(
        name=str(entry["name"]),
        way=cast(Way, entry["way"]),
        weight=None if weight is None else float(weight),
        fixed_count=int(entry.get("fixed_count") or 0),
        start=bool(entry.get("start")),
        stop=bool(entry.get("stop")),
        rows=entry.get("rows"),
        insecure=bool(entry.get("insecure")),
        ca_file=_text(entry.get("ca_file")),
        thresholds=tuple(entry.get("thresholds", ())),
        lines=dict(entry.get("lines", {})),
        **texts,
    )


_TEXTS = ("rate", "users", "duration", "timeout", "max_in_flight", "grace", "target")


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _stage(stage: Mapping[str, Any]) -> Stage:
    return Stage(stage["kind"], float(stage["from"]), float(stage["to"]), int(stage["duration_ns"]))


def _indexes(values: Any, classes: int) -> tuple[int, ...] | None:
    if values is None:
        return None
    indexes = tuple(int(value) for value in values)
    if not all(0 <= index < classes for index in indexes):
        raise ValueError("an inspection gave a class that it does not have")
    return indexes
