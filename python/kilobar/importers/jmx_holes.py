"""Reads the holes of JMeter texts: `${name}`, `${__function(argument,${other})}`."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

MAX_NESTING = 30
_ESCAPED = ("$", ",", "\\")


class Hole(NamedTuple):
    """A variable, or the call of a function."""

    name: str
    arguments: tuple[Template, ...]
    """Of a function, without the white space around each."""
    source: str
    """As it stands in the text."""

    @property
    def is_call(self) -> bool:
        """Whether it is the call of a function."""
        return self.name.startswith("__")


Template: TypeAlias = "tuple[str | Hole, ...]"
"""Literal texts and holes, in order."""


def parse_text(text: str) -> Template:
    """The parts of a text. What is no complete hole is literal, as in JMeter.

    A backslash escapes `$`, `,` and itself, but only in a text that has a hole at all.
    """
    if "${" not in text:
        return (text,) if text else ()
    template, _ = _Parser(text).parts(0, "", 0)
    if not any(isinstance(part, Hole) for part in template):
        return (text,)
    return template


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text

    def parts(self, position: int, ends: str, depth: int) -> tuple[Template, int]:
        """Up to one of the characters `ends` outside of parentheses, or to the end of the text."""
        parts: list[str | Hole] = []
        literal: list[str] = []
        parentheses = 0
        text = self._text
        while position < len(text):
            character = text[position]
            if character == "\\" and text[position + 1 : position + 2] in _ESCAPED:
                literal.append(text[position + 1])
                position += 2
                continue
            if character in ends and not parentheses:
                break
            if text.startswith("${", position) and depth < MAX_NESTING:
                hole, after = self._hole(position, depth + 1)
                if hole is not None:
                    if literal:
                        parts.append("".join(literal))
                        literal.clear()
                    parts.append(hole)
                    position = after
                    continue
            if ends:
                parentheses += (character == "(") - (character == ")")
            literal.append(character)
            position += 1
        if literal:
            parts.append("".join(literal))
        return tuple(parts), position

    def _hole(self, start: int, depth: int) -> tuple[Hole | None, int]:
        text = self._text
        position = start + 2
        while position < len(text) and text[position] not in "(}$":
            position += 1
        name = text[start + 2 : position].strip()
        if position < len(text) and text[position] == "(" and name.startswith("__"):
            arguments, position = self._arguments(position + 1, depth)
            if position >= len(text) or text[position] != "}":
                return None, start
        elif position < len(text) and text[position] == "(":
            # A variable may have parentheses in its name.
            position = text.find("}", position)
            if position < 0:
                return None, start
            name, arguments = text[start + 2 : position].strip(), ()
        elif position < len(text) and text[position] == "}" and name:
            arguments = ()
        else:
            return None, start
        return Hole(name, arguments, text[start : position + 1]), position + 1

    def _arguments(self, position: int, depth: int) -> tuple[tuple[Template, ...], int]:
        """Up to the parenthesis that closes; gives the position behind it."""
        arguments: list[Template] = []
        while True:
            template, position = self.parts(position, ",)", depth)
            arguments.append(_trimmed(template))
            if position >= len(self._text):
                return tuple(arguments), position
            position += 1
            if self._text[position - 1] == ")":
                break
        while self._text[position : position + 1].isspace():
            position += 1
        return (() if arguments == [()] else tuple(arguments)), position


def _trimmed(template: Template) -> Template:
    parts = list(template)
    if parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip()
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()
    return tuple(part for part in parts if part)


def names_in(template: Template) -> list[str]:
    """Every variable that a text uses, also by `__V(name)`."""
    found: list[str] = []
    for part in template:
        if isinstance(part, str):
            continue
        if not part.is_call:
            found.append(part.name)
        for argument in part.arguments:
            found += names_in(argument)
            if part.name in ("__V", "__evalVar") and len(argument) == 1 and isinstance(argument[0], str):
                found.append(argument[0])
    return found
