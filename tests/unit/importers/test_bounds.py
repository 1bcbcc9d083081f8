import pytest

from kilobar.importers import Notes, bounds
from kilobar.importers.bounds import all_steps, cut_steps, inner_lists, sends_something
from kilobar.model.scenario import Flow, Group, If, Parallel, Request, Scenario, Step, Think


def get(url: str) -> Request:
    return Request(method="GET", url=url)


def test_every_step_is_found_in_order() -> None:
    scenario = Scenario(
        setup=[get("1")],
        flows=[Flow(before=[get("2")], steps=[Group(group="g", steps=[get("3")])], after=[get("5")])],
        teardown=[If(if_="x", then=[get("6")], else_=[Parallel(parallel=[get("7")])])],
    )
    scenario.flows[0].steps.append(get("4"))
    assert [step.url for step in all_steps(scenario) if isinstance(step, Request)] == list("1234567")
    assert sends_something(scenario)
    assert not sends_something(Scenario(steps=[Think(think="1s")]))


def test_steps_over_the_limit_are_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_STEPS", 4)
    group: Step = Group(group="g", steps=[get("2"), get("3"), get("4"), get("5")])
    scenario = Scenario(flows=[Flow(steps=[get("1"), group]), Flow(steps=[get("6")])])
    notes = Notes()
    cut_steps(scenario, notes)
    assert len(list(all_steps(scenario))) == 4
    assert [len(steps) for steps in inner_lists(group)] == [2]
    assert len(scenario.flows) == 1
    assert [note.message for note in notes.all()] == [
        "3 steps are left out: a scenario has at most 4; split the source"
    ]
