"""Loads that cannot be reached because iterations wait too long."""

from __future__ import annotations

import pytest

from kilobar.model import plan
from kilobar.scenario.reach import waiting_ns

from .checking import check, codes

S = 1_000_000_000


def found(steps: str, load: str = "{rate: 1000/s, for: 1h}", limit: int = 10_000) -> list[str]:
    return codes(check(f"target: http://h\nload: {load}\nmax_in_flight: {limit}\nsteps: [{{get: /}}, {steps}]"))


def test_the_rate_times_the_waiting_must_fit() -> None:
    assert found("{think: 9s}") == []
    assert found("{think: 11s}") == ["load-out-of-reach"]
    assert found("{think: {pacing: 11s}}") == ["load-out-of-reach"]
    assert found("{think: 11s}", "{rate: 1000/s, for: 9s}") == []
    assert found("{think: 11s}", "{users: 20000, for: 1h}") == []


def test_the_arithmetic_is_told() -> None:
    checked = check("target: http://h\nload: {rate: 100/s, for: 1h}\nmax_in_flight: 50\nsteps: [{get: /}, {think: 2s}]")
    (told,) = checked.diagnostics
    assert "100/s with iterations that wait 2s need 200 iterations in flight" in told.message
    assert told.severity == "warning"
    assert checked.ok


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [
        ((plan.Think(0, 2 * S),), 1.0),
        ((plan.ExponentialThink(S, 10 * S),), 1.0),
        ((plan.Think(S, S), plan.Pacing(5 * S)), 5.0),
        ((plan.Repeat(plan.Template.fixed("3"), None, (plan.Think(S, S),)),), 3.0),
        ((plan.Repeat(plan.Template((plan.Hole(plan.Variable(0)),)), None, (plan.Think(S, S),)),), 0.0),
        ((plan.Group(0, (plan.Think(S, S),)),), 1.0),
        ((plan.If(plan.IsSet(0), (plan.Think(S, S),), ()),), 0.0),
        ((plan.Parallel(6, ((plan.Think(S, S),), (plan.Think(2 * S, 2 * S),))),), 2.0),
    ],
)
def test_what_may_be_left_out_counts_as_nothing(steps: tuple[plan.Step, ...], seconds: float) -> None:
    assert waiting_ns(steps) == pytest.approx(seconds * S)
