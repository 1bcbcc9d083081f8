"""What an import was asked for and what came out: a scenario, notes on what was not carried over, or a failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kilobar.errors import Diagnostic, InputError, Place
from kilobar.model.scenario import Scenario
from kilobar.scenario.document import to_yaml

MAX_NOTES = 1000
_SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a file is imported."""

    format: str | None = None
    """One of `formats.FORMATS`; None recognises it by content."""
    environment: Path | None = None
    """Postman: the file with the variables of the environment."""
    static: bool = False
    """HAR: keep requests for images, scripts, style sheets and fonts."""
    max_think_s: float = 10.0
    """HAR: longer pauses are cut to this."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something in the source that the scenario does not say, or says in another way."""

    path: str
    """Where in the source, for example `item[3].request.auth`; empty for the whole."""
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Imported:
    """A converted file."""

    scenario: Scenario
    notes: tuple[Note, ...]
    format: str

    def to_yaml(self, source: str) -> str:
        """The scenario file, with the notes as comments at its top. `source` names what was imported."""
        comments = [f"Imported from {source} ({self.format})."]
        if self.notes:
            comments += ["Not carried over as it was:", *(f"- {note}" for note in self.notes)]
        return to_yaml(self.scenario, comments)


class ImportFailed(InputError):  # noqa: N818  # what happened, as its code says it
    """The file cannot be converted; the diagnostic says where and why."""

    code = "import-failed"

    def __init__(self, message: str, place: Place, *, code: str = "import-failed", hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)
        self.diagnostic = Diagnostic(code, message, place, hint)

    def __str__(self) -> str:
        return str(self.diagnostic)


class Notes:
    """Collects notes while a source is walked, and knows where the walk is.

    with notes.at("item", 3):
        notes.add("digest authentication is not supported", "request", "auth")  # item[3].request.auth
    """

    def __init__(self) -> None:
        self._here: list[str | int] = []
        self._found: dict[Note, None] = {}
        self._left_out = 0
        self._failure: tuple[BaseException, str] | None = None

    @contextmanager
    def at(self, *parts: str | int) -> Iterator[None]:
        """Everything inside happens below this part of the source; a number is an index."""
        depth = len(self._here)
        self._here.extend(parts)
        try:
            yield
        except Exception as error:
            if self._failure is None or self._failure[0] is not error:
                self._failure = (error, self.path())
            raise
        finally:
            del self._here[depth:]

    def path(self, *parts: str | int) -> str:
        """The place of the walk, or something below it."""
        return join_path([*self._here, *parts])

    def add(self, message: str, *parts: str | int) -> None:
        """Notes something about this place, or about a part of it. The same note is kept once."""
        note = Note(self.path(*parts), _line(message))
        if note in self._found:
            return
        if len(self._found) < MAX_NOTES:
            self._found[note] = None
        else:
            self._left_out += 1

    def failed_at(self, error: BaseException) -> str:
        """Where the walk was when this error was raised."""
        return self._failure[1] if self._failure is not None and self._failure[0] is error else self.path()

    def all(self) -> tuple[Note, ...]:
        """Every note, in the order of the walk."""
        notes = list(self._found)
        if self._left_out:
            notes.append(Note("", f"{self._left_out} more notes are not shown"))
        return tuple(notes)


def join_path(parts: Sequence[str | int]) -> str:
    """`["item", 3, "request"]` -> `item[3].request`."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{_line(part)}" if path else _line(part)
    return path


def _line(text: str) -> str:
    """One printable line of bounded length: notes go to terminals and into comments."""
    line = "".join(character if character.isprintable() else " " for character in text[: _SHOWN_CHARACTERS + 1])
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[: _SHOWN_CHARACTERS - 1]}…"
