"""What a script says: expressions and statements, each with the line where it begins."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Literal(NamedTuple):
    """A text, number, truth value or null."""

    value: str | int | float | bool | None
    line: int


class Pattern(NamedTuple):
    """A regular expression."""

    pattern: str
    flags: str
    line: int


class Composed(NamedTuple):
    """A template literal."""

    pieces: tuple[str | Expression, ...]
    line: int


class Name(NamedTuple):
    """A variable of the script, or something that Postman provides."""

    name: str
    line: int


class Member(NamedTuple):
    """`of.name`, `of?.name`, `of["name"]`."""

    of: Expression
    name: str
    line: int


class Index(NamedTuple):
    """`of[position]`, where the position is not a constant text."""

    of: Expression
    position: Expression
    line: int


class Call(NamedTuple):
    """`function(arguments)`, also with `new`."""

    function: Expression
    arguments: tuple[Expression, ...]
    line: int
    new: bool = False


class Unary(NamedTuple):
    """`!x`, `-x`, `typeof x`, `x++` ..."""

    operator: str
    of: Expression
    line: int


class Binary(NamedTuple):
    """`a === b`, `a && b`, `a + b` ..."""

    left: Expression
    operator: str
    right: Expression
    line: int


class Conditional(NamedTuple):
    """`test ? yes : no`."""

    test: Expression
    yes: Expression
    no: Expression
    line: int


class Assign(NamedTuple):
    """`target = value`, `target += value` ..."""

    target: Expression
    operator: str
    value: Expression
    line: int


class Array(NamedTuple):
    """`[a, b]`."""

    items: tuple[Expression, ...]
    line: int


class Object(NamedTuple):
    """`{key: value}`."""

    entries: tuple[tuple[str, Expression], ...]
    line: int


class Function(NamedTuple):
    """`function (a) {...}`, `(a) => ...`."""

    parameters: tuple[str, ...]
    body: tuple[Statement, ...]
    line: int


class Declare(NamedTuple):
    """`const name = value`; of `const {a, b: c} = value`, one for each name."""

    name: str
    value: Expression
    line: int


class Do(NamedTuple):
    """An expression that stands alone."""

    expression: Expression
    line: int


class If(NamedTuple):
    """`if (test) ... else ...`."""

    test: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    line: int
    last_line: int


class Return(NamedTuple):
    """`return value`."""

    value: Expression | None
    line: int


class Try(NamedTuple):
    """`try {...} catch {...}`."""

    body: tuple[Statement, ...]
    rest: tuple[Statement, ...]
    """Of `catch`."""
    line: int


class Opaque(NamedTuple):
    """A statement that is not understood: a loop, a class, an error of syntax."""

    what: str
    line: int
    last_line: int


Expression: TypeAlias = (
    Literal
    | Pattern
    | Composed
    | Name
    | Member
    | Index
    | Call
    | Unary
    | Binary
    | Conditional
    | Assign
    | Array
    | Object
    | Function
)
Statement: TypeAlias = Declare | Do | If | Return | Try | Opaque
