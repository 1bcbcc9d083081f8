"""A file -> a scenario: which format it is, and a guard around its conversion."""

from __future__ import annotations

from pathlib import Path

from kilobar.errors import Place
from kilobar.importers.bounds import cut_steps, sends_something
from kilobar.importers.formats import FORMATS, format_of
from kilobar.importers.outcome import Imported, ImportFailed, Notes, Options
from kilobar.importers.source import MAX_BYTES, Source
from kilobar.model.scenario import Scenario


def import_file(path: Path, options: Options | None = None) -> Imported:
    """Converts a file. Raises ImportFailed with a position, and nothing else, whatever the file holds."""
    file = str(path)
    try:
        with open(path, "rb") as stream:
            # One byte more than allowed is enough to know that the file is too large.
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ImportFailed(f"cannot read it: {reason}", Place(file, 1, 1), hint="check the path") from error
    return import_bytes(data, file, path.parent, options)


def import_bytes(data: bytes, file: str, directory: Path, options: Options | None = None) -> Imported:
    """Converts the content of a file; `file` names it in messages. Raises ImportFailed and nothing else."""
    options = options or Options()
    source = Source(file, directory, data)
    if len(data) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES // 2**20} MiB"
        raise ImportFailed(message, source.place(), hint="split it, or leave out recorded responses")
    notes = Notes()
    try:
        name = options.format or _recognise(source)
        scenario = _convert(name, source, notes, options)
    except ImportFailed:
        raise
    except Exception as error:
        raise _unexpected(error, source, notes) from error
    for line, words in source.remarks:
        notes.add(words, f"line {line}")
    return Imported(scenario, notes.all(), name)


def _recognise(source: Source) -> str:
    for name in FORMATS:
        if format_of(name).recognises(source):
            return name
    source.explain()
    if '"_postman_variable_scope"' in source.text[:1_000_000]:
        hint = "import the collection and name this file with `--environment`"
        raise ImportFailed(
            "these are variables of Postman, no requests", source.place(), code="import-unknown", hint=hint
        )
    known = ", ".join(FORMATS)
    hint = f"known formats: {known}; name one with `--format` if it is one of them"
    raise ImportFailed("the format is not recognised", source.place(), code="import-unknown", hint=hint)


def _convert(name: str, source: Source, notes: Notes, options: Options) -> Scenario:
    if name not in FORMATS:
        hint = f"known formats: {', '.join(FORMATS)}"
        raise ImportFailed(f"there is no format `{name}`", source.place(), code="import-unknown", hint=hint)
    scenario = format_of(name).convert(source, notes, options)
    cut_steps(scenario, notes)
    if not sends_something(scenario):
        found = "; ".join(str(note) for note in notes.all()[:3])
        raise ImportFailed("there is no request in it that can be sent", source.place(), hint=found or None)
    return scenario


def _unexpected(error: Exception, source: Source, notes: Notes) -> ImportFailed:
    """A defect of an importer, or input that is too odd for it: said with the place in the source, never a crash."""
    where = notes.failed_at(error)
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else f"{type(error).__name__}: {error}"
    message = f"cannot convert {f'`{where}`' if where else 'this file'}: {reason[:200]}"
    hint = "remove that part and import again; please report it, with the file if you can share it"
    return ImportFailed(message, source.place(), hint=hint)
