"""Collects everything that is wrong in a scenario, and words the hints."""

from __future__ import annotations

from collections.abc import Iterable

from kilobar.errors import Diagnostic, Place
from kilobar.scenario.codes import CODES

MAX_DIAGNOSTICS = 500


class OptionPlace(Place):
    """A place on the command line: only the option is shown."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.file


def option_place(option: str) -> OptionPlace:
    """Where a value came from when it was an option such as `--rate`."""
    return OptionPlace(option, 1, 1)


class Findings:
    """Diagnostics of one check, bounded: past `MAX_DIAGNOSTICS` they are only counted."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._left_out = 0
        self.errors = 0

    def error(self, code: str, message: str, place: Place, hint: str | None = None) -> None:
        """Adds an error: there will be no plan."""
        self.errors += 1
        self._add(Diagnostic(code, message, place, hint))

    def warning(self, code: str, message: str, place: Place, hint: str | None = None) -> None:
        """Adds something suspicious that does not stop a run."""
        self._add(Diagnostic(code, message, place, hint, severity="warning"))

    def _add(self, diagnostic: Diagnostic) -> None:
        if diagnostic.code not in CODES:
            raise AssertionError(f"undocumented code {diagnostic.code}")
        # A value that is used through an alias would be reported at the same place each time.
        if diagnostic in self._found:
            return
        if len(self._found) < MAX_DIAGNOSTICS:
            self._found[diagnostic] = None
        else:
            self._left_out += 1

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them by position; what concerns options comes last."""
        ordered = sorted(self._found, key=_position)
        if self._left_out:
            text = f"{self._left_out} more errors and warnings are not shown"
            ordered.append(Diagnostic("too-many-errors", text, None, "mend the first ones and check again"))
        return tuple(ordered)


def _position(diagnostic: Diagnostic) -> tuple[bool, str, int, int]:
    place = diagnostic.place
    if place is None:
        return True, "", 0, 0
    return isinstance(place, OptionPlace), place.file, place.line, place.column


def did_you_mean(word: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """A hint that names the closest known word, else `otherwise`."""
    import difflib  # only when something is wrong: a good scenario must start fast

    known = list(known)
    folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word[:100].lower(), folded, 1, 0.6)
    return f"did you mean `{folded[close[0]]}`?" if close else otherwise


def listing(words: Iterable[str]) -> str:
    """The words as a person lists them, quoted: `a`, `b` or `c`."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def shorten(text: str, limit: int = 60) -> str:
    """Text for a message: one line, at most `limit` characters."""
    line = text
    if not text.isprintable():
        line = "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
