"""Texts of JMeter -> texts of a scenario, by the variables that are known at their place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from kilobar.importers.jmx_functions import Unsupported, expression_of, quoted
from kilobar.importers.jmx_holes import Hole, Template, parse_text
from kilobar.importers.names import VariableNames
from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets
from kilobar.importers.templates import joined, literal
from kilobar.model.scenario import Text

_MAX_EVALUATED = 20
_MAX_TEXT = 100_000
_MEMBER = re.compile(r"(.+)_([0-9]{1,6})")


@dataclass(frozen=True)
class _Argument:
    template: Template
    texts: Texts

    @property
    def constant(self) -> str | None:
        return "".join(map(str, self.template)) if not _holes(self.template) else None

    @property
    def expression(self) -> str:
        if len(self.template) == 1 and isinstance(self.template[0], Hole):
            expression = self.texts.hole(self.template[0])
            # A default ends with its hole, so that this one needs its braces.
            return f"${{{expression}}}" if expression.startswith("env.") else expression
        return quoted(self.text)

    @property
    def text(self) -> Text:
        return self.texts.joined(self.template)


class Texts:
    """Translates texts; remembers which variables they use."""

    def __init__(self, notes: Notes, secrets: Secrets) -> None:
        self._notes = notes
        self.secrets = secrets
        self.names = VariableNames()
        self.arrays: set[str] = set()
        """Variables of JMeter that hold all matches: `x_1`, `x_2`, `x_matchNr`."""
        self.user_defined: dict[str, str] = {}
        """User-defined variables, as they stand in the plan."""
        self.sources: dict[str, str] = {}
        """Scenario name -> name in JMeter, of the variables that are used."""
        self._columns: list[Mapping[str, Text]] = [{}]
        self._used: list[set[str]] = [set()]

    # What is known where

    @contextmanager
    def with_columns(self, columns: Mapping[str, Text]) -> Iterator[None]:
        """Within, these variables are columns: name -> expression such as `accounts.user`."""
        self._columns.append({**self._columns[-1], **columns})
        try:
            yield
        finally:
            self._columns.pop()

    @contextmanager
    def without_columns(self) -> Iterator[None]:
        """Within, there are no rows: `setup` and `teardown` belong to no user."""
        self._columns.append({})
        try:
            yield
        finally:
            self._columns.pop()

    @contextmanager
    def collected(self) -> Iterator[set[str]]:
        """The scenario names of all variables that are used within."""
        used: set[str] = set()
        self._used.append(used)
        try:
            yield used
        finally:
            self._used.pop()
            self._used[-1].update(used)

    # Translation

    def text(self, text: str) -> Text:
        """A text with its holes."""
        if len(text) > _MAX_TEXT and text.count("${") > _MAX_TEXT // 100:
            self._notes.add("the text has too many holes; it is taken as it stands")
            return literal(text)
        return self.joined(parse_text(text))

    def joined(self, template: Template) -> Text:
        """The parts of a text, one after the other."""
        return joined([literal(part) if isinstance(part, str) else self._filled(part) for part in template])

    def secret_or_text(self, name: str, value: str) -> Text:
        """A value under this name: hidden when the name says secret and nothing in it comes from elsewhere."""
        return self.text(value) if has_holes(value) else self.secrets.field(name, value)

    def header(self, name: str, value: str) -> Text:
        """The value of a header; hidden when it is a credential."""
        return self.text(value) if has_holes(value) else self.secrets.header(name, value)

    def hole(self, hole: Hole) -> str:
        """What stands between `${` and `}`. Raises Unsupported."""
        if not hole.is_call:
            return self._variable(hole.name)
        name = hole.name.lower()
        if name in ("__v", "__evalvar", "__eval"):
            return self._indirect(hole)
        if name == "__threadnum":
            self._notes.add("users have no number here: `${__threadNum}` became 1")
            return "add(1)"
        arguments = [_Argument(argument, self) for argument in hole.arguments]
        return expression_of(hole.name, arguments, lambda remark: self._notes.add(f"`{hole.source[:80]}`: {remark}"))

    def _filled(self, hole: Hole) -> Text:
        try:
            return f"${{{self.hole(hole)}}}"
        except Unsupported as reason:
            self._notes.add(f"`{hole.source[:80]}` cannot be computed here: {reason}; the text is sent as it stands")
            return literal(hole.source)

    def _variable(self, name: str) -> str:
        if name in self._columns[-1]:
            return self._columns[-1][name]
        if name not in self.user_defined:
            member = _MEMBER.fullmatch(name)
            if member and member[1] in self.arrays and int(member[2]):
                return f"{self.use(member[1])}[{int(member[2]) - 1}]"
            array = name.removesuffix("_matchNr")
            if array != name and array in self.arrays:
                return f"length({self.use(array)})"
        return self.use(name)

    def use(self, name: str) -> str:
        """The scenario name of a variable that is used here."""
        variable = self.names.of(name)
        self._used[-1].add(variable)
        self.sources.setdefault(variable, name)
        return variable

    def _indirect(self, hole: Hole) -> str:
        """`__V(name)`, `__evalVar(name)` and `__eval(text)`."""
        argument = _Argument(hole.arguments[0] if hole.arguments else (), self)
        if hole.name.lower() == "__eval":
            return argument.expression
        if not argument.constant:
            raise Unsupported("the name of the variable is known only during the run")
        return self._variable(argument.constant)

    # Values before the run

    def value(self, text: str) -> str | None:
        """What a text is when properties have their defaults; None when only the run knows it."""
        return self._value(parse_text(text), _MAX_EVALUATED)

    def _value(self, template: Template, depth: int) -> str | None:
        parts: list[str] = []
        for part in template:
            value = part if isinstance(part, str) else self._hole_value(part, depth - 1)
            if value is None or len(value) > _MAX_TEXT:
                return None
            parts.append(value)
        return "".join(parts)

    def _hole_value(self, hole: Hole, depth: int) -> str | None:
        if depth <= 0:
            return None
        if not hole.is_call:
            defined = self.user_defined.get(hole.name)
            return None if defined is None else self._value(parse_text(defined), depth)
        name = hole.name.lower()
        if name == "__p":
            return self._value(hole.arguments[1], depth) if len(hole.arguments) > 1 else "1"
        if name in ("__property", "__env") and len(hole.arguments) > 2:
            return self._value(hole.arguments[2], depth)
        return None


def has_holes(text: str) -> bool:
    """Whether anything is filled into a text."""
    return _holes(parse_text(text))


def _holes(template: Template) -> bool:
    return any(isinstance(part, Hole) for part in template)
