"""Imports texts with one format, and looks at what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kilobar.importers import Imported, Options, import_bytes
from kilobar.model.scenario import Request


def imported(text: str | bytes, format_name: str, directory: Path = Path("nowhere")) -> Imported:
    data = text if isinstance(text, bytes) else text.encode()
    return import_bytes(data, "source", directory, Options(format=format_name))


def notes_of(result: Imported) -> list[str]:
    """Without the one about the load, which all have."""
    return [str(note) for note in result.notes if "has no load" not in note.message]


def requests_of(result: Imported) -> list[Request]:
    return [step for step in result.scenario.steps if isinstance(step, Request)]


def only(result: Imported) -> Request:
    (request,) = requests_of(result)
    return request


def given(request: Request) -> dict[str, Any]:
    """What is set, URL and method left out."""
    return {
        name: value
        for name, value in vars(request).items()
        if name not in ("method", "url") and value is not None and (value != {} or name == "json")
    }
