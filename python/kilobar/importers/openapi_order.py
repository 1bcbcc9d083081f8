"""The order of operations in a flow: what creates comes before what reads, changes and removes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

Segments = tuple[str, ...]

_PARAMETER = re.compile(r"\{[^{}]*\}")
_CREATE, _READ, _CHANGE, _BELOW, _REMOVE = range(5)
_PHASES = {"GET": _READ, "HEAD": _READ, "OPTIONS": _READ, "DELETE": _REMOVE}


class Endpoint(NamedTuple):
    """Method and path of an operation."""

    method: str
    path: str


def segments_of(path: str) -> Segments:
    """`/pets/{petId}` -> ("pets", "{}"): how a parameter is called does not matter."""
    return tuple(_PARAMETER.sub("{}", part) for part in path.split("/") if part)


def collection_of(segments: Segments) -> Segments:
    """The path without parameters at its end: ("pets",) for `/pets/{petId}`."""
    end = len(segments)
    while end and segments[end - 1] == "{}":
        end -= 1
    return segments[:end]


def creates(endpoint: Endpoint) -> bool:
    """Whether it adds to a collection."""
    segments = segments_of(endpoint.path)
    return endpoint.method == "POST" and segments == collection_of(segments)


def in_order(endpoints: Sequence[Endpoint]) -> list[int]:
    """Indices in the order of execution; collections keep the order of the description, inner ones lie between."""
    first: dict[Segments, int] = {}
    for number, endpoint in enumerate(endpoints):
        first.setdefault(collection_of(segments_of(endpoint.path)), number)
    return sorted(range(len(endpoints)), key=lambda index: _rank(endpoints[index], index, first))


def _rank(endpoint: Endpoint, index: int, first: dict[Segments, int]) -> tuple[int, ...]:
    collection = collection_of(segments_of(endpoint.path))
    rank: list[int] = []
    for end in range(1, len(collection)):
        outer = collection[:end]
        if outer in first:
            rank += (first[outer], _BELOW)
    phase = _CREATE if creates(endpoint) else _PHASES.get(endpoint.method, _CHANGE)
    return (*rank, first[collection], phase, index)
