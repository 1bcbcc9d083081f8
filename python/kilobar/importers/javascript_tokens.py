"""JavaScript text -> tokens, as far as the scripts of collections need it. Nothing is ever executed."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

MAX_CHARACTERS = 200_000
"""Longer scripts are not read."""

Kind: TypeAlias = Literal["name", "number", "text", "template", "regex", "mark", "end"]


class Hole(NamedTuple):
    """`${...}` inside a template literal: the source of an expression."""

    source: str
    line: int


class Token(NamedTuple):
    """One word of a script."""

    kind: Kind
    text: str
    """A name or mark as it stands; the value of a text; the pattern of a regular expression."""
    line: int
    """From 1."""
    after_break: bool
    """Whether a line break stands before it."""
    pieces: tuple[str | Hole, ...] = ()
    """Of a template literal."""
    flags: str = ""
    """Of a regular expression."""


class NotJavaScriptError(Exception):
    """The text cannot be read as JavaScript."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


_TOKEN = re.compile(
    r"""
    (?P<skipped>(?:[\s\ufeff]+|//[^\n\u2028\u2029]*|/\*(?:[^*]|\*(?!/))*+\*/)*+)
    (?:
        (?P<name>[A-Za-z_$\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*)
      | (?P<number>0[xX][0-9a-fA-F]+n?|0[bB][01]+n?|0[oO][0-7]+n?|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?n?)
      | (?P<text>"(?:[^"\\\n]|\\[\s\S])*+"|'(?:[^'\\\n]|\\[\s\S])*+')
      | (?P<mark>[{}()\[\];,:~\#@]|\.\.\.|\.|=>|[=!]==?|\*\*=?|\+\+|--|&&=?|\|\|=?|\?\?=?|\?\.(?!\d)|\?
               |<<=?|>>>?=?|[-+*%&|^<>]=?|[=!])
      | (?P<end>\Z)
      | (?P<other>)
    )
    """,
    re.VERBOSE,
)
_REGEX = re.compile(r"/((?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*+\])++)/([A-Za-z]*)")
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|[\s\S])")
_PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
_BEFORE_EXPRESSION = frozenset(("return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else"))
_CLOSING = frozenset((")", "]", "}"))


def tokens_of(text: str, first_line: int = 1) -> list[Token]:
    """All tokens, with one of kind "end" behind them. Raises NotJavaScriptError."""
    if len(text) > MAX_CHARACTERS:
        raise NotJavaScriptError(f"the script is longer than {MAX_CHARACTERS:,} characters", first_line)
    found: list[Token] = []
    position, line = 0, first_line
    after_break = True
    scan = _TOKEN.match
    while True:
        match = scan(text, position)
        # Every text begins with something that is skipped (perhaps nothing) and one of the alternatives.
        assert match is not None
        skipped, position, kind = match["skipped"], match.end(), match.lastgroup
        if skipped and "\n" in skipped:
            line += skipped.count("\n")
            after_break = True
        if kind == "other":
            token, position = _slash_or_template(text, position, line, after_break, found)
        elif kind == "text":
            token = Token("text", unescaped(match["text"][1:-1]), line, after_break)
            line += match["text"].count("\n")
        elif kind == "end":
            found.append(Token("end", "", line, True))
            return found
        else:
            token = Token(kind, match[kind], line, after_break)  # type: ignore[arg-type, index]  # the groups are the kinds
        found.append(token)
        if token.kind == "template":
            line += token.text.count("\n")
        after_break = False


def unescaped(text: str) -> str:
    """What stands between the quotes of a text, its escapes replaced."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    escape = match.group(1)
    if escape[0] in "ux" and len(escape) > 1:
        code = int(escape[1:].strip("{}"), 16)
        # A lone surrogate cannot be written as UTF-8.
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return _PLAIN_ESCAPES.get(escape, escape)


def _slash_or_template(
    text: str, position: int, line: int, after_break: bool, before: list[Token]
) -> tuple[Token, int]:
    """A template literal, a regular expression or a division: what needs more than one look."""
    character = text[position]
    if character == "`":
        pieces, end = _template(text, position + 1, line)
        return Token("template", text[position:end], line, after_break, pieces), end
    if character == "/":
        regex = None if before and _ends_operand(before[-1]) else _REGEX.match(text, position)
        if regex is not None:
            return Token("regex", regex[1], line, after_break, flags=regex[2]), regex.end()
        mark = "/=" if text.startswith("/=", position) else "/"
        return Token("mark", mark, line, after_break), position + len(mark)
    what = "a text that is not closed" if character in "\"'" else f"unexpected {character!r}"
    raise NotJavaScriptError(what, line)


def _ends_operand(token: Token) -> bool:
    """Whether a slash behind this token divides."""
    if token.kind == "mark":
        return token.text in _CLOSING
    return not (token.kind == "name" and token.text in _BEFORE_EXPRESSION)


def _template(text: str, start: int, line: int) -> tuple[tuple[str | Hole, ...], int]:
    """The pieces of a template literal that begins before `start`, and where it ends."""
    pieces: list[str | Hole] = []
    position = begin = start
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 2
        elif character == "`":
            pieces.append(unescaped(text[begin:position]))
            return tuple(piece for piece in pieces if piece != ""), position + 1
        elif text.startswith("${", position):
            pieces.append(unescaped(text[begin:position]))
            end = _hole_end(text, position + 2, line)
            pieces.append(Hole(text[position + 2 : end], line + text.count("\n", start, position)))
            position = begin = end + 1
        else:
            position += 1
    raise NotJavaScriptError("a template text that is not closed", line)


def _hole_end(text: str, start: int, line: int) -> int:
    """Where the brace stands that closes a hole; braces inside texts do not count."""
    depth = 0
    position = start
    while position < len(text):
        character = text[position]
        if character in "\"'`":
            close = text.find(character, position + 1)
            if close < 0:
                break
            position = close
        elif character == "{":
            depth += 1
        elif character == "}":
            if depth == 0:
                return position
            depth -= 1
        position += 1
    raise NotJavaScriptError("a hole of a template text that is not closed", line)
