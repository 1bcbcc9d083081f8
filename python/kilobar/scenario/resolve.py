"""Fills in what is known before the run: constants, the environment, functions of both.

What changes during the run stays a piece of its own. A value that was really taken from the environment is secret, and
so is what is made of it; the default in the scenario is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kilobar.errors import Place
from kilobar.scenario import expressions as syntax
from kilobar.scenario.expressions import HOLE_HINT, Expression, ExpressionError, Hole, parse_text
from kilobar.scenario.findings import Findings, did_you_mean, shorten
from kilobar.scenario.fold import folded
from kilobar.scenario.functions import FUNCTIONS, argument_problem, bounds_problem, count_problem
from kilobar.scenario.pieces import (
    Computed,
    FromPython,
    Joined,
    Known,
    Live,
    Named,
    Operand,
    Piece,
    Template,
    pieces_of,
)
from kilobar.scenario.yaml_nodes import Scalar

MAX_EXPANSION = 16 * 1024 * 1024
"""Characters that constants and the environment may add to a scenario in all."""

RESERVED = frozenset(("env", "random", "py"))
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")

_RESERVED_HINT = {
    "env": "write ${env.NAME}",
    "random": "write ${random.int(1, 20)}",
    "py": "write ${py.module.function()}",
}


class Resolver:
    """Fills holes from constants and the environment."""

    def __init__(self, env: Mapping[str, str], findings: Findings) -> None:
        self._env = env
        self._findings = findings
        self._constants: dict[str, tuple[Known, ...]] = {}
        self._declared: frozenset[str] = frozenset()
        self._expanded = 0
        self._secrets: dict[str, None] = {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts made of the environment that got into the scenario where reports do not show them on purpose."""
        return tuple(self._secrets)

    @property
    def constants(self) -> Iterable[str]:
        """Names of all constants so far."""
        return self._constants

    def declare(self, names: Iterable[str]) -> None:
        """Names of constants that will be defined, for a better message when one is used too early."""
        self._declared = frozenset(names)

    def define(self, name: str, value: Scalar) -> None:
        """Defines a constant. It may use the environment and constants before it."""
        template = self._template(value)
        for piece in template.pieces:
            if isinstance(piece, Live) and isinstance(piece.value, Named):
                self._unknown_constant(piece.value)
            elif isinstance(piece, Live):
                hint = "use the function where the value is needed"
                message = f"a constant cannot be made by `{piece.label}`, which changes during the run"
                self._findings.error("not-constant", message, value.place, hint)
        known = tuple(piece for piece in template.pieces if isinstance(piece, Known))
        self._constants[name] = known or (Known("", hole=name),)

    def _unknown_constant(self, named: Named) -> None:
        name, place = named.name, named.place
        if name in self._declared:
            hint = "move it up: constants are filled in from top to bottom"
            self._findings.error("unknown-variable", f"the constant `{name}` is defined later", place, hint)
        else:
            hint = did_you_mean(name, self._constants) or "define it under `variables` first"
            self._findings.error("unknown-variable", f"there is no constant `{shorten(named.label)}`", place, hint)

    def constant(self, node: Scalar, is_shown: bool = False) -> Template | None:
        """The template of a text that must be known before the run, or None with the reason among the findings. What
        reports show on purpose (`is_shown`: a name, a number, one of a few words) is no secret."""
        before = self._findings.errors
        template = self._template(node)
        if not is_shown:
            self._remember(template.pieces)
        for piece in template.pieces:
            if isinstance(piece, Live):
                self._not_constant(piece, node.place)
        return template if self._findings.errors == before else None

    def _not_constant(self, piece: Live, place: Place) -> None:
        if not isinstance(piece.value, Named):
            message = f"`{shorten(piece.label)}` changes during the run, and this must be known before it"
            self._findings.error("not-constant", message, place, "write a fixed value")
            return
        name = piece.value.name
        hint = did_you_mean(name, self._constants, "only constants and ${env.X} may stand here")
        message = f"`{shorten(piece.label)}` is no constant, and this must be known before the run"
        code = "not-constant" if name not in self._declared else "unknown-variable"
        self._findings.error(code, message, piece.place, hint)

    def template(self, node: Scalar) -> Template:
        """The text with its holes. A bad hole is reported and left empty."""
        template = self._template(node)
        self._remember(template.pieces)
        return template

    def _remember(self, pieces: Iterable[Piece]) -> None:
        self._secrets.update((piece.text, None) for piece in pieces if isinstance(piece, Known) and piece.secret)

    def _template(self, node: Scalar) -> Template:
        if "${" not in node.text:
            return Template(node, (Known(node.text, kind=node.kind),))
        try:
            parts = parse_text(node.text)
        except ExpressionError as problem:
            self.report(problem, node)
            return Template(node, (Known(node.text[: problem.offset].partition("${")[0]),))
        return self._assembled(tuple(parts), node)

    def assembled(self, parts: Iterable[str | Hole], node: Scalar) -> Template:
        """The template of parts that were parsed already; the holes' offsets count in the text of `node`."""
        template = self._assembled(tuple(parts), node)
        self._remember(template.pieces)
        return template

    def _assembled(self, parts: tuple[str | Hole, ...], node: Scalar) -> Template:
        pieces: list[Piece] = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(Known(part))
                continue
            value = self._resolved(part.expression, node)
            if value is not None:
                pieces.extend(pieces_of(value, node.place_at(part.offset)))
        return Template(node, tuple(pieces), is_hole=len(parts) == 1 and isinstance(parts[0], Hole))

    def report(self, problem: ExpressionError, node: Scalar) -> None:
        """Adds what is wrong with the form of a text to the findings."""
        self._findings.error(problem.code, problem.message, node.place_at(problem.offset), problem.hint)

    def _resolved(self, expression: Expression, node: Scalar) -> Operand | None:
        """The expression with its constants; None when it is wrong, which was reported."""
        match expression:
            case syntax.Literal(text, kind):
                return Known(text, kind=kind)
            case syntax.Environment():
                return self._environment(expression, node)
            case syntax.Reference():
                return self._reference(expression, node)
            case syntax.Join(parts):
                operands = self._all(parts, node)
                return None if operands is None else _joined(operands)
            case syntax.Call():
                return self._call(expression, node)
            case syntax.PythonCall(function, arguments, offset):
                operands = self._all(arguments, node)
                return None if operands is None else FromPython(function, operands, node.place_at(offset))

    def _all(self, expressions: Iterable[Expression], node: Scalar) -> tuple[Operand, ...] | None:
        operands = [self._resolved(expression, node) for expression in expressions]
        found = tuple(operand for operand in operands if operand is not None)
        return found if len(found) == len(operands) else None

    def _environment(self, expression: syntax.Environment, node: Scalar) -> Operand | None:
        name, place = expression.name, node.place_at(expression.offset)
        value = self._env.get(name)
        if not value and expression.default is not None:
            default = self._resolved(expression.default, node)
            if default is None:
                return None
            return _joined(
                self._spend((_under(part, name),), place) if isinstance(part, Known) else part
                for part in (default.parts if isinstance(default, Joined) else (default,))
            )
        if value is None:
            hint = f"set it, or give a default: ${{env.{name}:-value}}"
            self._findings.error("missing-env", f"the environment variable `{name}` is not set", place, hint)
            return None
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            message = f"the environment variable `{name}` is not UTF-8"
            self._findings.error("bad-value", message, place, "set it to valid UTF-8")
            return None
        return self._spend((Known(value, secret=True, hole=name),), place)

    def _reference(self, expression: syntax.Reference, node: Scalar) -> Operand | None:
        name, path, place = expression.name, expression.path, node.place_at(expression.offset)
        if name in RESERVED:
            named = Named(name, path, place)
            hint = did_you_mean(named.label, FUNCTIONS) or _RESERVED_HINT[name]
            self._findings.error("bad-hole", f"`{shorten(named.label)}` is not a value", place, hint)
            return None
        constant = self._constants.get(name)
        if constant is None:
            return Named(name, path, place)
        if path:
            label = shorten(Named(name, path, place).label)
            message = f"there is no `{label}`: the constant `{name}` has no members"
            self._findings.error("unknown-variable", message, place, HOLE_HINT)
            return None
        return self._spend(tuple(known._replace(hole=name) for known in constant), place)

    def _call(self, call: syntax.Call, node: Scalar) -> Operand | None:
        name, place = call.function, node.place_at(call.offset)
        function = FUNCTIONS.get(name)
        if function is None:
            hint = did_you_mean(name, FUNCTIONS, "docs/reference/scenario.md lists all functions")
            self._findings.error("unknown-function", f"there is no function `{shorten(name)}`", place, hint)
            return None
        hint = f"write for example {function.example}"
        if problem := count_problem(function, len(call.arguments)):
            self._findings.error("bad-hole", f"`{name}` takes {problem}", place, hint)
            return None
        resolved = self._all(call.arguments, node)
        if resolved is None:
            return None
        arguments = tuple(_joined([operand]) if isinstance(operand, Joined) else operand for operand in resolved)
        for index, argument in enumerate(arguments):
            parameter = function.parameter(index)
            if not isinstance(argument, Known):
                if parameter.constant:
                    message = f"{name}: `{parameter.name}` must be known before the run"
                    self._findings.error("not-constant", message, place, hint)
                    return None
            elif problem := argument_problem(parameter.kind, argument.text):
                shown = parameter.name if argument.secret else shorten(argument.text)
                self._findings.error("bad-hole", f"{name}: `{shown}` is {problem}", place, hint)
                return None
        texts = [argument.text if isinstance(argument, Known) else None for argument in arguments]
        if problem := bounds_problem(name, texts) if len(texts) > 1 else None:
            self._findings.error("bad-hole", f"{name}: {problem}", place, "write the smaller bound first")
            return None
        return self._computed(name, arguments, place)

    def _computed(self, name: str, arguments: tuple[Operand, ...], place: Place) -> Operand:
        known = [argument for argument in arguments if isinstance(argument, Known)]
        if len(known) == len(arguments):
            text = folded(name, [argument.text for argument in known])
            if text is not None:
                return self._spend((Known(text, any(argument.secret for argument in known), name),), place)
        return Computed(name, arguments)

    def _spend(self, pieces: tuple[Known, ...], place: Place) -> Operand:
        """Keeps constants that use constants from growing without a limit."""
        self._expanded += sum(len(piece.text) for piece in pieces)
        if self._expanded <= MAX_EXPANSION:
            return _one(pieces)
        message = f"constants and the environment add more than {MAX_EXPANSION:,} characters"
        self._findings.error("too-large", message, place, "use shorter constants")
        return Known("")


def _one(pieces: tuple[Known, ...]) -> Operand:
    return pieces[0] if len(pieces) == 1 else Joined(pieces)


def _under(known: Known, name: str) -> Known:
    return known if known.hole else known._replace(hole=name)


def _joined(operands: Iterable[Operand]) -> Operand:
    """One text of several operands. Known ones become one, so that functions of them can be computed."""
    parts = [part for operand in operands for part in (operand.parts if isinstance(operand, Joined) else (operand,))]
    if parts and all(isinstance(part, Known) for part in parts):
        known = [part for part in parts if isinstance(part, Known)]
        if len(known) == 1:
            return known[0]._replace(kind="text")
        return Known("".join(part.text for part in known), any(part.secret for part in known), known[0].hole)
    return Joined(tuple(parts))
