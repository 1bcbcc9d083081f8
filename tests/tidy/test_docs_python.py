"""Python in the documentation runs, and what it makes is a scenario."""

import re
from pathlib import Path

import pytest

from kilobar.scenario import Scenario

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs/guide/scenarios-in-python.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_of_a_page_makes_a_scenario_that_can_be_run(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    exec(compile(code, str(page), "exec"), names)
    scenario = names["scenario"]
    assert isinstance(scenario, Scenario)
    printed = capsys.readouterr().out
    assert Scenario.from_yaml(printed) == scenario
    assert scenario.check({}).diagnostics == ()
