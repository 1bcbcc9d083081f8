"""What an expression of a Postman script stands for: something known, or a place in the response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from kilobar.importers.templates import joined, literal
from kilobar.model.scenario import Check, JsonValue, Save, Text

PlaceKind: TypeAlias = Literal["json", "header", "cookie", "status", "reason", "time", "size", "body"]


class NotCarriedOverError(Exception):
    """Something in a script that a scenario cannot say, or that this importer does not understand."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Known:
    """A value that stands in the script."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Undefined:
    """No value."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the response."""

    kind: PlaceKind
    path: str = ""
    """JSON path, or name of the header or cookie."""
    default: Text | None = None
    """Taken by a save when there is none, as in `json.name || "nobody"`."""

    def member(self, name: str) -> Place:
        """A member of the JSON value here."""
        return Place("json", f"{self.path}{path_step(name)}")

    def save(self) -> Save:
        """The rule that keeps this value. Raises NotCarriedOverError."""
        match self.kind:
            case "json":
                return Save(json=self.path, default=self.default)
            case "header":
                return Save(header=self.path, default=self.default)
            case "cookie":
                return Save(cookie=self.path, default=self.default)
            case "status":
                return Save(status=True)
            case "body":
                return Save(body=True)
        raise NotCarriedOverError(f"the {self.kind} of a response cannot be saved")


@dataclass(frozen=True, slots=True)
class Length:
    """How many entries the value at a place has."""

    of: Place


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`typeof` the value at a place."""

    of: Place


@dataclass(frozen=True, slots=True)
class Made:
    """Text made of variables, functions and places in the response."""

    parts: tuple[Text | Place, ...]
    is_number: bool = False
    """Whether `+` adds to it, rather than putting texts together."""

    def text(self) -> Text:
        """The text of the scenario. Raises NotCarriedOverError when a part is only in the response."""
        texts = [part for part in self.parts if isinstance(part, str)]
        if len(texts) < len(self.parts):
            raise NotCarriedOverError("two values of the response are combined")
        return joined(texts)


@dataclass(frozen=True, slots=True)
class Claim:
    """A condition on the response: it holds when all these checks do."""

    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class RandomReal:
    """`offset + scale * Math.random()`."""

    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class Moment:
    """`new Date()`: now."""


Value: TypeAlias = Known | Undefined | Place | Length | TypeOf | Made | Claim | RandomReal | Moment


def path_step(name: str) -> str:
    """`.name` when a JSON path can say it so, else `['name']`."""
    if name.isidentifier() and name.isascii():
        return f".{name}"
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    # Control characters may not stand in a path as they are.
    return "['" + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in quoted) + "']"


def as_text(value: Value) -> Text:
    """A known or made value as scenario text. Raises NotCarriedOverError."""
    match value:
        case Known(value=str(text)):
            return literal(text)
        case Known(value=bool(truth)):
            return "true" if truth else "false"
        case Known(value=int() | float() as number):
            return number_text(number)
        case Known(value=None):
            return "null"
        case Made():
            return value.text()
    raise NotCarriedOverError("a value that is not a text")


def as_parts(value: Value) -> tuple[Text | Place, ...]:
    """A value as parts of a longer text. Raises NotCarriedOverError."""
    if isinstance(value, Place):
        return (value,)
    return value.parts if isinstance(value, Made) else (as_text(value),)


def number_text(number: int | float) -> str:
    """A number as JavaScript writes it: 2 for 2.0."""
    return str(int(number)) if isinstance(number, float) and number.is_integer() and abs(number) < 1e15 else str(number)
