"""Names of other tools -> names that a scenario allows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from kilobar.importers.templates import literal
from kilobar.scenario.grammar import MAX_NAME
from kilobar.scenario.resolve import NAME, RESERVED

_MAX_VARIABLE = 60


class VariableNames:
    """Valid, unique names of variables; the same source name always gives the same variable."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """`user-id` -> `user_id`; a name that another one took gets a number behind it."""
        found = self._of.get(name)
        if found is None:
            found = _numbered(variable_name(name), self._taken, "{}_{}")
            self._of[name] = found
        return found


class UniqueNames:
    """Names of steps and flows; a repeated one gets a number behind it."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._met: Counter[str] = Counter()

    def of(self, name: str) -> str:
        """`list items`, then `list items (2)`."""
        valid = step_name(name)
        self._met[valid] += 1
        return _numbered(valid, self._taken, "{} ({})", self._met[valid])


def variable_name(name: str) -> str:
    """The nearest valid name of a variable; not made unique."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    valid = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_")[:_MAX_VARIABLE]
    # A name that was valid keeps its underscores.
    if NAME.fullmatch(name):
        valid = name
    if not valid:
        valid = "value"
    if valid[0].isdigit():
        valid = f"_{valid}"
    return f"{valid}_" if valid in RESERVED else valid


def step_name(name: str) -> str:
    """A name of a step, group or flow as a scenario allows it: one line, bounded, without holes; not made unique."""
    line = "".join(character if character.isprintable() else " " for character in name[: 4 * MAX_NAME])
    line = " ".join(line.split())
    # Room for a number behind it.
    line = line if len(line) <= MAX_NAME - 10 else f"{line[: MAX_NAME - 11]}…"
    # `(other)` is where reports fold what is too much.
    return literal(line.strip("() ") if line.startswith("(") else line) or "unnamed"


def _numbered(name: str, taken: set[str], form: str, number: int = 2) -> str:
    number = max(2, number)
    candidate = name
    while candidate in taken:
        candidate = form.format(name, number)
        number += 1
    taken.add(candidate)
    return candidate
