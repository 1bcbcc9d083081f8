"""Texts with holes, what fills the holes, and conditions.

The twin of `crates/core/src/plan/template.rs` and of `Condition` in `crates/core/src/plan/step.rs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Encode = Literal["raw", "url", "form", "json_string", "json_value"]
CompareOperator = Literal["eq", "ne", "lt", "le", "gt", "ge"]


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it stands. A secret one is never shown."""

    text: str
    secret: bool = False

    def to_json(self) -> Any:
        """Its part of the plan's JSON form, as a part of a template and as an expression."""
        return {"secret" if self.secret else "text": self.text}


@dataclass(frozen=True, slots=True)
class Json:
    """A constant JSON value other than a text, in its JSON form."""

    json: str

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"json": self.json}


@dataclass(frozen=True, slots=True)
class Variable:
    """A saved value, by index into `Plan.variables`."""

    index: int

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"variable": self.index}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the row that the user or iteration has, by indexes into `Plan.data` and its columns."""

    data: int
    column: int

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"column": {"data": self.data, "column": self.column}}


@dataclass(frozen=True, slots=True)
class Member:
    """Part of a JSON value: a JSON path that starts at the value."""

    of: Expr
    path: str

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"member": {"of": self.of.to_json(), "path": self.path}}


@dataclass(frozen=True, slots=True)
class Join:
    """Texts and values one after the other, as one text."""

    parts: tuple[Expr, ...]

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"join": [part.to_json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Call:
    """The result of a function."""

    function: str
    arguments: tuple[Expr, ...] = ()

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        arguments = [argument.to_json() for argument in self.arguments]
        return {"call": {"function": self.function, "arguments": arguments}}


Expr: TypeAlias = Text | Json | Variable | Column | Member | Join | Call


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole of a template, and how the value is written there."""

    value: Expr
    encode: Encode = "raw"

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"hole": {"value": self.value.to_json(), "encode": self.encode}}


Part: TypeAlias = Text | Hole


@dataclass(frozen=True, slots=True)
class Template:
    """Text with holes that are filled for each request."""

    parts: tuple[Part, ...]

    @staticmethod
    def fixed(text: str) -> Template:
        """Without any hole."""
        return Template((Text(text),))

    @staticmethod
    def of(value: Expr) -> Template:
        """One hole, so that the type of the value is kept."""
        return Template((Hole(value),))

    def to_json(self) -> Any:
        """A plain string when nothing is to be filled in or hidden, else the list of parts."""
        if all(isinstance(part, Text) and not part.secret for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, Text))
        return [part.to_json() for part in self.parts]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All hold."""

    conditions: tuple[Condition, ...]

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"all": [condition.to_json() for condition in self.conditions]}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds."""

    conditions: tuple[Condition, ...]

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"any": [condition.to_json() for condition in self.conditions]}


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    condition: Condition

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"not": self.condition.to_json()}


@dataclass(frozen=True, slots=True)
class IsSet:
    """The variable has a value."""

    variable: int

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"is_set": self.variable}


@dataclass(frozen=True, slots=True)
class Truthy:
    """Neither empty, `0`, `false` nor `null`."""

    value: Template

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"truthy": self.value.to_json()}


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared: as numbers when both are, else as texts."""

    left: Template
    operator: CompareOperator
    right: Template

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        left, right = self.left.to_json(), self.right.to_json()
        return {"compare": {"left": left, "operator": self.operator, "right": right}}


@dataclass(frozen=True, slots=True)
class Contains:
    """The text contains the other."""

    text: Template
    part: Template

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"contains": {"text": self.text.to_json(), "part": self.part.to_json()}}


@dataclass(frozen=True, slots=True)
class Matches:
    """A regular expression matches somewhere in the text."""

    text: Template
    pattern: str

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"matches": {"text": self.text.to_json(), "pattern": self.pattern}}


Condition: TypeAlias = AllOf | AnyOf | Not | IsSet | Truthy | Compare | Contains | Matches
