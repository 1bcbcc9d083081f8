"""The plan of each example, as a golden file that the engine's tests share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kilobar.scenario import load
from kilobar.scenario.grammar import Record
from kilobar.scenario.language import records

from .checking import ENGINE, EXAMPLES, ROOT, compare_or_bless

PLANS = ROOT / "tests/golden/plans"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_plan_of_an_example_is_the_golden_one(path: Path) -> None:
    checked = load(path, {}, engine=ENGINE)
    assert checked.diagnostics == ()
    text = json.dumps(checked.require().to_dict(), indent=2, ensure_ascii=False) + "\n"
    # Files have absolute paths in a plan; those of the golden one are the same on all machines.
    compare_or_bless(PLANS / f"{path.stem}.json", text.replace(str(ROOT), "/kilobar"))


def test_every_golden_plan_has_its_example() -> None:
    assert {path.stem for path in PLANS.glob("*.json")} == {path.stem for path in EXAMPLES}


def test_the_examples_that_the_language_names_exist_and_use_every_construct() -> None:
    named = {record.example for record in records().values() if isinstance(record, Record) and record.example}
    assert named <= {path.stem for path in EXAMPLES}
    steps = records()["step"]
    assert all(record.example for record in getattr(steps, "records", ()))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_engine_accepts_the_plan_of_an_example(path: Path) -> None:
    pytest.importorskip("kilobar._native", reason="the native module is not built")
    assert load(path, {}).ok
