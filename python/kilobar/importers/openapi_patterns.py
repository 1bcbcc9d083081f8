"""A text that matches a simple regular expression: literals, classes, groups, alternatives and counts."""

from __future__ import annotations

import re

MAX_CHARACTERS = 200
_MAX_PATTERN = 1_000
_MAX_DEPTH = 10
_COUNT = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{0,4}))?\}")
_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r"}
_PRINTABLE = "a0A-_ " + "".join(map(chr, range(33, 127)))


class _TooHardError(ValueError):
    """Something that this reader does not know."""


def text_for_pattern(pattern: str, min_length: int = 0) -> str | None:
    """The shortest text of its kind with at least `min_length` characters, or None when the pattern is not simple."""
    if len(pattern) > _MAX_PATTERN:
        return None
    for more in (0, min_length):
        try:
            text = _Reader(pattern, more, min_length).read()
        except _TooHardError:
            return None
        if len(text) >= min_length:
            return text
    return None


class _Reader:
    """Reads a pattern once and writes what it stands for; `more` is how far open counts may be raised."""

    def __init__(self, pattern: str, more: int, min_length: int) -> None:
        self._pattern = pattern
        self._position = 0
        self._more = more
        self._min_length = min_length
        self._written = 0

    def read(self) -> str:
        text = self._alternatives(0)
        if self._position < len(self._pattern):
            raise _TooHardError
        return text

    def _peek(self) -> str:
        return self._pattern[self._position : self._position + 1]

    def _next(self) -> str:
        character = self._peek()
        if not character:
            raise _TooHardError
        self._position += 1
        return character

    def _alternatives(self, depth: int) -> str:
        if depth > _MAX_DEPTH:
            raise _TooHardError
        first = self._sequence(depth)
        while self._peek() == "|":
            self._position += 1
            written = self._written
            self._sequence(depth)
            self._written = written
        return first

    def _sequence(self, depth: int) -> str:
        parts: list[str] = []
        length = 0
        while self._peek() not in ("", "|", ")"):
            character = self._next()
            if character == "^" and not parts:
                continue
            if character == "$" and self._peek() in ("", "|", ")"):
                continue
            atom = self._atom(character, depth)
            parts.append(self._repeated(atom))
            length += len(parts[-1])
            if length > MAX_CHARACTERS:
                raise _TooHardError
        return "".join(parts)

    def _atom(self, character: str, depth: int) -> str:
        match character:
            case "(":
                return self._group(depth)
            case "[":
                return self._class()
            case ".":
                return "a"
            case "\\":
                return self._escape()
            case "*" | "+" | "?" | "^" | "$":
                raise _TooHardError
        return character

    def _group(self, depth: int) -> str:
        if self._peek() == "?":
            if self._pattern.startswith("?:", self._position):
                self._position += 2
            else:
                named = re.compile(r"\?P?<[A-Za-z_]\w*>").match(self._pattern, self._position)
                if named is None:
                    raise _TooHardError
                self._position = named.end()
        written = self._written
        text = self._alternatives(depth + 1)
        self._written = written
        if self._next() != ")":
            raise _TooHardError
        return text

    def _escape(self) -> str:
        character = self._next()
        if character in _CLASSES:
            return _CLASSES[character]
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character.isalnum():
            # \b, \1, \p{...}, \x41 and the like.
            raise _TooHardError
        return character

    def _class(self) -> str:
        negated = self._peek() == "^"
        self._position += negated
        members: list[str] = []
        excluded: list[str] = []
        while self._peek() != "]" or not (members or excluded):
            low = self._next()
            if low == "\\":
                kind = self._peek()
                low = self._escape()
                if kind in _CLASSES:
                    members.append(low)
                    excluded += [each for each in _PRINTABLE if re.match(f"\\{kind}", each, re.ASCII)]
                    continue
            elif low == "[":
                raise _TooHardError
            high = low
            if self._peek() == "-" and self._pattern[self._position + 1 : self._position + 2] not in ("]", ""):
                self._position += 1
                high = self._next()
                high = self._escape() if high == "\\" else high
            members.append(low)
            excluded += [each for each in _PRINTABLE if low <= each <= high]
        self._position += 1
        if not negated:
            return members[0]
        allowed = next((each for each in _PRINTABLE if each not in excluded), None)
        if allowed is None:
            raise _TooHardError
        return allowed

    def _repeated(self, atom: str) -> str:
        low, high = self._bounds()
        count = low
        if self._more and atom:
            missing = max(0, self._min_length - self._written)
            count = max(low, min(high, -(-missing // len(atom))))
        if count * len(atom) > MAX_CHARACTERS:
            raise _TooHardError
        self._written += count * len(atom)
        return atom * count

    def _bounds(self) -> tuple[int, int]:
        low, high = 1, 1
        character = self._peek()
        if character in ("*", "+", "?") and character:
            self._position += 1
            low, high = {"*": (0, MAX_CHARACTERS), "+": (1, MAX_CHARACTERS), "?": (0, 1)}[character]
        elif character == "{":
            count = _COUNT.match(self._pattern, self._position)
            if count is None:
                return low, high
            self._position = count.end()
            low = int(count[1])
            high = low if count[2] is None else int(count[3]) if count[3] else MAX_CHARACTERS
        else:
            return low, high
        if self._peek() == "?":
            # Lazy: the same texts match.
            self._position += 1
        elif self._peek() in ("*", "+", "{") and self._peek():
            raise _TooHardError
        return low, max(low, high)
