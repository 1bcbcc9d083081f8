"""Values of JSON sources, where anything may stand anywhere: what is not as expected is noted and taken for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kilobar.importers.outcome import Notes


def mapping_at(owner: dict[str, Any], key: str, notes: Notes) -> dict[str, Any]:
    """The mapping under a key; empty when it is absent or null."""
    value = owner.get(key)
    if value is not None and not isinstance(value, dict):
        notes.add(f"this is {_kind(value)} where a mapping belongs; it is left out", key)
    return value if isinstance(value, dict) else {}


def list_at(owner: dict[str, Any], key: str, notes: Notes) -> list[Any]:
    """The list under a key; empty when it is absent or null."""
    value = owner.get(key)
    if value is not None and not isinstance(value, list):
        notes.add(f"this is {_kind(value)} where a list belongs; it is left out", key)
    return value if isinstance(value, list) else []


def mappings_at(owner: dict[str, Any], key: str, notes: Notes) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings in the list under a key, each with its index."""
    for index, value in enumerate(list_at(owner, key, notes)):
        if isinstance(value, dict):
            yield index, value
        elif value is not None:
            notes.add(f"this is {_kind(value)} where a mapping belongs; it is left out", key, index)


def text_of(value: Any) -> str:
    """A value as text: null is nothing, `true` and numbers as JSON has them."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _kind(value: Any) -> str:
    match value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return "a text"
        case bool():
            return "true or false"
    return "a number"
