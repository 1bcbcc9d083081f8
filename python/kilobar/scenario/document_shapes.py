"""Which keys each class of the document has and what a value may be: read off the annotations of model/scenario.py."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import NamedTuple

from kilobar.model import scenario as model
from kilobar.scenario import tree

METHOD_KEYS = frozenset(tree.METHOD_KEYS)
"""Methods that have a key of their own."""

_ALIASES = {
    "Text": "str",
    "Duration": "str",
    "Scalar": "str | int | float | bool",
    "Fields": "dict[str, Scalar | list[Scalar]]",
    "Step": " | ".join(kind.__name__ for kind in model.Step.__args__),
}
_WORDS = {"str": "text", "int": "int", "float": "float", "bool": "bool", "None": "none", "JsonValue": "json"}


class Shape(NamedTuple):
    """What a value may be; several at once for a union."""

    kinds: frozenset[str] = frozenset()
    """Of "text", "int", "float", "bool", "none" and "json"."""
    records: tuple[type, ...] = ()
    """Classes of the document."""
    items: Shape | None = None
    """A list of these."""
    values: Shape | None = None
    """A mapping with keys of the user's choice to these."""


class Key(NamedTuple):
    """One key of a class."""

    name: str
    """In YAML."""
    attribute: str
    shape: Shape
    required: bool
    empty_is_absent: bool
    """Whether an empty list or mapping means that it is not given."""
    maps_to_matcher: bool
    """Whether its values may be JSON or matchers."""


_KEYS: dict[type, tuple[Key, ...]] = {}


def keys_of(of: type) -> tuple[Key, ...]:
    """The keys of a document class in order."""
    found = _KEYS.get(of)
    if found is None:
        found = _KEYS[of] = _read_keys(of)
    return found


def _read_keys(of: type) -> tuple[Key, ...]:
    return tuple(
        Key(
            name=field.name.rstrip("_"),
            attribute=field.name,
            shape=shape_of(str(field.type)),
            required=field.default is MISSING and field.default_factory is MISSING,
            empty_is_absent=field.default_factory is not MISSING,
            maps_to_matcher="JsonValue | Matcher" in str(field.type),
        )
        for field in fields(of)
    )


def selector_of(of: type) -> str:
    """The key that tells a step or stage from others: its first."""
    return keys_of(of)[0].name


@cache
def shape_of(annotation: str) -> Shape:
    """What an annotation such as `Text | list[Text] | None` allows."""
    shape = Shape()
    for part in _alternatives(annotation):
        if part in _ALIASES:
            shape = _union(shape, shape_of(_ALIASES[part]))
        elif part in _WORDS:
            shape = shape._replace(kinds=shape.kinds | {_WORDS[part]})
        elif part.startswith("Literal["):
            shape = shape._replace(kinds=shape.kinds | {"bool" if part == "Literal[True]" else "text"})
        elif part.startswith("list["):
            shape = shape._replace(items=shape_of(part[5:-1]))
        elif part.startswith("dict[str, "):
            shape = shape._replace(values=shape_of(part[10:-1]))
        else:
            shape = shape._replace(records=(*shape.records, getattr(model, part)))
    return shape


def _union(one: Shape, other: Shape) -> Shape:
    return Shape(
        one.kinds | other.kinds,
        (*one.records, *other.records),
        one.items or other.items,
        one.values or other.values,
    )


def _alternatives(annotation: str) -> list[str]:
    """Splits at each `|` that stands outside brackets."""
    parts: list[str] = []
    depth = start = 0
    for position, character in enumerate(annotation):
        depth += (character == "[") - (character == "]")
        if character == "|" and depth == 0:
            parts.append(annotation[start:position].strip())
            start = position + 1
    parts.append(annotation[start:].strip())
    return parts
