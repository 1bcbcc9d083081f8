"""What an iteration of a plan does. The twin of `crates/core/src/plan/step.rs`, which says what each field means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from kilobar.model.request import Request
from kilobar.model.template import Condition, Template


@dataclass(frozen=True, slots=True)
class Think:
    """Waits, uniformly between two bounds."""

    min_ns: int
    max_ns: int

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "think", "how": {"uniform": {"min_ns": self.min_ns, "max_ns": self.max_ns}}}


@dataclass(frozen=True, slots=True)
class ExponentialThink:
    """Waits as between independent events; longer draws are cut."""

    mean_ns: int
    max_ns: int

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "think", "how": {"exponential": {"mean_ns": self.mean_ns, "max_ns": self.max_ns}}}


@dataclass(frozen=True, slots=True)
class Pacing:
    """Waits until so long after the start of the iteration."""

    period_ns: int

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "think", "how": {"pacing": {"period_ns": self.period_ns}}}


@dataclass(frozen=True, slots=True)
class Set:
    """Gives a variable a value."""

    variable: int
    value: Template

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "set", "variable": self.variable, "value": self.value.to_json()}


@dataclass(frozen=True, slots=True)
class Python:
    """Calls a Python function and keeps what it returns."""

    function: str
    arguments: tuple[Template, ...]
    variable: int
    series: int
    """Under which calls are counted."""

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        arguments = [argument.to_json() for argument in self.arguments]
        return {
            "kind": "python",
            "series": self.series,
            "function": self.function,
            "arguments": arguments,
            "variable": self.variable,
        }


@dataclass(frozen=True, slots=True)
class If:
    """Executes some steps or others."""

    condition: Condition
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {
            "kind": "if",
            "condition": self.condition.to_json(),
            "then": steps_to_json(self.then),
            "otherwise": steps_to_json(self.otherwise),
        }


@dataclass(frozen=True, slots=True)
class Repeat:
    """Executes steps several times."""

    times: Template
    variable: int | None
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {
            "kind": "repeat",
            "times": self.times.to_json(),
            "variable": self.variable,
            "steps": steps_to_json(self.steps),
        }


@dataclass(frozen=True, slots=True)
class While:
    """Executes steps as long as a condition holds."""

    condition: Condition
    max: int
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {
            "kind": "while",
            "condition": self.condition.to_json(),
            "max": self.max,
            "steps": steps_to_json(self.steps),
        }


@dataclass(frozen=True, slots=True)
class ForEach:
    """Executes steps once for each entry of a JSON array."""

    items: Template
    variable: int
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {
            "kind": "for_each",
            "items": self.items.to_json(),
            "variable": self.variable,
            "steps": steps_to_json(self.steps),
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Executes steps and counts them together."""

    series: int
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "group", "series": self.series, "steps": steps_to_json(self.steps)}


@dataclass(frozen=True, slots=True)
class Parallel:
    """Executes branches at the same time."""

    max: int
    branches: tuple[tuple[Step, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "parallel", "max": self.max, "branches": [steps_to_json(branch) for branch in self.branches]}


@dataclass(frozen=True, slots=True)
class Exit:
    """Ends the iteration, the user or the run."""

    what: Literal["fail", "stop_user", "stop_run"]
    message: Template

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "exit", "what": self.what, "message": self.message.to_json()}


@dataclass(frozen=True, slots=True)
class CodeStep:
    """Lets a user that Python executes take a turn, and waits for its end."""

    class_: int
    """Index of its class in the plan's `code`."""
    act: Literal["start", "press", "stop"]

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"kind": "code", "class": self.class_, "act": self.act}


Step: TypeAlias = (
    Request
    | Think
    | ExponentialThink
    | Pacing
    | Set
    | Python
    | If
    | Repeat
    | While
    | ForEach
    | Group
    | Parallel
    | Exit
    | CodeStep
)


def steps_in(steps: Iterable[Step]) -> Iterator[Step]:
    """These steps and the steps in them, in order."""
    for step in steps:
        yield step
        match step:
            case If(then=then, otherwise=otherwise):
                yield from steps_in((*then, *otherwise))
            case Repeat(steps=inner) | While(steps=inner) | ForEach(steps=inner) | Group(steps=inner):
                yield from steps_in(inner)
            case Parallel(branches=branches):
                for branch in branches:
                    yield from steps_in(branch)


def steps_to_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """A list of steps in the plan's JSON form."""
    return [step.to_json() for step in steps]
