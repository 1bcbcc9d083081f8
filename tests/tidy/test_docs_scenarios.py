"""What the documentation shows as a file is one: scenarios pass `kilobar check`, the plan is the one of the example."""

import json
from pathlib import Path

import pytest

from kilobar.scenario import check_text

from .pages import ROOT, Block, blocks

SCENARIOS = blocks("yaml")
FILES = ("ca.pem", "accounts.csv")
"""What the scenarios in the documentation take for granted."""


@pytest.mark.parametrize("block", SCENARIOS, ids=str)
def test_every_scenario_in_the_documentation_is_accepted_without_a_diagnostic(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        Path(name).write_text("user,password\nann,secret\n", encoding="utf-8")
    checked = check_text(block.text.encode(), block.page.name, {})
    assert [str(diagnostic) for diagnostic in checked.diagnostics] == []


def test_there_are_scenarios_in_the_documentation() -> None:
    assert len(SCENARIOS) > 5


def test_the_plan_that_the_documentation_shows_is_that_of_the_first_example() -> None:
    (shown,) = [block for block in blocks("json") if block.page.name == "plan.md"]
    assert json.loads(shown.text) == json.loads((ROOT / "tests/golden/plans/first.json").read_text())
