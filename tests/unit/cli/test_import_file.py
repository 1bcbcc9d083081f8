"""What `kilobar import` writes, says and returns."""

from pathlib import Path

import pytest

from kilobar.cli import import_file
from kilobar.cli.main import execute


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "requests.sh"
    path.write_text("curl --unheard -H 'accept: a/b' http://127.0.0.1:8700/items\n")
    return path


def test_the_scenario_is_printed_and_what_was_left_out_goes_to_standard_error(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["import", str(source)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("# Imported from requests.sh (curl).\n# Not carried over as it was:\n# - line 1.--unheard: ")
    assert out.endswith("  - get: /items\n    headers: {accept: a/b}\nload:\n  - {users: 1, for: 30s}\n")
    assert err.splitlines()[:2] == [f"{source} (curl)", "not carried over as it was:"]
    assert "  line 1.--unheard: this option has no meaning here; left out" in err.splitlines()


def test_the_scenario_is_written_and_passes_the_check(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = source.with_name("scenario.yaml")
    assert execute(["import", str(source), "-o", str(output)]) == 0
    assert capsys.readouterr().out == ""
    assert execute(["check", str(output)]) == 0


def test_what_is_wrong_with_the_result_is_said(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source.write_text("curl http://127.0.0.1:99999/\n")
    assert execute(["import", str(source)]) == 2
    assert "error[bad-url]" in capsys.readouterr().err


def test_a_very_large_result_is_not_checked_at_once(
    source: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_file, "_CHECKED_CHARACTERS", 10)
    output = source.with_name("scenario.yaml")
    assert execute(["import", str(source), "-o", str(output)]) == 0
    assert f"not checked yet: kilobar check {output}" in capsys.readouterr().err


def test_a_malformed_file_is_a_diagnostic_with_its_position(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source.write_text('{"a": }')
    assert execute(["import", str(source)]) == 2
    assert capsys.readouterr().err.startswith(f"{source}:1:7: error[import-syntax]: this is not JSON")


def test_the_format_can_be_told(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["import", "--format", "hazard", str(source)]) == 2
    assert "this is not JSON" in capsys.readouterr().err


def test_a_source_is_never_replaced_by_its_scenario(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = source.read_text()
    assert execute(["import", str(source), "-o", str(source)]) == 2
    assert source.read_text() == before
    assert "error[output]" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["import", str(source), "-o", str(source.parent / "no" / "out.yaml")]) == 2
    assert "there is no folder" in capsys.readouterr().err
