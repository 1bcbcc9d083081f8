"""Files that a scenario names. Their paths are relative to the file in which they are written."""

from __future__ import annotations

import os
import stat

from kilobar.scenario.findings import Findings
from kilobar.scenario.pieces import Template


def beside(path: Template) -> str:
    """The absolute path of a file that is named in a scenario."""
    directory = os.path.dirname(os.path.abspath(path.node.place.file))
    return os.path.normpath(os.path.join(directory, path.text()))


def readable(path: Template, findings: Findings) -> str:
    """As `beside`; that it cannot be read is among the findings."""
    absolute = beside(path)
    try:
        # Without waiting for the other end of a pipe.
        descriptor = os.open(absolute, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ValueError("it is not a file")
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        cannot_read(path, error, findings)
    return absolute


def cannot_read(path: Template, error: OSError | ValueError, findings: Findings) -> None:
    """Says why a file cannot be read."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    hint = f"the path is relative to {os.path.basename(path.node.place.file)}"
    findings.error("cannot-read", f"cannot read `{path.shown()}`: {reason}", path.node.place, hint)
