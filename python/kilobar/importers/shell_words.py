"""Text of a shell -> commands and their words, for POSIX shells and for cmd.exe.

A shell variable in a word stands between VARIABLE and END, so that the words stay texts that can be cut and joined.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from kilobar.importers.source import Source

VARIABLE = "\ue000"
END = "\ue001"
COMMAND_OUTPUT = "COMMAND_OUTPUT"
"""Name that stands for the output of `$(command)`."""

_PLAIN = re.compile(r"[^ \t\n;&|()<>\\'\"$`]+")
_PLAIN_IN_QUOTES = re.compile(r"[^\"\\$`]+")
_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)[^{}]*\}|([A-Za-z_][A-Za-z0-9_]*)")
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
_ANSI_NUMBER = re.compile(r"x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})")


class Word(NamedTuple):
    """A word after quotes are taken off."""

    text: str
    offset: int
    """Of its first character in the source."""


Command = list[Word]


def commands_of(source: Source) -> list[Command]:
    """The commands of a file. Raises ImportFailed for a quote that is not closed, with its position."""
    text = source.text.replace(VARIABLE, "\ufffd").replace(END, "\ufffd")
    lexer = _Cmd(source, text) if _is_cmd(text) else _Posix(source, text)
    return lexer.commands()


def _is_cmd(text: str) -> bool:
    return '^"' in text or re.search(r"\s\^\n", text) is not None


class _Lexer:
    def __init__(self, source: Source, text: str) -> None:
        self._source = source
        self._text = text
        self._position = 0
        self._commands: list[Command] = []
        self._command: Command = []
        self._word: list[str] | None = None
        self._word_start = 0

    def _begin(self, at: int) -> list[str]:
        if self._word is None:
            self._word = []
            self._word_start = at
        return self._word

    def _end_word(self) -> None:
        if self._word is not None:
            self._command.append(Word("".join(self._word), self._word_start))
            self._word = None

    def _end_command(self) -> None:
        self._end_word()
        if self._command:
            self._commands.append(self._command)
            self._command = []

    def _unclosed(self, what: str, start: int) -> NoReturn:
        place = self._source.place_of(start)
        self._source.fail(f"{what} is not closed", place, "close it, or escape it with a backslash")


class _Posix(_Lexer):
    def commands(self) -> list[Command]:
        text = self._text
        while self._position < len(text):
            start = self._position
            character = text[start]
            self._position += 1
            if character in " \t":
                self._end_word()
            elif character in "\n;&|()":
                self._end_command()
            elif character == "#" and self._word is None:
                end = text.find("\n", start)
                self._position = end if end >= 0 else len(text)
            elif character in "<>":
                self._redirection(start)
            else:
                self._part(character, start)
        self._end_command()
        return self._commands

    def _part(self, character: str, start: int) -> None:
        if character == "\\":
            self._escape(start)
        elif character == "'":
            end = self._text.find("'", self._position)
            if end < 0:
                self._unclosed("the quote '", start)
            self._begin(start).append(self._text[self._position : end])
            self._position = end + 1
        elif character == '"':
            self._double_quoted(start)
        elif character == "$":
            self._dollar(start, quoted=False)
        elif character == "`":
            self._substitution("`", start)
        else:
            self._begin(start).append(self._run(start, _PLAIN))

    def _run(self, start: int, pattern: re.Pattern[str]) -> str:
        """The character here with all behind it that have no meaning either."""
        match = pattern.match(self._text, start + 1)
        self._position = match.end() if match else start + 1
        return self._text[start : self._position]

    def _escape(self, start: int) -> None:
        escaped = self._text[self._position : self._position + 1]
        self._position += 1
        if escaped != "\n":
            self._begin(start).append(escaped or "\\")

    def _double_quoted(self, start: int) -> None:
        word = self._begin(start)
        text = self._text
        while True:
            if self._position >= len(text):
                self._unclosed('the quote "', start)
            character = text[self._position]
            self._position += 1
            if character == '"':
                return
            if character == "\\":
                escaped = text[self._position : self._position + 1]
                self._position += 1
                if escaped != "\n":
                    word.append(escaped if escaped and escaped in '$`"\\' else f"\\{escaped}")
            elif character == "$":
                self._dollar(self._position - 1, quoted=True)
            elif character == "`":
                self._substitution("`", self._position - 1)
            else:
                word.append(self._run(self._position - 1, _PLAIN_IN_QUOTES))

    def _dollar(self, start: int, *, quoted: bool) -> None:
        text = self._text
        following = text[self._position : self._position + 1]
        if following == "'" and not quoted:
            self._position += 1
            self._ansi_quoted(start)
        elif following == '"' and not quoted:
            self._position += 1
            self._double_quoted(start)
        elif following == "(":
            self._position += 1
            self._substitution(")", start)
        elif match := _NAME.match(text, self._position):
            self._position = match.end()
            self._begin(start).append(f"{VARIABLE}{match[1] or match[2]}{END}")
        else:
            self._begin(start).append("$")

    def _ansi_quoted(self, start: int) -> None:
        word = self._begin(start)
        text = self._text
        while True:
            character = text[self._position : self._position + 1]
            self._position += 1
            if character == "'":
                return
            if not character:
                self._unclosed("the quote $'", start)
            if character != "\\":
                word.append(character)
                continue
            if number := _ANSI_NUMBER.match(text, self._position):
                self._position = number.end()
                word.append(_character(number))
                continue
            escaped = text[self._position : self._position + 1]
            self._position += 1
            word.append(_ANSI.get(escaped, escaped if escaped in ("\\", "'", '"', "?") else f"\\{escaped}"))

    def _substitution(self, closing: str, start: int) -> None:
        depth = 1
        while depth:
            if self._position >= len(self._text):
                self._unclosed("the command substitution", start)
            character = self._text[self._position]
            self._position += 1
            depth += (character == "(" and closing == ")") - (character == closing)
        self._begin(start).append(f"{VARIABLE}{COMMAND_OUTPUT}{END}")

    def _redirection(self, start: int) -> None:
        """`2>/dev/null`: the number before is part of it, and so is the file behind."""
        if self._word is not None and "".join(self._word).isdigit():
            self._word = None
        self._end_word()
        while self._text[self._position : self._position + 1] in ("<", ">", "&", "-", " ", "\t"):
            self._position += 1
            if self._position >= len(self._text):
                return
        while self._position < len(self._text) and self._text[self._position] not in " \t\n;|&":
            self._position += 1


def _character(number: re.Match[str]) -> str:
    digits = number[1] or number[2] or number[3]
    code = int(digits, 16) if digits else int(number[4], 8)
    return chr(code) if code < 0x110000 and not 0xD800 <= code <= 0xDFFF else "\ufffd"


class _Cmd(_Lexer):
    """cmd.exe takes the carets off, then the program splits what is left by quotes and backslashes."""

    def commands(self) -> list[Command]:
        characters = self._without_carets()
        quoted_from: int | None = None
        number = 0
        while number < len(characters):
            character, offset, escaped = characters[number]
            number += 1
            following = characters[number][0] if number < len(characters) else ""
            if character == "\\" and following in ('"', "\\"):
                self._begin(offset).append(following)
                number += 1
            elif character == '"':
                self._begin(offset)
                if quoted_from is not None and following == '"':
                    self._begin(offset).append('"')
                    number += 1
                else:
                    quoted_from = offset if quoted_from is None else None
            elif quoted_from is not None or character not in " \t\n&|":
                self._begin(offset).append(character)
            elif character in " \t" or escaped:
                self._end_word()
            else:
                self._end_command()
        if quoted_from is not None:
            self._unclosed('the quote "', quoted_from)
        self._end_command()
        return self._commands

    def _without_carets(self) -> list[tuple[str, int, bool]]:
        """(character, offset, whether a caret was before it)."""
        text = self._text
        kept: list[tuple[str, int, bool]] = []
        in_quotes = False
        position = 0
        while position < len(text):
            character = text[position]
            if character == "^" and not in_quotes:
                position += 1
                if text[position : position + 1] == "\n":
                    # The line goes on; a second line break is meant as one.
                    position += 1
                    if text[position : position + 1] != "\n":
                        continue
                if position < len(text):
                    kept.append((text[position], position, True))
            else:
                in_quotes = in_quotes != (character == '"')
                kept.append((character, position, False))
                if character == "\n":
                    in_quotes = False
            position += 1
        return kept
