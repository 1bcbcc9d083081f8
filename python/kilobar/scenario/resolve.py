"""The holes of texts: `${name}`, `${env.X:-default}`, `${random.int(1, 20)}`, and `$${` for a literal `${`.

What is known before the run (constants and the environment) is filled in here; what changes during the run stays a
piece of its own. A value that was really taken from the environment is secret, the default in the scenario is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from kilobar.errors import Place
from kilobar.scenario.findings import Findings, did_you_mean, listing, shorten
from kilobar.scenario.yaml_nodes import Kind, Scalar

MAX_EXPANSION = 16 * 1024 * 1024
"""Characters that constants and the environment may add to a scenario in all."""

MAX_HOLES = 1_000
"""Holes in one text."""

FUNCTIONS: Mapping[str, tuple[str, str]] = {
    "random.int": ("${random.int(1, 20)}", "a random whole number, both bounds included, drawn for each request"),
}
"""Name -> (example, meaning)."""

RESERVED = frozenset(("env", "random"))
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")

_ENV = re.compile(r"env\.([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\s*\((.*)\)", re.DOTALL)
_DOTTED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z0-9_.]+)")
_CREDENTIALS = re.compile(r"(://)[^/?#@]*@")
_INT = re.compile(r"-?[0-9]{1,19}")


class Known(NamedTuple):
    """Text that is known before the run."""

    text: str
    secret: bool = False
    hole: str | None = None
    """The name in the hole that it fills; None for text that stands in the scenario itself."""
    kind: Kind = "text"
    """What YAML takes the value for; only a constant is anything but text."""


class Reference(NamedTuple):
    """A name that a piece uses."""

    name: str
    member: str | None
    place: Place


class Saved(NamedTuple):
    """A value that an earlier step of the flow saves."""

    name: str
    place: Place

    @property
    def references(self) -> tuple[Reference, ...]:
        return (Reference(self.name, None, self.place),)


class Random(NamedTuple):
    """A random whole number, both bounds included."""

    low: int
    high: int

    @property
    def references(self) -> tuple[Reference, ...]:
        return ()


Piece: TypeAlias = Known | Saved | Random


class Template(NamedTuple):
    """A text with its holes."""

    node: Scalar
    """As it was written."""
    pieces: tuple[Piece, ...]

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

    def text(self) -> str:
        """The known text of a constant template."""
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Known))

    def shown(self) -> str:
        """The text as a message may show it: nothing from the environment, no user and password of an address."""
        text = self.node.text if self.is_secret or not self.is_constant else self.text()
        return shorten(_CREDENTIALS.sub(r"\1***@", text))


class Resolver:
    """Fills holes from constants and the environment."""

    def __init__(self, env: Mapping[str, str], findings: Findings) -> None:
        self._env = env
        self._findings = findings
        self._constants: dict[str, tuple[Known, ...]] = {}
        self._declared: frozenset[str] = frozenset()
        self._expanded = 0

    @property
    def constants(self) -> Iterable[str]:
        """Names of all constants so far."""
        return self._constants

    def declare(self, names: Iterable[str]) -> None:
        """Names of constants that will be defined, for a better message when one is used too early."""
        self._declared = frozenset(names)

    def define(self, name: str, value: Scalar) -> None:
        """Defines a constant. It may use the environment and constants before it."""
        template = self.template(value)
        for piece in template.pieces:
            if isinstance(piece, Random):
                hint = "use the function where the value is needed"
                self._findings.error("not-constant", "a constant cannot be random", value.place, hint)
            elif isinstance(piece, Saved):
                self._unknown_constant(piece)
        known = tuple(piece for piece in template.pieces if isinstance(piece, Known))
        self._constants[name] = known or (Known("", hole=name),)

    def _unknown_constant(self, piece: Saved) -> None:
        if piece.name in self._declared:
            hint = "move it up: constants are filled in from top to bottom"
            self._findings.error("unknown-variable", f"the constant `{piece.name}` is defined later", piece.place, hint)
        else:
            hint = did_you_mean(piece.name, self._constants) or "define it under `variables` first"
            self._findings.error("unknown-variable", f"there is no constant `{piece.name}`", piece.place, hint)

    def constant(self, node: Scalar) -> Template | None:
        """The template of a text that must be known before the run, or None with the reason among the findings."""
        before = self._findings.errors
        template = self.template(node)
        for piece in template.pieces:
            if isinstance(piece, Saved):
                hint = did_you_mean(piece.name, self._constants, "only constants and ${env.X} may stand here")
                message = f"`{piece.name}` is no constant, and this must be known before the run"
                code = "not-constant" if piece.name not in self._declared else "unknown-variable"
                self._findings.error(code, message, piece.place, hint)
            elif isinstance(piece, Random):
                hint = "write a fixed value"
                self._findings.error("not-constant", "this must be known before the run", node.place, hint)
        return template if self._findings.errors == before else None

    def template(self, node: Scalar) -> Template:
        """The text with its holes. A bad hole is reported and left empty."""
        text = node.text
        if "${" not in text:
            return Template(node, (Known(text, kind=node.kind),))
        pieces: list[Piece] = []
        position = holes = 0
        while (start := text.find("${", position)) >= 0:
            if start > 0 and text[start - 1] == "$" and start - 1 >= position:
                pieces.append(Known(text[position : start - 1] + "${"))
                position = start + 2
                continue
            if start > position:
                pieces.append(Known(text[position:start]))
            end = text.find("}", start)
            holes += 1
            if end < 0 or holes > MAX_HOLES:
                message = "`${` is not closed by a `}`" if end < 0 else f"more than {MAX_HOLES} holes in one text"
                self._findings.error("bad-hole", message, node.place_at(start), "write `$${` for a literal `${`")
                position = len(text)
                break
            pieces.extend(self._hole(text[start + 2 : end], node.place_at(start)))
            position = end + 1
        if position < len(text):
            pieces.append(Known(text[position:]))
        return Template(node, tuple(pieces))

    def _hole(self, content: str, place: Place) -> tuple[Piece, ...]:
        content = content.strip()
        if "${" in content:
            hint = "define the inner value under `variables` and use its name"
            self._findings.error("not-supported", "holes cannot stand in holes yet", place, hint)
            return ()
        if match := _ENV.fullmatch(content):
            return self._environment(match.group(1), match.group(2), place)
        if NAME.fullmatch(content):
            return self._variable(content, place)
        if match := _CALL.fullmatch(content):
            return self._call(match.group(1), match.group(2), place)
        self._bad_hole(content, place)
        return ()

    def _environment(self, name: str, default: str | None, place: Place) -> tuple[Piece, ...]:
        value = self._env.get(name)
        if not value and default is not None:
            return self._spend((Known(default, hole=name),), place)
        if value is None:
            hint = f"set it, or give a default: ${{env.{name}:-value}}"
            self._findings.error("missing-env", f"the environment variable `{name}` is not set", place, hint)
            return ()
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            message = f"the environment variable `{name}` is not UTF-8"
            self._findings.error("bad-value", message, place, "set it to valid UTF-8")
            return ()
        return self._spend((Known(value, secret=True, hole=name),), place)

    def _variable(self, name: str, place: Place) -> tuple[Piece, ...]:
        if name in RESERVED:
            self._findings.error("bad-hole", f"`{name}` alone is not a value", place, _RESERVED_HINT[name])
            return ()
        constant = self._constants.get(name)
        if constant is None:
            return (Saved(name, place),)
        return self._spend(tuple(known._replace(hole=name) for known in constant), place)

    def _call(self, name: str, arguments: str, place: Place) -> tuple[Piece, ...]:
        if name not in FUNCTIONS:
            hint = did_you_mean(name, FUNCTIONS, f"there is {listing(example for example, _ in FUNCTIONS.values())}")
            self._findings.error("unknown-function", f"there is no function `{shorten(name)}`", place, hint)
            return ()
        bounds = [part.strip() for part in arguments.split(",")]
        if len(bounds) != 2 or not all(_INT.fullmatch(bound) for bound in bounds):
            hint = "write ${random.int(1, 20)}"
            self._findings.error("bad-hole", "random.int takes two whole numbers", place, hint)
            return ()
        low, high = (int(bound) for bound in bounds)
        if low > high or low < -(2**63) or high >= 2**63:
            message = "the first bound is above the second" if low > high else "a bound does not fit in 64 bits"
            self._findings.error("bad-hole", f"random.int: {message}", place, "write the smaller bound first")
            return ()
        return (Random(low, high),)

    def _bad_hole(self, content: str, place: Place) -> None:
        shown = shorten(content)
        if dotted := _DOTTED.fullmatch(content):
            known = ["env", *FUNCTIONS, *self._constants]
            hint = did_you_mean(content, known) or did_you_mean(dotted.group(1), known) or _HOLE_HINT
            self._findings.error("unknown-variable", f"there is no `{shown}`", place, hint)
        else:
            self._findings.error("bad-hole", f"`${{{shown}}}` cannot be understood", place, _HOLE_HINT)

    def _spend(self, pieces: tuple[Known, ...], place: Place) -> tuple[Known, ...]:
        """Keeps constants that use constants from growing without a limit."""
        self._expanded += sum(len(piece.text) for piece in pieces)
        if self._expanded <= MAX_EXPANSION:
            return pieces
        message = f"constants and the environment add more than {MAX_EXPANSION:,} characters"
        self._findings.error("too-large", message, place, "use shorter constants")
        return ()


_HOLE_HINT = "write ${name}, ${env.NAME:-default} or ${random.int(1, 20)}; `$${` for a literal `${`"
_RESERVED_HINT = {"env": "write ${env.NAME}", "random": "write ${random.int(1, 20)}"}
