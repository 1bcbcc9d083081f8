"""What a text with holes consists of once constants and the environment are filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from kilobar.errors import Place
from kilobar.scenario.findings import shorten
from kilobar.scenario.yaml_nodes import Kind, Scalar

_CREDENTIALS = re.compile(r"(://)[^/?#@]*@")


class Known(NamedTuple):
    """Text that is known before the run."""

    text: str
    secret: bool = False
    hole: str | None = None
    """The name in the hole that it fills; None for text that stands in the scenario itself."""
    kind: Kind = "text"
    """What YAML takes the value for; only a constant is anything but text."""


class Named(NamedTuple):
    """A saved value or a column, or a member of its JSON value."""

    name: str
    path: tuple[str | int, ...]
    """Of a data set, the column comes first."""
    place: Place

    @property
    def label(self) -> str:
        """As it is written."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return self.name + "".join(steps)


class Computed(NamedTuple):
    """The result of a function of the language."""

    function: str
    arguments: tuple[Operand, ...]


class FromPython(NamedTuple):
    """What a Python function returns. It is called by a step of its own: see `Live.without_python`."""

    function: str
    """`module.function`."""
    arguments: tuple[Operand, ...]
    place: Place


class Joined(NamedTuple):
    """Texts and values one after the other, as one text."""

    parts: tuple[Operand, ...]


Operand: TypeAlias = Known | Named | Computed | FromPython | Joined


class Live(NamedTuple):
    """A hole whose value is known only during the run."""

    value: Operand
    place: Place

    @property
    def references(self) -> tuple[Named, ...]:
        """All variables and columns in it, in order."""
        return tuple(operand for operand in _all_of(self.value) if isinstance(operand, Named))

    @property
    def has_python(self) -> bool:
        """Whether a Python function is called for it."""
        return any(isinstance(operand, FromPython) for operand in _all_of(self.value))

    @property
    def label(self) -> str:
        """What stands for it in the name of a series."""
        return _label(self.value)

    def without_python(self, call: Callable[[FromPython], Named]) -> Live:
        """The same with what `call` returns in place of each call of a Python function, inner calls first."""
        return self._replace(value=_without_python(self.value, call))


Piece: TypeAlias = Known | Live


class Template(NamedTuple):
    """A text with its holes."""

    node: Scalar
    """As it was written."""
    pieces: tuple[Piece, ...]
    is_hole: bool = False
    """It is one hole and nothing else, so that the type of its value counts."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.node.place

    def place_at(self, offset: int) -> Place:
        """Where a character of its known text stands; its start when holes come before."""
        return self.node.place_at(offset) if self.node.text == self.text() else self.place

    @property
    def is_constant(self) -> bool:
        """Whether everything is known before the run."""
        return all(isinstance(piece, Known) for piece in self.pieces)

    @property
    def is_secret(self) -> bool:
        """Whether any of it came from the environment."""
        return any(isinstance(piece, Known) and piece.secret for piece in self.pieces)

    @property
    def references(self) -> tuple[Named, ...]:
        """All variables and columns in it, in order."""
        return tuple(named for piece in self.pieces if isinstance(piece, Live) for named in piece.references)

    def text(self) -> str:
        """The known text of a constant template."""
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Known))

    def shown(self) -> str:
        """The text as a message may show it: nothing from the environment, no user and password of an address."""
        text = self.node.text if self.is_secret or not self.is_constant else self.text()
        return shorten(_CREDENTIALS.sub(r"\1***@", text))


def pieces_of(value: Operand, place: Place) -> tuple[Piece, ...]:
    """The pieces that a hole with this value adds to its text."""
    if isinstance(value, Known):
        return (value,)
    if isinstance(value, Joined):
        return tuple(piece for part in value.parts for piece in pieces_of(part, place))
    return (Live(value, place),)


def _all_of(value: Operand) -> Iterator[Operand]:
    """The value and all that is in it. Its depth is bounded by the parser."""
    yield value
    if isinstance(value, Joined):
        inner = value.parts
    elif isinstance(value, Computed | FromPython):
        inner = value.arguments
    else:
        return
    for operand in inner:
        yield from _all_of(operand)


def _label(value: Operand) -> str:
    match value:
        case Named():
            return value.label
        case Computed(function=function):
            return function
        case FromPython(function=function):
            return f"py.{function}"
        case Joined(parts=parts):
            return next((_label(part) for part in parts if not isinstance(part, Known)), "text")
        case Known():
            return "text"


def _without_python(value: Operand, call: Callable[[FromPython], Named]) -> Operand:
    match value:
        case Joined(parts=parts):
            return Joined(tuple(_without_python(part, call) for part in parts))
        case Computed():
            return value._replace(arguments=tuple(_without_python(part, call) for part in value.arguments))
        case FromPython():
            arguments = tuple(_without_python(part, call) for part in value.arguments)
            return call(value._replace(arguments=arguments))
    return value
