"""Files with steps that a scenario includes: found, read, and kept from including each other for ever."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from contextlib import contextmanager

from kilobar.errors import Place
from kilobar.scenario.files import beside, cannot_read
from kilobar.scenario.findings import Findings
from kilobar.scenario.pieces import Template
from kilobar.scenario.yaml_nodes import MAX_BYTES, Node, read_yaml

MAX_FILE_DEPTH = 16
"""Files that include each other."""

MAX_FILES = 1_000
"""Times that files are included, in all."""


class IncludedFiles:
    """Opens included files while a scenario is read. Their paths are relative to the file that includes them."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._open: list[str] = []
        self._count = 0
        self._bytes = 0

    @contextmanager
    def open(self, path: Template) -> Iterator[Node | None]:
        """The tree of a file while it is read; None with the reason among the findings."""
        place = path.node.place
        if not self._open:
            self._open.append(os.path.abspath(place.file))
        absolute = beside(path)
        problem = self._limit(absolute)
        if problem is not None:
            message = f"`{path.shown()}` cannot be included: {problem}"
            self._findings.error("bad-include", message, place, "move what both need into a third file")
            yield None
            return
        self._open.append(absolute)
        try:
            yield self._read(path, absolute, place)
        finally:
            self._open.pop()

    def _limit(self, absolute: str) -> str | None:
        self._count += 1
        if absolute in self._open:
            return "it would include itself"
        if len(self._open) > MAX_FILE_DEPTH:
            return f"files include each other more than {MAX_FILE_DEPTH} levels deep"
        return f"there are more than {MAX_FILES:,} includes" if self._count > MAX_FILES else None

    def _read(self, path: Template, absolute: str, place: Place) -> Node | None:
        try:
            with open(absolute, "rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            cannot_read(path, error, self._findings)
            return None
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            message = f"included files have more than {MAX_BYTES:,} bytes in all"
            self._findings.error("too-large", message, place, "include smaller files")
            return None
        name = os.path.normpath(os.path.join(os.path.dirname(place.file), path.text()))
        return read_yaml(data, name, self._findings)
