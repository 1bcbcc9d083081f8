"""Lowers what users do: setup, flows with what comes before and after them, teardown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kilobar.errors import Place
from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.context import Context
from kilobar.scenario.scope import steps_in
from kilobar.scenario.steps import Steps


class Lowered(NamedTuple):
    """All steps of a scenario."""

    setup: tuple[plan.Step, ...]
    flows: tuple[plan.Flow, ...]
    teardown: tuple[plan.Step, ...]


def lower_flows(context: Context) -> Lowered:
    """All steps; values pass from `setup` to everything, from `before` to its flow, and else only forward."""
    scenario, scope = context.scenario, context.scope
    flows = scenario.flows
    if scenario.steps is not None:
        flows = (tree.Flow(scenario.place, scenario.steps, scenario.name), *flows)
    for part in (scenario.setup, scenario.teardown, *(part for flow in flows for part in _parts(flow))):
        scope.learn(part)
    lowering = Steps(context)

    def lower(steps: tuple[tree.Step, ...], has_row: bool = True) -> tuple[plan.Step, ...]:
        scope.enter(steps)
        scope.has_row = has_row
        lowered = lowering.lower(steps)
        scope.ended = False
        return lowered

    setup = lower(scenario.setup, has_row=False)
    after_setup = scope.state()
    names: dict[str, Place] = {}
    lowered = []
    for number, flow in enumerate(flows, start=1):
        name = flow.name.text().strip() if flow.name else f"flow {number}"
        _check_flow(name, flow, names, context)
        scope.restore(after_setup)
        before = lower(flow.before)
        after_before = scope.state()
        steps = lower(flow.steps)
        scope.restore(after_before)
        lowered.append(plan.Flow(name, flow.weight, steps, before, lower(flow.after)))
    if flows and all(flow.weight == 0 for flow in flows):
        hint = "give at least one flow a weight above 0"
        context.findings.error("no-request", "all flows have weight 0", flows[0].place, hint)
    scope.restore(after_setup)
    return Lowered(setup, tuple(lowered), lower(scenario.teardown, has_row=False))


def _parts(flow: tree.Flow) -> tuple[tuple[tree.Step, ...], ...]:
    return (flow.before, flow.steps, flow.after)


def _check_flow(name: str, flow: tree.Flow, names: dict[str, Place], context: Context) -> None:
    place = flow.name.place if flow.name else flow.place
    if name in names:
        hint = f"it was first used at line {names[name].line}"
        context.findings.error("duplicate-name", f"a second flow is named `{name}`", place, hint)
    names.setdefault(name, place)
    if flow.steps and not _sends(flow.steps):
        message = f"the flow `{name}` sends no request"
        context.findings.error("no-request", message, place, "add a step such as `get: /`")


def _sends(steps: Iterable[tree.Step]) -> bool:
    """Whether there is any request; a file that could not be read may hold one."""
    return any(
        isinstance(step, tree.RequestStep)
        or (isinstance(step, tree.IncludeStep) and step.include is None)
        or any(_sends(inner) for inner in steps_in(step))
        for step in steps
    )
