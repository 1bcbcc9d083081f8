"""Which status codes are expected: `200`, `"2xx"`, `"200..299"`, a list of those, or `"any"`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from kilobar.errors import InputError

Statuses: TypeAlias = int | str | Sequence[int | str]
Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Lowest and highest code of each range, both included."""

HINT = 'write a code, a class, a range or a list of them: 200, "2xx", "200..299", [200, 404], or "any"'
MIN_STATUS, MAX_STATUS = 100, 999

_CLASS = re.compile(r"([1-9])xx", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{3})(?:\s*(?:\.\.|-)\s*([0-9]{3}))?")


def ranges_of(statuses: Statuses) -> Ranges:
    """The ranges that are meant. Raises InputError."""
    if isinstance(statuses, int | str):
        return (_range_of(statuses),)
    if not isinstance(statuses, Sequence) or not statuses:
        raise _refused(statuses)
    return tuple(_range_of(status) for status in statuses)


@lru_cache(maxsize=1_000, typed=True)
def _range_of(status: int | str) -> tuple[int, int]:
    if isinstance(status, bool):
        raise _refused(status)
    if isinstance(status, int):
        low, high = status, status
    elif not isinstance(status, str):
        raise _refused(status)
    elif status.strip().lower() == "any":
        low, high = MIN_STATUS, MAX_STATUS
    elif match := _CLASS.fullmatch(status.strip()):
        low = int(match[1]) * 100
        high = low + 99
    elif match := _RANGE.fullmatch(status.strip()):
        low = int(match[1])
        high = int(match[2] or match[1])
    else:
        raise _refused(status)
    if not MIN_STATUS <= low <= high <= MAX_STATUS:
        raise _refused(status)
    return low, high


def _refused(status: object) -> InputError:
    return InputError(f"`status={status!r}` is no status code", hint=HINT)
