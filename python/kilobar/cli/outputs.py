"""The files that a run was asked to write: checked before it starts, so that no run is made in vain."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kilobar.errors import InputError, OutputError
from kilobar.model.summary import Summary


@dataclass(frozen=True, slots=True)
class Outputs:
    """At most one file of each kind."""

    json: Path | None
    html: Path | None
    junit: Path | None

    @staticmethod
    def of(json: Sequence[Path], html: Sequence[Path], junit: Sequence[Path]) -> Outputs:
        """Raises InputError when a kind is given twice, two share a path, or a path cannot be written to."""
        for option, paths in (("--json", json), ("--html", html), ("--junit", junit)):
            if len(paths) > 1:
                raise InputError(
                    f"{option} is given {len(paths)} times", code="output", hint="one file of each kind is written"
                )
        paths = [*json, *html, *junit]
        for path in paths:
            require_writable(path)
        if len({path.resolve() for path in paths}) < len(paths):
            raise InputError("two reports would be written to the same file", code="output")
        first = [next(iter(kind), None) for kind in (json, html, junit)]
        return Outputs(*first)

    def write(self, summary: Summary) -> None:
        """Writes them all and says where. Raises OutputError after the others are written, when one could not be."""
        failed = 0
        for path, error in self.save(summary):
            if error is None:
                print(f"report: {path}")
            else:
                failed += 1
                print(error, file=sys.stderr)
        if failed:
            raise OutputError(f"{failed} of the reports could not be written; the summary above is complete")

    def save(self, summary: Summary) -> Iterator[tuple[Path, OutputError | None]]:
        """Writes one after the other and tells of each what was wrong, if anything was."""
        for path, render in self._renderers():
            try:
                _write(path, render(summary))
            except OutputError as error:
                yield path, error
            else:
                yield path, None

    def _renderers(self) -> Iterator[tuple[Path, Callable[[Summary], str]]]:
        """What is not wanted is not imported: a run without reports starts and ends sooner."""
        if self.json is not None:
            from kilobar.report.json import json_text

            yield self.json, json_text
        if self.html is not None:
            from kilobar.report.html import html_report

            yield self.html, html_report
        if self.junit is not None:
            from kilobar.report.junit import junit_text

            yield self.junit, junit_text


def _write(path: Path, text: str) -> None:
    from kilobar.report.files import write_text_atomically

    write_text_atomically(path, text)


def require_writable(path: Path) -> None:
    """Raises InputError when the file cannot be written."""
    folder = path.parent
    if path.is_dir():
        raise InputError(f"{path} is a folder", code="output", hint="name a file in it")
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder} for {path.name}", code="output", hint="make it first")
    if not os.access(folder, os.W_OK):
        raise InputError(f"no permission to write in {folder}", code="output")
