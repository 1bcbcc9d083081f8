"""What a command's exit code says: 0 passed, 1 failed, 2 bad input, 3 invalid, 4 internal error, 130 interrupted."""

from __future__ import annotations

from kilobar.model.summary import Summary

FAILED = 1
INVALID = 3
INTERNAL = 4
INTERRUPTED = 130

_OF_OUTCOME = {"passed": 0, "failed": FAILED, "invalid": INVALID}


def of_run(summary: Summary, *, interrupted: bool) -> int:
    """The code of a run; that a person ended it comes before its verdict."""
    return INTERRUPTED if interrupted else _OF_OUTCOME[summary.outcome]
