"""Regular expressions of Perl, as JMeter has them -> those of the engine, without look-around and backreferences."""

from __future__ import annotations

import re

MAX_PATTERN = 2_000
_REPEAT = re.compile(r"\{([0-9]{1,3})(?:,([0-9]{0,3}))?\}")
_FLAGS = re.compile(r"\(\?(?:(?:[imsx]+(?:-[imsx]+)?|-[imsx]+)[:)]|:)")
_LETTERS = frozenset("dDwWsSbBtnrfva")
_IN_CLASS = frozenset("[&~")
_SPECIAL = re.compile(r"[][\\.+*?()|{}^$#&~-]")


class _NoCounterpart(Exception):  # noqa: N818  # never leaves this module
    """The expression cannot be said to the engine."""


def engine_regex(pattern: str) -> str | None:
    """The same expression for the engine; None when it has no counterpart there."""
    if len(pattern) > MAX_PATTERN:
        return None
    try:
        converted = _Reader(pattern).whole()
    except _NoCounterpart:
        return None
    return None if "\x00" in converted else converted


def escaped(text: str) -> str:
    """A text that stands for itself in an expression of the engine."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], text)


def group_count(converted: str) -> int:
    """How many groups an expression of the engine has."""
    reader = _Reader(converted)
    reader.whole()
    return reader.groups


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0
        self._repeatable = False
        self.groups = 0

    def whole(self) -> str:
        result: list[str] = []
        while self._at < len(self._pattern):
            result.append(self._piece())
        if self._depth:
            raise _NoCounterpart
        return "".join(result)

    def _piece(self) -> str:
        character = self._pattern[self._at]
        if character == "\\":
            return self._escape()
        if character == "[":
            return self._class()
        if character in "*+?{":
            return self._repetition()
        self._at += 1
        if character == "(":
            return self._group()
        if character == ")":
            self._depth -= 1
            if self._depth < 0:
                raise _NoCounterpart
        self._repeatable = character not in "|^$"
        return "\\}" if character == "}" else character

    def _group(self) -> str:
        self._depth += 1
        if self._depth > 50:
            raise _NoCounterpart
        self._repeatable = False
        if not self._pattern.startswith("?", self._at):
            self.groups += 1
            return "("
        match = _FLAGS.match(self._pattern, self._at - 1)
        if match is None:
            # Look-around, atomic and named groups, comments, conditions.
            raise _NoCounterpart
        self._at = match.end()
        self._depth -= match[0].endswith(")")
        return match[0]

    def _repetition(self) -> str:
        character = self._pattern[self._at]
        repeat = _REPEAT.match(self._pattern, self._at)
        if character == "{" and (repeat is None or not self._repeatable):
            # Perl takes it for itself.
            self._at += 1
            self._repeatable = True
            return "\\{"
        if not self._repeatable:
            raise _NoCounterpart
        if repeat is not None and repeat[2] and int(repeat[1]) > int(repeat[2]):
            raise _NoCounterpart
        found = repeat[0] if repeat is not None else character
        self._at += len(found)
        following = self._pattern[self._at : self._at + 1]
        if following == "+":
            raise _NoCounterpart
        if following == "?":
            found += "?"
            self._at += 1
        self._repeatable = False
        return found

    def _escape(self) -> str:
        letter = self._pattern[self._at + 1 : self._at + 2]
        self._repeatable = letter not in ("b", "B", "A", "z", "Z")
        if letter == "Q":
            end = self._pattern.find("\\E", self._at)
            quoted = self._pattern[self._at + 2 : end if end >= 0 else None]
            self._at = end + 2 if end >= 0 else len(self._pattern)
            return escaped(quoted)
        self._at += 2
        if not letter or (letter.isalnum() and letter.isascii()):
            return self._letter(letter)
        # The engine refuses the escape of what never is special.
        return f"\\{letter}" if _SPECIAL.match(letter) else letter

    def _letter(self, letter: str) -> str:
        if letter in ("A", "z"):
            return f"\\{letter}"
        if letter == "Z":
            return "\\z"
        if letter == "e":
            return "\\x1B"
        if letter in ("x", "u"):
            digits = self._pattern[self._at : self._at + (2 if letter == "x" else 4)]
            if not re.fullmatch(r"[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}", digits):
                raise _NoCounterpart
            self._at += len(digits)
            return f"\\x{{{digits}}}"
        if not letter or letter not in _LETTERS:
            raise _NoCounterpart
        return f"\\{letter}"

    def _class(self) -> str:
        result = ["["]
        self._at += 1
        if self._pattern.startswith("^", self._at):
            result.append("^")
            self._at += 1
        if self._pattern.startswith("]", self._at):
            result.append("\\]")
            self._at += 1
        while not self._pattern.startswith("]", self._at):
            if self._at >= len(self._pattern):
                raise _NoCounterpart
            character = self._pattern[self._at]
            if character == "\\":
                piece = self._escape()
                result.append("\\x08" if piece == "\\b" else piece)
                continue
            if self._pattern.startswith("[:", self._at):
                raise _NoCounterpart
            result.append(f"\\{character}" if character in _IN_CLASS else self._hyphen(character, result))
            self._at += 1
        self._at += 1
        self._repeatable = True
        if len(result) == 1 or result[1:] == ["^"]:
            raise _NoCounterpart
        return "".join(result) + "]"

    def _hyphen(self, character: str, before: list[str]) -> str:
        """A hyphen that does not make a range must be escaped: two of them mean a difference."""
        if character != "-":
            return character
        end = re.match(r"\\([^A-Za-z0-9])|([^]\\-])", self._pattern[self._at + 1 : self._at + 3])
        if end is None or not _stands_for_one(before):
            return "\\-"
        if before[-1][-1] > end[end.lastindex or 0]:
            raise _NoCounterpart
        return "-"


def _stands_for_one(before: list[str]) -> bool:
    """Whether the last piece of a class is a single character that is not the end of a range already."""
    is_first = len(before) == 1 or before[1:] == ["^"]
    is_end = before[-2:-1] == ["-"]
    return not is_first and not is_end and re.fullmatch(r"\\?[^A-Za-z0-9]|[A-Za-z0-9]", before[-1]) is not None
