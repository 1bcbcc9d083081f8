"""Whether the iterations that a rate needs at the same time are allowed to be in flight."""

from __future__ import annotations

from collections.abc import Iterable

from kilobar.model import plan
from kilobar.model.units import format_duration, format_rate
from kilobar.scenario import tree
from kilobar.scenario.findings import Findings


def warn_out_of_reach(
    stages: tuple[tree.Stage, ...], flows: tuple[plan.Flow, ...], max_in_flight: int, findings: Findings
) -> None:
    """Warns when waiting alone keeps more iterations in flight than `max_in_flight`, however fast the target is."""
    weight = sum(flow.weight for flow in flows)
    if weight <= 0:
        return
    wait_ns = round(sum(flow.weight * waiting_ns(flow.steps) for flow in flows) / weight)
    for stage in stages:
        if not isinstance(stage, tree.RateStage):
            continue
        peak = max(stage.rate)
        # In a stage that is shorter than an iteration, none of its iterations has ended before the stage does.
        in_flight = round(peak * min(wait_ns, stage.duration_ns) / 1e9)
        if in_flight > max_in_flight:
            message = (
                f"{format_rate(peak)} with iterations that wait {format_duration(wait_ns)} need {in_flight:,} "
                f"iterations in flight, but `max_in_flight` is {max_in_flight:,}: arrivals will be dropped"
            )
            hint = f"set `max_in_flight: {in_flight * 2}`, wait less or ask for a lower rate"
            findings.warning("load-out-of-reach", message, stage.place, hint)
            return


def waiting_ns(steps: Iterable[plan.Step]) -> float:
    """How long an iteration waits on average, at least: what may be left out counts as nothing."""
    waited = 0.0
    for step in steps:
        match step:
            case plan.Think(low, high):
                waited += (low + high) / 2
            case plan.ExponentialThink(mean_ns, max_ns):
                waited += min(mean_ns, max_ns / 2)
            case plan.Pacing(period_ns):
                waited = max(waited, float(period_ns))
            case plan.Group(steps=inner):
                waited += waiting_ns(inner)
            case plan.Repeat(times=times, steps=inner):
                text = times.to_json()
                waited += int(text) * waiting_ns(inner) if isinstance(text, str) else 0
            case plan.If(then=then, otherwise=otherwise):
                waited += min(waiting_ns(then), waiting_ns(otherwise))
            case plan.Parallel(branches=branches):
                waited += max((waiting_ns(branch) for branch in branches), default=0)
    return waited
