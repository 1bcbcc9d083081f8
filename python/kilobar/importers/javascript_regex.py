"""A regular expression of JavaScript -> the syntax of the engine, which has no look-around and no backreferences."""

from __future__ import annotations

import re

_FLAGS = {"i": "i", "m": "m", "s": "s", "g": "", "u": "", "y": "", "d": ""}
_REPEAT = re.compile(r"\{\d{1,4}(?:,\d{0,4})?\}")
_UNICODE = re.compile(r"\\u\{?([0-9a-fA-F]+)\}?")
_KEPT_ESCAPES = frozenset("dDwWsSbBtnrfv")


def engine_regex(pattern: str, flags: str = "") -> str | None:
    """The same expression for the engine; None when it has no counterpart."""
    wanted = "".join(dict.fromkeys(_FLAGS.get(flag, "?") for flag in flags))
    if "?" in wanted:
        return None
    result = [f"(?{wanted})" if wanted else ""]
    position, in_class = 0, False
    while position < len(pattern):
        piece, position = _piece(pattern, position, in_class)
        if piece is None:
            return None
        if piece == "[" and not in_class:
            in_class = True
            if pattern.startswith(("]", "^]"), position):
                return None
        elif piece == "]":
            in_class = False
        result.append(piece)
    text = "".join(result)
    # The scenario cannot escape a hole in an expression.
    return None if "${" in text else text


def _piece(pattern: str, position: int, in_class: bool) -> tuple[str | None, int]:
    character = pattern[position]
    if character == "\\":
        return _escape(pattern, position)
    after = position + 1
    if in_class:
        # Inside a class these mean sets to the engine and themselves to JavaScript.
        return f"\\{character}" if character in "[&~" else character, after
    if character == "(" and pattern.startswith("(?", position):
        named = pattern.startswith("(?<", position) and pattern[position + 3 : position + 4] not in ("=", "!")
        return (character if named or pattern.startswith("(?:", position) else None), after
    if character == "{":
        repeat = _REPEAT.match(pattern, position)
        return (repeat.group(), repeat.end()) if repeat and position else ("\\{", after)
    return "\\}" if character == "}" else character, after


def _escape(pattern: str, position: int) -> tuple[str | None, int]:
    unicode = _UNICODE.match(pattern, position)
    if unicode:
        return f"\\x{{{unicode[1]}}}" if len(unicode[1]) <= 6 else None, unicode.end()
    escaped = pattern[position + 1 : position + 2]
    after = position + 2
    if escaped == "x":
        return f"\\x{pattern[after : after + 2]}", after + 2
    if escaped in _KEPT_ESCAPES:
        return f"\\{escaped}", after
    if not escaped or escaped.isalnum():
        return ("\\x00", after) if escaped == "0" else (None, after)
    return re.escape(escaped), after


def exactly(text: str) -> str:
    """An expression that matches this text anywhere."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)
