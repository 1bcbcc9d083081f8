"""Files that a source names: used when they are there, else a stand-in takes their place."""

from __future__ import annotations

from kilobar.importers.outcome import Notes
from kilobar.importers.source import Source
from kilobar.importers.templates import literal
from kilobar.model.scenario import Part, Text


class Files:
    """Looks for files beside the source; a scenario that names a missing one would not pass `kilobar check`."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self._source = source
        self._notes = notes

    def is_there(self, path: str) -> bool:
        """Whether the file can be read."""
        try:
            return bool(path) and (self._source.directory / path).is_file()
        except (OSError, ValueError):
            return False

    def body(self, path: str, *where: str | int) -> tuple[Text | None, str | None]:
        """(`body`, `body_file`) for a body that is the bytes of a file."""
        if self.is_there(path):
            return None, path
        self._missing(path, *where)
        return _stand_in(path), None

    def part(self, path: str, filename: Text | None, content_type: str | None, *where: str | int) -> Part:
        """The part of a multipart body with a file."""
        if self.is_there(path):
            return Part(file=path, filename=filename, content_type=content_type)
        self._missing(path, *where)
        name = path.replace("\\", "/").rpartition("/")[2] or "file"
        return Part(text=_stand_in(path), filename=filename or literal(name), content_type=content_type)

    def _missing(self, path: str, *where: str | int) -> None:
        name = path or "(no name)"
        self._notes.add(f"the file {name} is not beside the source; a short text stands in for its content", *where)


def _stand_in(path: str) -> Text:
    return literal(f"content of {path or 'a file'}")
