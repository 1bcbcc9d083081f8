"""What comes out of whole files. KILOBAR_BLESS=1 accepts a change."""

import os
from pathlib import Path

import pytest

from kilobar.importers import import_file
from kilobar.importers.formats import FORMATS
from kilobar.scenario.document import from_yaml

FOLDER = Path(__file__).parents[2] / "golden" / "imports"
GOLDEN = ".golden.yaml"
SOURCES = sorted(path for name in FORMATS for path in (FOLDER / name).glob("*") if not path.name.endswith(GOLDEN))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_is_recognised_and_imported_as_always(path: Path) -> None:
    imported = import_file(path)
    assert imported.format == path.parent.name
    text = imported.to_yaml(path.name)
    golden = path.with_name(f"{path.name}{GOLDEN}")
    if os.environ.get("KILOBAR_BLESS"):
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_the_yaml_of_an_import_holds_the_whole_document(path: Path) -> None:
    imported = import_file(path)
    assert from_yaml(imported.to_yaml(path.name)) == imported.scenario


def test_there_are_files() -> None:
    assert len(SOURCES) >= 5
