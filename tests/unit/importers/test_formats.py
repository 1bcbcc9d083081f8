from pathlib import Path

import pytest

from kilobar.importers.formats import FORMATS, format_of


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_module_that_offers_what_is_needed(name: str) -> None:
    module = format_of(name)
    assert callable(module.recognises)
    assert callable(module.convert)


def test_every_format_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs/guide/import.md").read_text()
    assert [name for name in FORMATS if f"`{name}`" not in page] == []
