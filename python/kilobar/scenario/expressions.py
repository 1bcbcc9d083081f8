"""Reads what stands in texts: `${name}`, `${list[0].id}`, `${env.X:-default}`, `${base64("${user}:${password}")}`.

Only the form is judged here. What names mean is not known yet; `resolve` fills in constants and the environment.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from kilobar.scenario.findings import shorten
from kilobar.scenario.yaml_nodes import Kind

MAX_HOLES = 1_000
"""Holes in one text, those in holes included."""

MAX_NESTING = 16
"""Holes in holes and calls in calls."""

MAX_PATH = 50
"""Members of members."""

HOLE_HINT = "write ${name}, ${env.NAME:-default} or ${random.int(1, 20)}; `$${` for a literal `${`"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*(?=\s*\()")
_ENV = re.compile(r"env\.([A-Za-z_][A-Za-z0-9_]*)")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?(?![A-Za-z0-9_.])")
_INDEX = re.compile(r"\s*(-?[0-9]{1,9})\s*\]")
_QUOTED_MEMBER = re.compile(r"""\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*\]""")
_SPACE = re.compile(r"\s*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_WORDS: dict[str, Kind] = {"true": "bool", "false": "bool", "null": "null"}


class ExpressionError(Exception):
    """The text cannot be read; `offset` is where, in characters."""

    def __init__(self, offset: int, message: str, hint: str, code: str = "bad-hole") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint
        self.code = code


class Literal(NamedTuple):
    """A text, number, truth value or null that stands in the scenario."""

    text: str
    kind: Kind = "text"


class Reference(NamedTuple):
    """A variable, constant or column, or a member of its JSON value."""

    name: str
    path: tuple[str | int, ...]
    offset: int


class Environment(NamedTuple):
    """A variable of the environment."""

    name: str
    default: Expression | None
    offset: int


class Call(NamedTuple):
    """The result of a function of the language."""

    function: str
    arguments: tuple[Expression, ...]
    offset: int


class PythonCall(NamedTuple):
    """What a Python function returns."""

    function: str
    """`module.function`."""
    arguments: tuple[Expression, ...]
    offset: int


class Join(NamedTuple):
    """Texts and values one after the other."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Literal | Reference | Environment | Call | PythonCall | Join


class Hole(NamedTuple):
    """A hole of a text."""

    expression: Expression
    offset: int
    """Of its `${`."""


def parse_text(text: str) -> tuple[str | Hole, ...]:
    """The literal texts and holes of a text, in order. Raises ExpressionError."""
    return tuple(Parser(text).text(None))


class Parser:
    """Reads one text from front to back. Also used by `conditions`, which adds words and operators around texts."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self._holes = 0
        self._depth = 0

    def text(self, end: re.Pattern[str] | None, escapes: bool = False) -> list[str | Hole]:
        """Literal text and holes up to where `end` matches, or to the end of the source."""
        parts: list[str | Hole] = []
        literal: list[str] = []
        stop = re.compile(r"\$" if end is None else rf"\$|\\|{end.pattern}" if escapes else rf"\$|{end.pattern}")
        while (match := stop.search(self.source, self.at)) is not None:
            literal.append(self.source[self.at : match.start()])
            self.at = match.start()
            if self.source.startswith("$${", self.at):
                literal.append("${")
                self.at += 3
            elif self.source.startswith("${", self.at):
                if text := "".join(literal):
                    parts.append(text)
                literal.clear()
                parts.append(self.hole())
            elif self.source[self.at] == "$":
                literal.append("$")
                self.at += 1
            elif escapes and self.source[self.at] == "\\":
                literal.append(self._escape())
            else:
                break
        else:
            literal.append(self.source[self.at :])
            self.at = len(self.source)
        if text := "".join(literal):
            parts.append(text)
        return parts

    def hole(self) -> Hole:
        """The hole whose `${` comes next."""
        start = self.at
        self._holes += 1
        if self._holes > MAX_HOLES:
            hint = "split the text, or define parts of it under `variables`"
            raise ExpressionError(start, f"more than {MAX_HOLES} holes in one text", hint)
        self._deeper(start)
        self.at += 2
        self.skip_space()
        if self._at_end():
            raise self._open_hole(start)
        expression = self._environment(start) or self._expression(start)
        self.skip_space()
        if self._at_end():
            raise self._open_hole(start)
        if not self._take("}"):
            raise self._unreadable(start)
        self._depth -= 1
        return Hole(expression, start)

    def quoted(self, quote: str) -> list[str | Hole]:
        """What stands between two quotes, of which the first comes next; `\\` escapes."""
        start = self.at
        self.at += 1
        parts = self.text(re.compile(re.escape(quote)), escapes=True)
        if not self._take(quote):
            raise ExpressionError(start, f"the quote {quote} is not closed", f"add a {quote} after the text")
        return parts

    def skip_space(self) -> None:
        """Goes to the next character that is not white space."""
        match = _SPACE.match(self.source, self.at)
        self.at = match.end() if match else self.at

    def _environment(self, start: int) -> Expression | None:
        """`env.X`, or None. A default ends with the hole, so that it needs no quotes."""
        match = _ENV.match(self.source, self.at)
        if match is None:
            return None
        self.at = match.end()
        self.skip_space()
        default = None
        if self.source.startswith(":-", self.at):
            self.at += 2
            default = joined(self.text(re.compile(r"\}")))
        return Environment(match.group(1), default, start)

    def _expression(self, start: int) -> Expression:
        """One value. `start` is where a message about it points."""
        source = self.source
        if source.startswith("${", self.at):
            return self.hole().expression
        if source[self.at : self.at + 1] in ('"', "'"):
            return joined(self.quoted(source[self.at]))
        if match := _NUMBER.match(source, self.at):
            self.at = match.end()
            return Literal(match.group(), "float" if match.group(1) or match.group(2) else "int")
        if match := _DOTTED.match(source, self.at):
            return self._call(match.group(), start)
        if match := _ENV.match(source, self.at):
            self.at = match.end()
            return Environment(match.group(1), None, start)
        if match := _NAME.match(source, self.at):
            self.at = match.end()
            word = match.group()
            if word in _WORDS:
                return Literal(word, _WORDS[word])
            return Reference(word, self._path(start), start)
        raise self._unreadable(start)

    def _call(self, name: str, start: int) -> Expression:
        self._deeper(start)
        self.at += len(name)
        self.skip_space()
        self._take("(")
        arguments: list[Expression] = []
        self.skip_space()
        while not self._take(")"):
            if arguments and not self._take(","):
                if self._at_end():
                    raise self._open_call(name, start)
                message = f"`,` or `)` is missing between the arguments of `{shorten(name)}`"
                hint = "put quotes around a text that has spaces or braces in it"
                raise ExpressionError(self.at, message, hint)
            self.skip_space()
            if self._at_end():
                raise self._open_call(name, start)
            if self.source[self.at] in ",)":
                message = f"an argument of `{shorten(name)}` is empty"
                raise ExpressionError(self.at, message, 'write "" for an empty text')
            arguments.append(self._expression(self.at))
            self.skip_space()
        self._depth -= 1
        if name.startswith("py."):
            return self._python_call(name, tuple(arguments), start)
        return Call(name, tuple(arguments), start)

    def _python_call(self, name: str, arguments: tuple[Expression, ...], start: int) -> Expression:
        function = name.removeprefix("py.")
        if "." not in function:
            hint = "write ${py.module.function()}"
            raise ExpressionError(start, f"`{shorten(name)}` names no module", hint)
        return PythonCall(function, arguments, start)

    def _path(self, start: int) -> tuple[str | int, ...]:
        path: list[str | int] = []
        while len(path) <= MAX_PATH:
            if self.source.startswith(".", self.at):
                match = _NAME.match(self.source, self.at + 1)
                if match is None:
                    raise self._unreadable(start)
                path.append(match.group())
            elif self.source.startswith("[", self.at):
                match = _INDEX.match(self.source, self.at + 1)
                if match is not None:
                    path.append(int(match.group(1)))
                elif (match := _QUOTED_MEMBER.match(self.source, self.at + 1)) is not None:
                    path.append(match.group(1) if match.group(1) is not None else match.group(2))
                else:
                    hint = 'write [0], [-1] or ["a name"]'
                    raise ExpressionError(self.at, "there is neither an index nor a name in the brackets", hint)
            else:
                return tuple(path)
            self.at = match.end()
        raise ExpressionError(start, f"a path has more than {MAX_PATH} members", "save a part of the value first")

    def _escape(self) -> str:
        """The character that `\\` and the next one stand for; other pairs stay, as in regular expressions."""
        letter = self.source[self.at + 1 : self.at + 2]
        self.at += 1 + len(letter)
        return _ESCAPES.get(letter, f"\\{letter}")

    def _deeper(self, start: int) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            hint = "define inner values under `variables`, or with a `set` step"
            raise ExpressionError(start, f"holes are nested deeper than {MAX_NESTING} levels", hint)

    def _take(self, character: str) -> bool:
        taken = self.source.startswith(character, self.at)
        self.at += taken
        return taken

    def _at_end(self) -> bool:
        return self.at >= len(self.source)

    def _open_hole(self, start: int) -> ExpressionError:
        return ExpressionError(start, "`${` is not closed by a `}`", "write `$${` for a literal `${`")

    def _open_call(self, name: str, start: int) -> ExpressionError:
        return ExpressionError(start, f"`{shorten(name)}(` is not closed by a `)`", "add a `)` after the arguments")

    def _unreadable(self, start: int) -> ExpressionError:
        rest = self.source[start:].removeprefix("${")
        shown = shorten(rest.partition("}")[0])
        return ExpressionError(start, f"`${{{shown}}}` cannot be understood", HOLE_HINT)


def joined(parts: list[str | Hole]) -> Expression:
    """The parts of a text as one expression."""
    expressions = [Literal(part) if isinstance(part, str) else part.expression for part in parts]
    if len(expressions) == 1 and isinstance(expressions[0], Literal):
        return expressions[0]
    return Join(tuple(expressions)) if expressions else Literal("")
