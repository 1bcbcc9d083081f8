"""Python functions are found, and what is wrong with them said, before anything is sent."""

from pathlib import Path

import pytest

from kilobar.scenario.check import check_text
from kilobar.scenario.python_functions import problem_of

MODULE = """
import asyncio

NUMBER = 7

def sign(text, key="k"):
    return text + key

async def later():
    return 1
"""


@pytest.fixture
def directory(tmp_path: Path) -> str:
    (tmp_path / "signing_of_a_test.py").write_text(MODULE)
    (tmp_path / "broken_of_a_test.py").write_text("import sys\nsys.exit('no')\n")
    return str(tmp_path)


def test_a_function_beside_the_scenario_can_be_called(directory: str) -> None:
    assert problem_of(directory, "signing_of_a_test.sign", 1) is None
    assert problem_of(directory, "json.dumps", 1) is None


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("nowhere_at_all.f", 0, "there is no module `nowhere_at_all`"),
        ("signing_of_a_test.sing", 1, "the module `signing_of_a_test` has no `sing`"),
        ("signing_of_a_test.NUMBER", 0, "it is no function but int"),
        ("signing_of_a_test.later", 0, "it is an async function"),
        ("signing_of_a_test.sign", 3, "too many positional arguments (it gets 3)"),
        ("broken_of_a_test.f", 0, "importing `broken_of_a_test` raised SystemExit: no"),
    ],
)
def test_what_is_wrong_with_a_function_is_said(directory: str, name: str, arguments: int, problem: str) -> None:
    assert problem in (problem_of(directory, name, arguments) or "")


def test_a_scenario_says_where_a_function_that_does_not_exist_is_called(directory: str) -> None:
    text = b"target: http://127.0.0.1:1\nsteps:\n  - get: /${py.signing_of_a_test.sing('x')}\n"
    checked = check_text(text, f"{directory}/s.yaml", {})
    (error,) = [found for found in checked.diagnostics if found.code == "bad-function"]
    assert (error.place.line, error.place.column) == (3, 11)
    assert error.message == ("`signing_of_a_test.sing` cannot be called: the module `signing_of_a_test` has no `sing`")


def test_the_plan_calls_the_function_before_the_step_that_uses_it(directory: str) -> None:
    text = b"target: http://127.0.0.1:1\nsteps:\n  - get: /${py.signing_of_a_test.sign('x')}\n"
    plan = check_text(text, f"{directory}/s.yaml", {}).require()
    call, request = plan.to_dict()["flows"][0]["steps"]
    assert (call["kind"], call["function"], call["arguments"]) == ("python", "signing_of_a_test.sign", ["x"])
    assert plan.series[call["series"]] == ("py.signing_of_a_test.sign", "python")
    assert request["path"][-1]["hole"]["value"] == {"variable": call["variable"]}
    assert plan.to_dict()["python_path"] == directory
    assert plan.calls_python
