"""`$ref` in an API description: where it leads, and what happens when it leads nowhere."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import unquote

from kilobar.importers.outcome import Notes

_MAX_CHAIN = 50
_DECORATION = frozenset(("$ref", "summary", "description"))
"""Keys beside a `$ref` that do not change what it means."""


class Resolved(NamedTuple):
    """What stands in a place once references are followed."""

    content: dict[str, Any]
    """Empty when there is nothing to be found."""
    references: tuple[str, ...]
    """Those that were followed, in order."""


class References:
    """Follows references inside one document; those to other files are noted and lead to nothing."""

    def __init__(self, root: dict[str, Any], notes: Notes) -> None:
        self._root = root
        self._notes = notes
        self._found: dict[str, Any] = {}

    def follow(self, value: Any) -> Resolved:
        """The mapping that a value is or refers to; keys that stand beside a `$ref` win."""
        followed: list[str] = []
        beside: dict[str, Any] = {}
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            reference = value["$ref"]
            if len(value) > 1:
                beside = {**{key: more for key, more in value.items() if key not in _DECORATION}, **beside}
            if reference in followed or len(followed) >= _MAX_CHAIN:
                self._notes.add(f"`{reference}` refers to itself; left out")
                return Resolved({}, tuple(followed))
            followed.append(reference)
            value = self._target(reference)
        if not isinstance(value, dict):
            return Resolved(beside, tuple(followed))
        return Resolved({**value, **beside} if beside else value, tuple(followed))

    def _target(self, reference: str) -> Any:
        """What a reference leads to; what is missing is noted where it is met first."""
        if reference not in self._found:
            target = self._found[reference] = self._look_up(reference)
            if target is None:
                where = "is not there" if reference.startswith("#") else "is in another file, which is not read"
                self._notes.add(f"`{reference}` {where}; left out")
        return self._found[reference]

    def _look_up(self, reference: str) -> Any:
        if reference == "#":
            return self._root
        if not reference.startswith("#/"):
            return None
        target: Any = self._root
        for part in reference[2:].split("/"):
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict):
                target = target.get(key)
            elif isinstance(target, list) and key.isascii() and key.isdigit() and len(key) < 8:
                target = target[int(key)] if int(key) < len(target) else None
            else:
                return None
        return target


def name_of(reference: str) -> str:
    """`#/components/schemas/Pet` -> `Pet`."""
    return unquote(reference.rpartition("/")[2]).replace("~1", "/").replace("~0", "~")
