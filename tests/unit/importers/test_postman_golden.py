"""A whole collection. KILOBAR_BLESS=1 accepts a change."""

import os
from pathlib import Path

from kilobar.importers import import_file

SOURCE = Path(__file__).parents[2] / "golden" / "imports" / "postman" / "shop.postman_collection.json"


def test_a_collection_is_imported_as_always() -> None:
    golden = SOURCE.with_name(f"{SOURCE.name}.golden.yaml")
    imported = import_file(SOURCE)
    assert imported.format == "postman"
    text = imported.to_yaml(SOURCE.name)
    if os.environ.get("KILOBAR_BLESS"):
        golden.write_text(text)
    assert text == golden.read_text()
