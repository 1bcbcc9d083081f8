from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from kilobar.scenario.schema import SCHEMA_FILE, json_schema, schema_text

from .checking import EXAMPLES, ROOT
from .test_check import BAD

VALIDATOR = jsonschema.Draft202012Validator(json_schema())

REFUSED_BY_SHAPE = {
    "unknown-key", "missing-key", "conflicting-keys", "wrong-type", "empty-list", "bad-rate", "bad-size", "bad-status",
}  # fmt: skip


def test_the_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_schema_accepts_every_example(path: Path) -> None:
    errors = [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))]
    assert errors == []


@pytest.mark.parametrize(
    "bad", [row for row in BAD if row.values[0].code in REFUSED_BY_SHAPE], ids=lambda bad: bad.code
)
def test_the_schema_refuses_what_has_the_wrong_shape(bad: object) -> None:
    text = bad.text  # type: ignore[attr-defined]
    # What a schema does not say: zero, the largest rate, the largest number of a status.
    if text.startswith(("load: {rate: 10000001", "limits: {body: 0")) or "999" in text:
        return
    assert not VALIDATOR.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("path", [SCHEMA_FILE, ROOT / "docs/reference/scenario.schema.json"], ids=["package", "docs"])
def test_the_committed_schema_is_up_to_date(path: Path) -> None:
    from .checking import compare_or_bless

    compare_or_bless(path, schema_text())
    assert json.loads(path.read_text(encoding="utf-8")) == json_schema()
