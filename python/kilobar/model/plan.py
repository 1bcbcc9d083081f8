"""The plan: scenario and load, fully resolved. The native engine sees its JSON form and nothing else.

The twin of `crates/core/src/plan.rs`; both share the golden files in `tests/golden/plans`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kilobar.model.template import (
    AllOf as AllOf,
)
from kilobar.model.template import (
    AnyOf as AnyOf,
)
from kilobar.model.template import (
    Call as Call,
)
from kilobar.model.template import (
    Column as Column,
)
from kilobar.model.template import (
    Compare as Compare,
)
from kilobar.model.template import (
    Condition as Condition,
)
from kilobar.model.template import (
    Contains as Contains,
)
from kilobar.model.template import (
    Encode as Encode,
)
from kilobar.model.template import (
    Expr as Expr,
)
from kilobar.model.template import (
    Hole as Hole,
)
from kilobar.model.template import (
    IsSet as IsSet,
)
from kilobar.model.template import (
    Join as Join,
)
from kilobar.model.template import (
    Json as Json,
)
from kilobar.model.template import (
    Matches as Matches,
)
from kilobar.model.template import (
    Member as Member,
)
from kilobar.model.template import (
    Not as Not,
)
from kilobar.model.template import (
    Part as Part,
)
from kilobar.model.template import (
    Template as Template,
)
from kilobar.model.template import (
    Text as Text,
)
from kilobar.model.template import (
    Truthy as Truthy,
)
from kilobar.model.template import (
    Variable as Variable,
)

PLAN_VERSION = 1

@dataclass(frozen=True, slots=True)
class Save:
    """Keeps the value at a JSON path of the response in a variable."""

    variable: int
    json: str


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; see the Rust twin for the meaning of each field."""

    series: int
    method: str
    origin: int
    path: Template
    headers: tuple[tuple[str, Template], ...]
    body: Template | None
    timeout_ns: int
    expect_status: tuple[tuple[int, int], ...]
    saves: tuple[Save, ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {
            "kind": "request",
            "series": self.series,
            "method": self.method,
            "origin": self.origin,
            "path": self.path.to_json(),
            "headers": [[name, value.to_json()] for name, value in self.headers],
            "body": None if self.body is None else self.body.to_json(),
            "timeout_ns": self.timeout_ns,
            "expect_status": [list(bounds) for bounds in self.expect_status],
            "saves": [asdict(save) for save in self.saves],
        }


@dataclass(frozen=True, slots=True)
class Think:
    """Waits, uniformly between two bounds."""

    min_ns: int
    max_ns: int

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "think", "min_ns": self.min_ns, "max_ns": self.max_ns}


Step = Request | Think


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence of steps; `weight` is its relative frequency."""

    name: str
    weight: float
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"name": self.name, "weight": self.weight, "steps": [step.to_json() for step in self.steps]}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the load: open (`rate`, arrivals per second) or closed (`users`), ramping from `start` to `end`."""

    kind: Literal["rate", "users"]
    start: float
    end: float
    duration_ns: int

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form, where `start` and `end` are `from` and `to`."""
        return {"kind": self.kind, "from": self.start, "to": self.end, "duration_ns": self.duration_ns}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme ("http" or "https"), host (IPv6 without brackets) and port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """How HTTP is spoken; see the Rust twin for the meaning of each field."""

    connections: Literal["reuse", "per_user", "per_request"] = "reuse"
    connect_timeout_ns: int = 10_000_000_000
    max_head_bytes: int = 65_536
    max_body_bytes: int = 64 * 1024 * 1024
    insecure: bool = False
    ca_file: str | None = None
    resumption: Literal["none", "per_user", "shared"] = "per_user"


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. Immutable; `to_json` is the only thing that an engine gets."""

    name: str
    seed: int
    arrivals: Literal["uniform", "poisson"]
    load: tuple[Stage, ...]
    flows: tuple[Flow, ...]
    series: tuple[tuple[str, str], ...]
    """(name, kind) of each series."""
    variables: tuple[str, ...]
    origins: tuple[Origin, ...]
    http: HttpPolicy = field(default_factory=HttpPolicy)
    max_in_flight: int = 10_000
    grace_ns: int = 30_000_000_000
    allow: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()

    @property
    def duration_ns(self) -> int:
        """Length of the load, draining excluded."""
        return sum(stage.duration_ns for stage in self.load)

    @property
    def is_open(self) -> bool:
        """Whether any stage asks for a rate."""
        return any(stage.kind == "rate" for stage in self.load)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form as an object: docs/reference/plan.md."""
        return {
            "version": PLAN_VERSION,
            "name": self.name,
            "seed": self.seed,
            "arrivals": self.arrivals,
            "load": [stage.to_json() for stage in self.load],
            "max_in_flight": self.max_in_flight,
            "grace_ns": self.grace_ns,
            "flows": [flow.to_json() for flow in self.flows],
            "series": [{"name": name, "kind": kind} for name, kind in self.series],
            "variables": list(self.variables),
            "origins": [asdict(origin) for origin in self.origins],
            "http": asdict(self.http),
            "allow": list(self.allow),
            "thresholds": list(self.thresholds),
        }

    def to_json(self) -> str:
        """The JSON form as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False)
