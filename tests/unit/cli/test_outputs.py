"""Which files a run writes: refused before it starts, or written all."""

import json
from pathlib import Path

import pytest

from kilobar.cli.outputs import Outputs
from kilobar.errors import InputError, OutputError

from .summaries import a_summary


def test_without_options_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = Outputs.of([], [], [])
    outputs.write(a_summary())
    assert outputs == Outputs(None, None, None)
    assert capsys.readouterr().out == ""


def test_each_kind_is_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / name for name in ("a.json", "b.html", "c.xml")]
    Outputs.of(*[[file] for file in files]).write(a_summary())
    assert capsys.readouterr().out == "".join(f"report: {file}\n" for file in files)
    assert json.loads(files[0].read_text())["verdict"]["outcome"] == "passed"
    assert "<html" in files[1].read_text()
    assert "<testsuite" in files[2].read_text()


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_two_of_a_kind_are_refused(tmp_path: Path, kind: int) -> None:
    kinds: list[list[Path]] = [[], [], []]
    kinds[kind] = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(InputError, match="is given 2 times") as caught:
        Outputs.of(*kinds)
    assert caught.value.code == "output"


def test_two_names_of_one_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "report")
    with pytest.raises(InputError, match="same file"):
        Outputs.of([tmp_path / "report"], [tmp_path / "link"], [])


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder") as caught:
        Outputs.of([tmp_path / "missing" / "a.json"], [], [])
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_a_folder_is_refused_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        Outputs.of([], [tmp_path], [])


def test_a_report_that_cannot_be_written_does_not_cost_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "a.json", tmp_path / "c.xml"
    outputs = Outputs.of([first], [], [second])
    first.mkdir()  # after it was looked at: the disk is not ours alone
    with pytest.raises(OutputError, match="1 of the reports could not be written"):
        outputs.write(a_summary())
    out, err = capsys.readouterr()
    assert out == f"report: {second}\n"
    assert str(first) in err
    assert "error[cannot-write]" in err
    assert second.exists()
