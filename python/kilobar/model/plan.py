"""The plan: scenario and load, fully resolved. The native engine sees its JSON form and nothing else.

The twin of `crates/core/src/plan.rs`; both share the golden files in `tests/golden/plans`. Its parts stand in modules
of their own (`data`, `http`, `request`, `steps`, `template`) and are all to be had from here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kilobar.model.code import Code, CodeClass
from kilobar.model.data import DataSet
from kilobar.model.http import HttpPolicy, Origin, Proxy
from kilobar.model.request import (
    Body,
    BodyPart,
    Check,
    CheckRule,
    ContainsRule,
    Extract,
    FileContent,
    Matcher,
    Ranges,
    RegexRule,
    Request,
    Save,
    SizeRule,
    StatusRule,
    TimeRule,
    ValueRule,
)
from kilobar.model.steps import (
    CodeStep,
    Exit,
    ExponentialThink,
    ForEach,
    Group,
    If,
    Pacing,
    Parallel,
    Python,
    Repeat,
    Set,
    Step,
    Think,
    While,
    steps_in,
    steps_to_json,
)
from kilobar.model.template import (
    AllOf,
    AnyOf,
    Call,
    Column,
    Compare,
    CompareOperator,
    Condition,
    Contains,
    Encode,
    Expr,
    Hole,
    IsSet,
    Join,
    Json,
    Matches,
    Member,
    Not,
    Part,
    Template,
    Text,
    Truthy,
    Variable,
)

__all__ = [
    "PLAN_VERSION",
    "AllOf",
    "AnyOf",
    "Body",
    "BodyPart",
    "Call",
    "Check",
    "CheckRule",
    "Code",
    "CodeClass",
    "CodeStep",
    "Column",
    "Compare",
    "CompareOperator",
    "Condition",
    "Contains",
    "ContainsRule",
    "DataSet",
    "Encode",
    "Exit",
    "ExponentialThink",
    "Expr",
    "Extract",
    "FileContent",
    "Flow",
    "ForEach",
    "Group",
    "Hole",
    "HttpPolicy",
    "If",
    "IsSet",
    "Join",
    "Json",
    "Matcher",
    "Matches",
    "Member",
    "Not",
    "Origin",
    "Pacing",
    "Parallel",
    "Part",
    "Plan",
    "Proxy",
    "Python",
    "Ranges",
    "RegexRule",
    "Repeat",
    "Request",
    "Save",
    "Set",
    "SizeRule",
    "Stage",
    "StatusRule",
    "Step",
    "Template",
    "Text",
    "Think",
    "TimeRule",
    "Truthy",
    "ValueRule",
    "Variable",
    "While",
]

PLAN_VERSION = 2


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence of steps; `weight` is its relative frequency."""

    name: str
    weight: float
    steps: tuple[Step, ...]
    before: tuple[Step, ...] = ()
    """Once per user, before its first iteration of this flow."""
    after: tuple[Step, ...] = ()
    """Once per user that executed `before`, when it leaves."""

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        form: dict[str, Any] = {"name": self.name, "weight": self.weight}
        if self.before:
            form["before"] = steps_to_json(self.before)
        form["steps"] = steps_to_json(self.steps)
        if self.after:
            form["after"] = steps_to_json(self.after)
        return form


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
    setup: tuple[Step, ...] = ()
    teardown: tuple[Step, ...] = ()
    checks: tuple[tuple[int, str], ...] = ()
    """(index of the series, name) of each check."""
    data: tuple[DataSet, ...] = ()
    target: int | None = None
    """Index of the origin of addresses without a host that are only known at run time."""
    python_path: str | None = None
    """Directory in which Python functions are looked for first."""
    code: Code | None = None
    """Users that Python executes; then each class of them has a flow of the same index."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that came from the environment, wherever they stand in the plan: no sample or message shows them."""

    @property
    def duration_ns(self) -> int:
        """Length of the load, draining excluded."""
        return sum(stage.duration_ns for stage in self.load)

    @property
    def is_open(self) -> bool:
        """Whether any stage asks for a rate."""
        return any(stage.kind == "rate" for stage in self.load)

    @property
    def calls_python(self) -> bool:
        """Whether any step calls a Python function."""
        return any(kind == "python" for _, kind in self.series)

    def all_steps(self) -> Iterator[Step]:
        """Every step, those in steps included, setup and teardown too."""
        yield from steps_in(self.setup)
        for flow in self.flows:
            yield from steps_in((*flow.before, *flow.steps, *flow.after))
        yield from steps_in(self.teardown)

    @property
    def unmeasured(self) -> frozenset[str]:
        """Names of series under which only `setup` and `teardown` would count, and those are not measured."""
        measured = {step.series for flow in self.flows for step in _counted((*flow.before, *flow.steps, *flow.after))}
        return frozenset(
            self.series[step.series][0]
            for step in _counted((*self.setup, *self.teardown))
            if step.series not in measured
        )

    @property
    def users_may_leave(self) -> bool:
        """Whether users may end by themselves: a step or their own code lets them, or rows that run out."""
        if self.code is not None:
            return True
        runs_out = any(data.when_exhausted == "stop" for data in self.data)
        return runs_out or any(isinstance(step, Exit) and step.what == "stop_user" for step in self.all_steps())

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
            "setup": steps_to_json(self.setup),
            "flows": [flow.to_json() for flow in self.flows],
            "teardown": steps_to_json(self.teardown),
            "series": [{"name": name, "kind": kind} for name, kind in self.series],
            "checks": [{"series": series, "name": name} for series, name in self.checks],
            "variables": list(self.variables),
            "data": [data_set.to_json() for data_set in self.data],
            "origins": [asdict(origin) for origin in self.origins],
            "http": asdict(self.http),
            **({} if self.target is None else {"target": self.target}),
            **({} if self.python_path is None else {"python_path": self.python_path}),
            **({} if self.code is None else {"code": self.code.to_json()}),
            "allow": list(self.allow),
            "thresholds": list(self.thresholds),
            **({"secrets": list(self.secrets)} if self.secrets else {}),
        }

    def to_json(self) -> str:
        """The JSON form as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


def _counted(steps: Iterable[Step]) -> Iterator[Request | Group | Python]:
    for step in steps_in(steps):
        if isinstance(step, Request | Group | Python):
            yield step
