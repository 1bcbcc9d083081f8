"""Every example is a scenario that runs as it stands, here for a moment and against our own target."""

from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import kilobar

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
MOMENT = ("--rate", "30/s", "--for", "600ms")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_checked_and_runs_without_a_failure(
    target: TargetProcess, json_file: Path, example: Path
) -> None:
    checked = kilobar("check", example)
    assert checked.exit_code == 0
    assert checked.stderr == "", "an example gives no warning"
    env = {"TARGET_URL": target.url, "SHOP_URL": target.url}
    done = kilobar("run", example, *MOMENT, "--json", json_file, env=env)
    # Its thresholds are for a machine that has nothing else to do.
    assert done.exit_code in (0, 1, 3), done.stderr
    assert done.errors == {}
    assert done.ledger["ok"] == done.ledger["planned"] > 0


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5
