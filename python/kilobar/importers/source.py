"""The file that is imported: its text, and its content as JSON, YAML or XML; each with its position when malformed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from kilobar.errors import Place
from kilobar.importers.outcome import ImportFailed

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 200
"""Levels of nested lists, mappings and elements."""


@dataclass
class Source:
    """A file to import."""

    file: str
    """Names it in messages."""
    directory: Path
    """Files that it names are relative to this."""
    data: bytes = field(repr=False)

    def place(self, line: int = 1, column: int = 1) -> Place:
        """A position in this file."""
        return Place(self.file, line, column)

    def place_of(self, offset: int) -> Place:
        """The position of a character of `text`."""
        before = self.text[:offset]
        return self.place(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)

    @cached_property
    def text(self) -> str:
        """The file as text; a byte order mark is dropped. Raises ImportFailed."""
        raise NotImplementedError

    @cached_property
    def json(self) -> Any:
        """The content of a JSON file. Raises ImportFailed with the position of what is wrong."""
        raise NotImplementedError

    @cached_property
    def yaml(self) -> Any:
        """The content of a YAML (or JSON) file by the rules of YAML 1.2, as dict, list, str, int, float, bool, None.

        Keys are texts. Raises ImportFailed with the position of what is wrong.
        """
        raise NotImplementedError

    @cached_property
    def xml(self) -> ElementTree.Element:
        """The root of an XML file; entities of its own are refused. Raises ImportFailed with the position."""
        raise NotImplementedError

    @property
    def mapping(self) -> dict[str, Any] | None:
        """The content when the file is a JSON or YAML mapping, else None: for `recognises`. Raises nothing."""
        raise NotImplementedError
