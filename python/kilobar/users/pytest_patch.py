"""`monkeypatch` for several user threads: what it changes belongs to the whole process.

pytest's own puts back what it found. With two users at a time one finds what the other one has set, and puts that back
for good. Here the original is kept once; it comes back when the last user that changed it is done.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

_NOTHING = object()


@dataclass(slots=True)
class _Patch:
    original: Any
    """What pytest notes as the old value: its own marker when there was none."""
    target: Any
    values: dict[int, Any] = field(default_factory=dict)
    """What each patcher wants, by its identity; the last one holds."""


class _Patches:
    """All that is patched in this process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.working_directory = ""
        self._patches: dict[tuple[str, int, Any], _Patch] = {}

    def put(self, owner: int, kind: str, target: Any, name: Any, original: Any, value: Any) -> None:
        patch = self._patches.setdefault((kind, id(target), name), _Patch(original, target))
        patch.values.pop(owner, None)
        patch.values[owner] = value

    def drop(self, owner: int, kind: str, target: Any, name: Any) -> tuple[Any, bool] | None:
        """What is to be put there now, and whether it is the original. None when there is nothing to do."""
        patch = self._patches.get((kind, id(target), name))
        if patch is None or owner not in patch.values:
            return None
        was_last = list(patch.values)[-1] == owner
        del patch.values[owner]
        if not patch.values:
            del self._patches[kind, id(target), name]
            return patch.original, True
        return (list(patch.values.values())[-1], False) if was_last else None


_PATCHES = _Patches()


class SharedMonkeyPatch(pytest.MonkeyPatch):  # type: ignore[misc]  # final for its users; the fixture has to be one
    """The same methods; the way back is another one."""

    def setattr(self, *arguments: Any, **options: Any) -> None:
        """As in pytest."""
        self._patch("attribute", super().setattr, arguments, options)

    def delattr(self, *arguments: Any, **options: Any) -> None:
        """As in pytest."""
        self._patch("attribute", super().delattr, arguments, options)

    def setitem(self, *arguments: Any, **options: Any) -> None:
        """As in pytest. `setenv` comes here too."""
        self._patch("item", super().setitem, arguments, options)

    def delitem(self, *arguments: Any, **options: Any) -> None:
        """As in pytest. `delenv` comes here too."""
        self._patch("item", super().delitem, arguments, options)

    def chdir(self, path: Any) -> None:
        """As in pytest; all users of the process are there then."""
        with _PATCHES.lock:
            if not _PATCHES.working_directory:
                _PATCHES.working_directory = os.getcwd()
            self._cwd: Any = _PATCHES.working_directory
            os.chdir(path)

    def syspath_prepend(self, path: Any) -> None:
        """As in pytest."""
        with _PATCHES.lock:
            super().syspath_prepend(path)
            self._savesyspath: Any = None
            self._added_paths = [*getattr(self, "_added_paths", []), str(path)]

    def undo(self) -> None:
        """Takes back what this one changed, unless somebody else still wants something there."""
        with _PATCHES.lock:
            for target, name in _distinct(self._setattr):
                left = _PATCHES.drop(id(self), "attribute", target, name)
                if left is not None:
                    _put_attribute(target, name, left[0])
            for target, name in _distinct(self._setitem):
                left = _PATCHES.drop(id(self), "item", target, name)
                if left is not None:
                    _put_item(target, name, left[0])
            self._setattr.clear()
            self._setitem.clear()
            for path in getattr(self, "_added_paths", []):
                if path in sys.path:
                    sys.path.remove(path)
            self._added_paths = []
            if self._cwd is not None:
                os.chdir(self._cwd)
                self._cwd = None

    def _patch(self, kind: str, change: Callable[..., None], arguments: tuple[Any, ...], options: Any) -> None:
        __tracebackhide__ = True
        with _PATCHES.lock:
            noted = self._setattr if kind == "attribute" else self._setitem
            before = len(noted)
            change(*arguments, **options)
            if len(noted) > before:
                target, name, original = noted[-1]
                value = _attribute(target, name) if kind == "attribute" else _item(target, name)
                _PATCHES.put(id(self), kind, target, name, original, value)


def _distinct(noted: list[Any]) -> list[tuple[Any, Any]]:
    seen = {}
    for target, name, _ in noted:
        seen[id(target), name] = (target, name)
    return list(reversed(seen.values()))


def _attribute(target: Any, name: Any) -> Any:
    if isinstance(target, type):
        return target.__dict__.get(name, _NOTHING)
    return getattr(target, name, _NOTHING)


def _item(target: Any, name: Any) -> Any:
    return target.get(name, _NOTHING)


def _is_nothing(value: Any) -> bool:
    from _pytest import monkeypatch

    # Its name has changed with pytest 9.
    pytests = getattr(monkeypatch, "NOTSET", None) or getattr(monkeypatch, "notset", None)
    return value is _NOTHING or value is pytests


def _put_attribute(target: Any, name: str, value: Any) -> None:
    if not _is_nothing(value):
        setattr(target, name, value)
    elif _attribute(target, name) is not _NOTHING:
        delattr(target, name)


def _put_item(target: Any, name: Any, value: Any) -> None:
    if _is_nothing(value):
        target.pop(name, None)
    else:
        target[name] = value
