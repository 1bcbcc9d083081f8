"""Every error a user can cause: a stable code, what happened, where, what to do.

The catalogue is `docs/reference/errors.md`; a test keeps the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file; line and column start at 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong (or suspicious) in what a user wrote.

    `code` is stable and documented, `hint` says what to do, `severity` is "error" or "warning".
    """

    code: str
    message: str
    place: Place | None = None
    hint: str | None = None
    severity: str = "error"

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{where}{self.severity}[{self.code}]: {self.message}{hint}"


class KilobarError(Exception):
    """The root of all errors that Kilobar raises on purpose.

    `exit_code` is what the command line returns (DESIGN section 8).
    """

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code  # type: ignore[misc]  # the class gives the default, an instance may be more exact

    def __str__(self) -> str:
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"error[{self.code}]: {self.message}{hint}"


class InputError(KilobarError):
    """What the user gave cannot be used: an option, a file, an address."""

    code = "bad-input"
    exit_code = 2


class ScenarioError(InputError):
    """A scenario with at least one error. Carries every diagnostic, warnings included."""

    code = "bad-scenario"

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))

    def __str__(self) -> str:
        return self.message


class OutputError(KilobarError):
    """A report could not be written; the run itself is not lost."""

    code = "cannot-write"
    exit_code = 4


class FleetError(KilobarError):
    """Workers could not be started or all of them were lost."""

    code = "fleet"
    exit_code = 4


INPUT_CODES = {
    "bundle": "The directory of Python code cannot be sent to workers: too large, unreadable or damaged.",
    "code": "A file of Python code cannot be read.",
    "code-failed": "Python code raised something, ended its process or took too long while it was looked at.",
    "code-syntax": "Python cannot parse a file of code; file, line and column are told.",
    "import-failed": "A file cannot be imported; the path in it where that was noticed is told.",
    "import-syntax": "A file to import is malformed; file, line and column are told.",
    "import-unknown": "A file to import is of no known format.",
    "output": "A report cannot be written where it was asked for, or was asked for twice.",
    "target": "A target cannot be started: its port is in use, for example.",
}
"""More exact codes of `InputError`."""

STEP_ERRORS = {
    "dns": "The host name could not be resolved.",
    "blocked": "Kilobar refused to connect: the address is public and not allowed, or one that is never loaded.",
    "refused": "Nothing listens there.",
    "connect_timeout": "The connection was not ready within `connect_timeout`.",
    "connect": "Connecting failed otherwise: unreachable, no free port or file descriptor.",
    "tls": "The TLS handshake or a TLS record failed, bad certificates included.",
    "reset": "The server reset the connection in the middle of an exchange.",
    "eof": "The server closed the connection in the middle of an exchange.",
    "stale": "A kept connection turned out closed before the first byte of the response. The request is not repeated.",
    "read_timeout": "The response was not complete within `timeout`.",
    "protocol": "What came was not HTTP, or more came than was asked for.",
    "too_large": "The head or the body of the response was over its limit.",
    "status": "The status code was not an expected one.",
    "check": "A check on the response failed.",
    "extract": "A value to save was not in the response.",
    "script": "The request could not be built from its template.",
    "data": "The row of data that a step needs could not be had: none is left, or its file changed during the run.",
}
"""The classes under which failed steps are counted; the engine's list, in its order."""
