"""What a plan says of users that Python executes (docs/design/005). The twin of `crates/core/src/plan/code.rs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Way = Literal["threads", "async", "guest"]
"""How the users of a class are hosted."""

DEFAULT_TIMEOUT_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class CodeClass:
    """A class of users."""

    name: str
    """In reports."""
    way: Way
    timeout_ns: int = DEFAULT_TIMEOUT_NS
    """How long one turn may take; then it has failed and its user is given up."""
    rows: int | None = None
    """How many presses there are rows for, when rows are dealt once; None: no limit."""

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"name": self.name, "way": self.way, "timeout_ns": self.timeout_ns, "rows": self.rows}


@dataclass(frozen=True, slots=True)
class Code:
    """Which code is executed, and which user is of which class."""

    source: Mapping[str, Any]
    """Where the code is and what it is: only Python looks at it. Its `kind` says who reads the rest."""
    classes: tuple[CodeClass, ...]
    """The flow of a class has the same index."""
    first: tuple[int, ...] = ()
    """Classes of the first users."""
    cycle: tuple[int, ...] = field(default=(0,))
    """Classes of all others, again and again."""

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {
            "source": dict(self.source),
            "classes": [one.to_json() for one in self.classes],
            "first": list(self.first),
            "cycle": list(self.cycle),
        }
