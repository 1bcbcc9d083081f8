"""Finds the classes of a file that inherit from Kilobar's `Press` or `User`. Executes the file: for a process apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from kilobar.errors import InputError
from kilobar.users.classes import check, classes_of
from kilobar.users.described import described
from kilobar.users.import_file import import_file
from kilobar.users.misspelt import misspelt
from kilobar.users.person import Person, name_of, place_of
from kilobar.users.press import Press
from kilobar.users.user import User


def inspect(path: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The document of an inspection. `options["names"]` picks classes. Raises InputError."""
    names = list(options.get("names", ()))
    classes = chosen(import_file(path), names, path)
    others = {key: value for key, value in options.items() if key != "names"}
    return {
        "source": {
            "kind": "classes",
            "file": path,
            "options": others,
        },
        "classes": [described(cls, path) for cls in classes],
        "notes": [note for cls in classes for note in misspelt(cls, place_of(cls))],
    }


def chosen(module: ModuleType, names: Iterable[str], file: str) -> list[type[Person]]:
    """The classes of a module that users are made of: those named, or else all that can be pressed, in the order of the
    file. Raises InputError."""
    candidates = _candidates(module)
    picked = [_pick(name, candidates, module, file) for name in dict.fromkeys(names)]
    picked = picked or [cls for cls in classes_of(module) if not _is_abstract(cls)]
    if not picked and candidates:
        cls = candidates[-1]
        raise InputError(
            f"{place_of(cls)}: {cls.__name__} says that it is abstract, and no class inherits from it",
            hint="take `abstract = True` out of it, or inherit from it",
        )
    if not picked:
        raise InputError(
            f"{file} has no class that inherits from kilobar.Press or kilobar.User",
            hint="from kilobar import Press, then write a class with a method press(self, row)",
        )
    for cls in picked:
        check(cls)
    return picked


def _candidates(module: ModuleType) -> list[type[Person]]:
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Press | User) and not value.__module__.startswith("kilobar.")
    ]
    return list(dict.fromkeys(found))


def _pick(name: str, candidates: list[type[Person]], module: ModuleType, file: str) -> type[Person]:
    for cls in candidates:
        if name in (cls.__name__, name_of(cls)):
            return cls
    if hasattr(module, name):
        message = f"`{name}` in {file} does not inherit from kilobar.Press or kilobar.User"
    else:
        message = f"{file} has no class `{name}`"
    known = ", ".join(cls.__name__ for cls in candidates[:10])
    raise InputError(message, hint=f"classes that can be picked: {known}" if known else "inherit from kilobar.Press")


def _is_abstract(cls: type) -> bool:
    """Whether a class says of itself that it is only for others to inherit from; that is not inherited."""
    return bool(vars(cls).get("abstract"))
