"""What the tables of the scenario language are made of: kinds of values, lists, mappings and their keys."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

MAX_NAME = 200


class Value(NamedTuple):
    """A scalar that is known before the run and read by a function, which raises UnitError."""

    name: str
    code: str
    """Of the diagnostic when it cannot be read."""
    read: Callable[[str], Any]
    pattern: str
    """What an editor accepts as text: a regular expression for the whole of it."""
    json_type: str | None = None
    """What else it may be in JSON: "integer", "number" or "boolean"."""


class Choice(NamedTuple):
    """One of some words."""

    options: tuple[str, ...]


class Text(NamedTuple):
    """A text. With `constant`, all its holes must be known before the run."""

    name: str = "text"
    constant: bool = False


class Name(NamedTuple):
    """A text that reports show: constant, without secrets, 1 to MAX_NAME printable characters."""

    name: str = "name"


class Variable(NamedTuple):
    """The name of a variable, without `${}`."""

    name: str = "name of a variable"


class Json(NamedTuple):
    """Any YAML value, sent as JSON."""

    name: str = "JSON value"


class Constant(NamedTuple):
    """The value of a constant: a scalar."""

    name: str = "constant"


class Condition(NamedTuple):
    """What an `if` or `while` looks at."""

    name: str = "[condition](#conditions)"


class StepsFile(NamedTuple):
    """The path of a YAML file with steps; its value is the steps."""

    name: str = "path of a file with steps"


class ListOf(NamedTuple):
    """A list with at least one entry. With `single`, one entry may stand without a list."""

    item: Type
    single: bool = False


class MapOf(NamedTuple):
    """Keys that the user chooses, with values of one type."""

    value: Type
    key: str
    """What a key is, in words."""
    holes_in_keys: bool = False
    """Keys may use constants."""


class ByShape(NamedTuple):
    """One of several types, told apart by whether a scalar, a mapping or a list stands there."""

    scalar: Type | None = None
    mapping: Type | None = None
    sequence: Type | None = None

    @property
    def options(self) -> tuple[Type, ...]:
        """Those that may stand there."""
        return tuple(option for option in (self.scalar, self.mapping, self.sequence) if option is not None)


class Named(NamedTuple):
    """A record or variants by name, so that steps can hold steps."""

    name: str


class Field(NamedTuple):
    """One key of a record."""

    name: str
    type: Type
    doc: str
    example: str
    """A value, in YAML."""
    required: bool = False
    default: str | None = None
    """In words, when it is not simply absent."""

    @property
    def attribute(self) -> str:
        """Its name in Python: a word of Python has an underscore behind it."""
        return f"{self.name}_" if keyword.iskeyword(self.name) else self.name


class Record(NamedTuple):
    """A mapping with fixed keys."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    make: Callable[..., Any]
    """Builds the value from `place` and the attributes of the fields that are present."""
    selectors: tuple[str, ...] = ()
    """Among variants: the keys of which exactly one makes a mapping this record."""
    exclusive: tuple[tuple[str, ...], ...] = ()
    """Groups of keys of which at most one may be there."""
    one_of: tuple[str, ...] = ()
    """Keys of which at least one must be there."""
    keeps_going: bool = False
    """Built even when keys are missing or wrong, so that what depends on it is checked too. `make` is told in
    `unreadable` which keys had errors in their values."""
    example: str | None = None
    """Name of the file in `examples/` that shows it."""


class Variants(NamedTuple):
    """One of several records, told apart by the keys that are there."""

    name: str
    doc: str
    records: tuple[Record, ...]


Type: TypeAlias = (
    Value
    | Choice
    | Text
    | Name
    | Variable
    | Json
    | Constant
    | Condition
    | StepsFile
    | ListOf
    | MapOf
    | ByShape
    | Named
    | Record
    | Variants
)
