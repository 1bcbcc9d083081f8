"""What a class of users says about itself in plain attributes, as words that the command line would use."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from kilobar.errors import InputError
from kilobar.users.failure import Told, failure_of
from kilobar.users.person import Person, name_of, way_of
from kilobar.users.press import Press
from kilobar.users.vocab import check_rows

MAX_ROWS = 10_000_000

_ALIASES = {
    "rate": ("rate", "qps"),
    "users": ("users", "concurrent"),
    "duration": ("duration",),
    "max_in_flight": ("max_in_flight",),
    "grace": ("grace",),
    "timeout": ("timeout",),
    "target": ("target", "host"),
}
"""What a class may say -> the attributes that say it; the first one that is given counts."""

_UNITS = {"rate": "/s", "duration": "s", "grace": "s", "timeout": "s"}
"""What a plain number means."""


def described(cls: type[Person], file: str = "") -> dict[str, Any]:
    """The entry of a class in the document of an inspection (`kilobar.users.inspected`). Raises InputError.

    `file` is where the class stands, for messages.
    """
    lines = lines_of(cls)
    place = f"{file}:{lines.get('', 1)}"
    said = {key: text for key in _ALIASES if (text := _text(cls, key, place)) is not None}
    return {
        "name": name_of(cls),
        "way": way_of(cls),
        "weight": _weight(cls, place),
        "rows": _count_rows(cls, file) if issubclass(cls, Press) else None,
        "start": getattr(cls, "on_start", None) is not None,
        "stop": getattr(cls, "on_stop", None) is not None,
        "thresholds": _thresholds(cls, place),
        "insecure": _flag(cls, "insecure", place),
        "ca_file": _file(cls, "ca_file", place),
        "lines": {key: lines[name] for key in said for name in _ALIASES[key] if name in lines} | {"": lines.get("", 1)},
        **said,
    }


def lines_of(cls: type) -> dict[str, int]:
    """Attribute of the class itself -> line of its file; "" is the class. Empty when there is no source."""
    try:
        source, first = inspect.getsourcelines(cls)
        (node,) = ast.parse("".join(_dedented(source))).body
    except (OSError, TypeError, ValueError, SyntaxError):
        return {}
    assert isinstance(node, ast.ClassDef)
    lines = {"": first + node.lineno - 1}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=targets):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case _:
                continue
        lines.update((name, first + statement.lineno - 1) for name in names)
    return lines


def _dedented(source: list[str]) -> list[str]:
    indent = len(source[0]) - len(source[0].lstrip())
    return [line[indent:] if not line[:indent].strip() else line for line in source]


def _text(cls: type, key: str, place: str) -> str | None:
    """What the class says of it, as text in the scenario language."""
    for name in _ALIASES[key]:
        value = getattr(cls, name, None)
        if value is None:
            continue
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f"{Decimal(repr(value)):f}{_UNITS.get(key, '')}"
        example = {"target": '"http://127.0.0.1:8700"', "rate": '"50/s"', "users": "10"}.get(key, '"30s"')
        raise InputError(
            f"{place}: `{name}` of {cls.__name__} is {type(value).__name__}, which is no text and no number",
            hint=f"write for example {name} = {example}",
        )
    return None


def _weight(cls: type[Person], place: str) -> float:
    weight: object = cls.weight
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < 1e9:
        raise InputError(f"{place}: `weight` of {cls.__name__} must be a number of 0 or more, not {weight!r}")
    return float(weight)


def _flag(cls: type, name: str, place: str) -> bool:
    value = getattr(cls, name, False)
    if not isinstance(value, bool):
        raise InputError(f"{place}: `{name}` of {cls.__name__} must be True or False, not {value!r}")
    return value


def _file(cls: type, name: str, place: str) -> str | None:
    value = getattr(cls, name, None)
    if value is None:
        return None
    path = Path(place.rpartition(":")[0]).resolve().parent / str(value)
    if not path.is_file():
        raise InputError(f"{place}: `{name}` of {cls.__name__}: there is no file {path}")
    return str(path)


def _thresholds(cls: type, place: str) -> list[str]:
    found = getattr(cls, "thresholds", None) or []
    texts = [found] if isinstance(found, str) else list(found) if isinstance(found, Iterable) else [found]
    for text in texts:
        if not isinstance(text, str):
            raise InputError(
                f"{place}: `thresholds` of {cls.__name__} has {text!r}, which is no text",
                hint='write for example thresholds = ["p99 < 200ms", "errors < 1%"]',
            )
    return texts


def _count_rows(cls: type[Press], file: str) -> int | None:
    """How many rows `vocab()` gives, when they are dealt once, else None: then it is only looked whether it gives one.

    What a worker would find out from every turn of every user is told here, once.
    """
    if cls.vocab is Press.vocab:
        return None
    everything = cls.rows == "once"
    try:
        given = cls().vocab()
        check_rows(given, f"{cls.__name__} in {file}")
        rows = iter(given)
        first = next(rows, _NOTHING)
        counted = 0 if first is _NOTHING else 1
        while everything and counted and counted <= MAX_ROWS and next(rows, _NOTHING) is not _NOTHING:
            counted += 1
    except Told as error:
        raise InputError(str(error), hint="give at least one row, or leave vocab() out") from None
    except BaseException as error:  # user code
        raise failure_of(error, f"vocab() of {cls.__name__} in {file}") from error
    if not counted:
        raise InputError(
            f"vocab() of {cls.__name__} in {file} gave no rows", hint="give at least one row, or leave vocab() out"
        )
    if counted > MAX_ROWS:
        raise InputError(
            f'vocab() of {cls.__name__} in {file} gives more than {MAX_ROWS:,} rows, too many for rows = "once"',
            hint='leave out rows = "once": rows are then dealt as long as the load lasts',
        )
    return counted if everything else None


_NOTHING = object()
