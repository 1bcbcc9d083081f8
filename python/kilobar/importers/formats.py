"""The formats that can be imported, and what a module of one offers."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from kilobar.importers.outcome import Notes, Options
from kilobar.importers.source import Source
from kilobar.model.scenario import Scenario


class Format(Protocol):
    """A module such as `importers/postman.py`."""

    def recognises(self, source: Source) -> bool:
        """Whether the content is of this format. Raises nothing, whatever the content is."""
        ...

    def convert(self, source: Source, notes: Notes, options: Options) -> Scenario:
        """The scenario; what it cannot say goes to the notes. Raises ImportFailed for malformed input."""
        ...


FORMATS = {
    "postman": "Postman collection v2.0 or v2.1",
    "hazard": "locust-hazard scenario",
    "har": "HAR recording of a browser or proxy",
    "openapi": "OpenAPI 3.0 or 3.1, or Swagger 2",
    "jmx": "JMeter test plan",
    "curl": "curl commands",
}
"""Name -> what it is, in the order in which content is tried: what is least mistakable comes first."""


def format_of(name: str) -> Format:
    """The module of a format, imported when it is needed."""
    return cast(Format, import_module(f"kilobar.importers.{name}"))
