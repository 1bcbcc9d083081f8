import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kilobar.importers import ImportFailed, Notes, Options, import_bytes, import_file, importing
from kilobar.importers.source import MAX_BYTES
from kilobar.model.scenario import Request, Scenario


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A format whose conversion does what the test says."""

    def install(convert: Any) -> None:
        module = SimpleNamespace(recognises=lambda source: True, convert=convert)
        monkeypatch.setattr(importing, "format_of", lambda name: module)

    return install


def failure(data: bytes = b"x") -> ImportFailed:
    with pytest.raises(ImportFailed) as caught:
        import_bytes(data, "f.json", Path())
    return caught.value


def test_a_defect_becomes_a_diagnostic_that_names_the_place_in_the_source(broken: Any) -> None:
    def convert(source: Any, notes: Notes, options: Options) -> Scenario:
        with notes.at("item", 3), notes.at("url"):
            raise KeyError("host")

    broken(convert)
    failed = failure()
    assert failed.code == "import-failed"
    assert failed.message == "cannot convert `item[3].url`: KeyError: 'host'"


def test_nesting_that_is_too_deep_is_a_diagnostic(broken: Any) -> None:
    def convert(source: Any, notes: Notes, options: Options) -> Scenario:
        return convert(source, notes, options)

    broken(convert)
    assert failure().message == "cannot convert this file: it is nested too deeply"


def test_a_scenario_without_a_request_is_refused_with_what_was_left_out(broken: Any) -> None:
    def convert(source: Any, notes: Notes, options: Options) -> Scenario:
        notes.add("grpc is not supported", "item", 0)
        return Scenario()

    broken(convert)
    failed = failure()
    assert failed.message == "there is no request in it that can be sent"
    assert failed.hint == "item[0]: grpc is not supported"


def test_remarks_on_the_source_become_notes(broken: Any) -> None:
    def convert(source: Any, notes: Notes, options: Options) -> Scenario:
        source.remarks.append((7, "odd"))
        return Scenario(steps=[Request(method="GET", url="/")])

    broken(convert)
    assert [str(note) for note in import_bytes(b"", "f", Path()).notes] == ["line 7: odd"]


def test_a_file_of_no_known_format_is_said_and_a_malformed_one_with_its_position() -> None:
    assert failure(b"hello").code == "import-unknown"
    assert str(failure(b'{"a": }')).startswith("f.json:1:7: error[import-syntax]: this is not JSON")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ImportFailed, match="there is no format `soapui`"):
        import_bytes(b"", "f", Path(), Options(format="soapui"))


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.touch()
    os.truncate(path, MAX_BYTES + 1)
    with pytest.raises(ImportFailed, match="more than 64 MiB"):
        import_file(path)


@pytest.mark.parametrize("name", ["missing", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_a_diagnostic(name: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="cannot read it"):
        import_file(tmp_path / name)
