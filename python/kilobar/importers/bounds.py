"""How many steps an imported scenario has at most; what is more is cut, and said."""

from __future__ import annotations

from collections.abc import Iterator

from kilobar.importers.outcome import Notes
from kilobar.model.scenario import ForEach, Group, If, Parallel, Repeat, Request, Scenario, Step, While

MAX_STEPS = 10_000


def cut_steps(scenario: Scenario, notes: Notes) -> None:
    """Keeps the first MAX_STEPS steps of the whole scenario."""
    cut = _Cut()
    for steps in _lists_of(scenario):
        cut.apply(steps)
    if cut.left_out:
        notes.add(f"{cut.left_out} steps are left out: a scenario has at most {MAX_STEPS:,}; split the source")
        scenario.flows = [flow for flow in scenario.flows if flow.steps]


def sends_something(scenario: Scenario) -> bool:
    """Whether there is any request."""
    return any(isinstance(step, Request) for step in all_steps(scenario))


def all_steps(scenario: Scenario) -> Iterator[Step]:
    """Every step, those inside steps included, in order."""
    for steps in _lists_of(scenario):
        yield from _below(steps)


def _below(steps: list[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        for inner in inner_lists(step):
            yield from _below(inner)


def inner_lists(step: Step) -> list[list[Step]]:
    """The lists of steps inside a step."""
    match step:
        case If():
            return [step.then, step.else_]
        case Parallel():
            return [step.parallel]
        case Repeat() | While() | ForEach() | Group():
            return [step.steps]
    return []


def _lists_of(scenario: Scenario) -> Iterator[list[Step]]:
    yield scenario.setup
    yield scenario.steps
    for flow in scenario.flows:
        yield from (flow.before, flow.steps, flow.after)
    yield scenario.teardown


class _Cut:
    def __init__(self) -> None:
        self.left = MAX_STEPS
        self.left_out = 0

    def apply(self, steps: list[Step]) -> None:
        kept: list[Step] = []
        for step in steps:
            if self.left <= 0:
                self.left_out += 1
                continue
            self.left -= 1
            inner = inner_lists(step)
            for steps_inside in inner:
                self.apply(steps_inside)
            if not inner or any(inner):
                kept.append(step)
        steps[:] = kept
