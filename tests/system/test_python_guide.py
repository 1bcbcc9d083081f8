"""What the guide to users in Python shows as code is code: each block is checked and pressed as it stands."""

import re
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import kilobar

PAGE = Path(__file__).parents[2] / "docs/guide/python-users.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def name(block: str) -> str:
    """The class that a block is about."""
    found = re.search(r"^class (\w+)", block, re.MULTILINE)
    assert found, block
    return found[1].lower()


@pytest.mark.parametrize("block", BLOCKS, ids=name)
def test_a_block_of_the_guide_runs_without_a_failure(
    target: TargetProcess, json_file: Path, tmp_path: Path, block: str
) -> None:
    file = tmp_path / f"{name(block)}.py"
    file.write_text(block, encoding="utf-8")
    (tmp_path / "users.csv").write_text("user,password\nann,secret\nbob,secret\n", encoding="utf-8")
    env = {"TARGET_URL": target.url}
    done = kilobar("run", file, "--rate", "40/s", "--for", "500ms", "--workers", "1", "--json", json_file, env=env)
    done.must_end_with(0)
    assert done.stderr == "", "the guide gives no warning"
    assert done.errors == {}, done.summary["samples"]
    assert done.ledger["ok"] == done.ledger["planned"] > 0


def test_there_are_blocks_in_the_guide() -> None:
    assert len(BLOCKS) >= 5
