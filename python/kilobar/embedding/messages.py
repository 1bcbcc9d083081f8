"""What a run's process and the program that started it say to each other: a JSON object a line, both ways.

Up come `warning` (a `diagnostic`) and `live`, at the end `summary` or `error`, told by the key `is`; that reports could
not be written is an error after the summary. Down go `stop`, `abort`, `scale` (by a `factor`), and `leave` or the end
of the stream when nobody listens any more, told by the key `do`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kilobar.errors import (
    Diagnostic,
    FleetError,
    InputError,
    KilobarError,
    OutputError,
    Place,
    ScenarioError,
)

MAX_LINE_BYTES = 256 * 1024 * 1024
"""More than the largest summary there can be."""

_KINDS: dict[str, type[KilobarError]] = {
    kind.__name__: kind for kind in (InputError, OutputError, FleetError, KilobarError)
}


def line(message: Mapping[str, Any]) -> bytes:
    """A message on the wire. Bytes of a response that are no text are escaped as they came."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def written_error(error: KilobarError) -> dict[str, Any]:
    """An error for another process. Of a class that it does not know, it gets the nearest one above."""
    form: dict[str, Any] = {
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "message": error.message,
        "code": error.code,
        "hint": error.hint,
    }
    if isinstance(error, ScenarioError):
        form["diagnostics"] = [written_diagnostic(diagnostic) for diagnostic in error.diagnostics]
    return form


def read_error(form: Mapping[str, Any]) -> KilobarError:
    """The error, with the words and the code of the command line."""
    if "diagnostics" in form:
        return ScenarioError(tuple(read_diagnostic(each) for each in form["diagnostics"]))
    kind = next((_KINDS[name] for name in form["kinds"] if name in _KINDS), KilobarError)
    return kind(form["message"], code=form["code"], hint=form["hint"])


def written_diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic for another process."""
    place = diagnostic.place
    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "severity": diagnostic.severity,
        # Places on a command line show themselves without line and column.
        "place": None if place is None else [place.file, place.line, place.column, str(place) == place.file],
    }


def read_diagnostic(form: Mapping[str, Any]) -> Diagnostic:
    """What `written_diagnostic` made."""
    return Diagnostic(form["code"], form["message"], _place(form["place"]), form["hint"], form["severity"])


def _place(form: tuple[str, int, int, bool] | None) -> Place | None:
    if form is None:
        return None
    file, number, column, is_option = form
    if is_option:
        from kilobar.scenario.findings import option_place

        return option_place(file)
    return Place(file, number, column)
