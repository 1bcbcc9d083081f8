import subprocess
import sys

import pytest

import kilobar.scenario
from kilobar.errors import ScenarioError
from kilobar.scenario import (
    Check,
    Flow,
    Rate,
    Save,
    Scenario,
    Think,
    ThinkLaw,
    delete,
    get,
    head,
    options,
    pacing,
    patch,
    post,
    put,
    request,
    think,
    think_exponential,
)


def shop() -> Scenario:
    return Scenario(
        target="http://127.0.0.1:8700",
        flows=[
            Flow(
                name="buy",
                steps=[
                    get("/items", check=Check(status=200), save={"id": Save(json="$[0].id")}),
                    think("200ms..800ms"),
                    post("/orders", json={"item": "${id}"}),
                ],
            )
        ],
        load=[Rate(rate="100/s", for_="30s")],
    )


def test_a_scenario_in_python_is_the_same_as_in_yaml() -> None:
    text = shop().to_yaml(["the shop"])
    assert text.startswith("# the shop\ntarget: http://127.0.0.1:8700\n")
    again = Scenario.from_yaml(text)
    assert isinstance(again, Scenario)
    assert again == shop()


def test_a_scenario_is_checked_without_a_file() -> None:
    assert Scenario(target="http://127.0.0.1:1", steps=[get("/")]).check({}).ok
    with pytest.raises(ScenarioError, match="no-target"):
        Scenario(steps=[get("/")]).check({}).require()


def test_every_method_has_a_function() -> None:
    steps = [get("/"), post("/"), put("/"), patch("/"), delete("/"), head("/"), options("/"), request("purge", "/")]
    assert [step.method for step in steps] == ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE"]


def test_the_laws_of_waiting() -> None:
    assert think_exponential("1s", "5s") == Think(think=ThinkLaw(exponential="1s", max="5s"))
    assert pacing("2s") == Think(think=ThinkLaw(pacing="2s"))


def test_every_name_that_is_offered_is_there() -> None:
    assert [name for name in kilobar.scenario.__all__ if not hasattr(kilobar.scenario, name)] == []
    assert not hasattr(kilobar.scenario, "nothing")


def test_checking_a_file_does_not_pay_for_the_builder() -> None:
    code = "import sys, kilobar.scenario; print('kilobar.model.scenario' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
