"""Lowers the load: stages that can be reached, and one law of arrivals."""

from __future__ import annotations

from typing import Literal

from kilobar.model import plan
from kilobar.model.units import format_duration
from kilobar.scenario import tree
from kilobar.scenario.findings import Findings

MAX_LOAD_NS = 10 * 365 * 86_400_000_000_000


def lower_load(
    scenario: tree.Scenario, default: tree.UsersStage, findings: Findings
) -> tuple[tuple[plan.Stage, ...], Literal["uniform", "poisson"]]:
    """Stages and law of arrivals; what is impossible is among the findings."""
    stages = scenario.load
    if stages is None:
        if "load" not in scenario.unreadable:
            hint = "add for example `load: {rate: 10/s, for: 30s}`"
            duration = format_duration(default.duration_ns)
            message = f"the scenario has no load: {default.users[1]} user for {duration} is used"
            findings.warning("no-load", message, scenario.place, hint)
        stages = (default,)
    lowered = tuple(_lower_stage(stage) for stage in stages)
    if lowered:
        _check_possible(lowered, stages, findings)
    return lowered, _law(scenario, stages, findings)


def _lower_stage(stage: tree.Stage) -> plan.Stage:
    if isinstance(stage, tree.RateStage):
        return plan.Stage("rate", stage.rate[0], stage.rate[1], stage.duration_ns)
    return plan.Stage("users", float(stage.users[0]), float(stage.users[1]), stage.duration_ns)


def _check_possible(lowered: tuple[plan.Stage, ...], stages: tuple[tree.Stage, ...], findings: Findings) -> None:
    place = stages[0].place
    if sum(stage.duration_ns for stage in lowered) > MAX_LOAD_NS:
        findings.error("impossible-load", "the load is longer than ten years", place, "use shorter stages")
    if any(stage.kind == "users" and max(stage.start, stage.end) > 0 for stage in lowered):
        return
    arrivals = sum((stage.start + stage.end) / 2 * stage.duration_ns / 1e9 for stage in lowered if stage.kind == "rate")
    # Sums of binary fractions: 0.1/s for 10s must count as one arrival.
    if arrivals < 1 - 1e-9:
        message = f"the load starts nothing: {arrivals:.3g} arrivals in all"
        findings.error("impossible-load", message, place, "use a higher rate, more users or a longer time")


def _law(scenario: tree.Scenario, stages: tuple[tree.Stage, ...], findings: Findings) -> Literal["uniform", "poisson"]:
    law = scenario.arrivals
    for stage in stages:
        if not isinstance(stage, tree.RateStage) or stage.arrivals is None:
            continue
        if law is not None and stage.arrivals != law:
            message = f"`arrivals: {stage.arrivals}` contradicts `{law}` given before"
            hint = "give `arrivals` once, at the top level"
            findings.error("impossible-load", message, stage.place, hint)
        law = law or stage.arrivals
    return law or "uniform"
