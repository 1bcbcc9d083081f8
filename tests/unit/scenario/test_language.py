"""The tables are sound: every documented key can be read with its documented example."""

from __future__ import annotations

from pathlib import Path

import pytest

from kilobar.scenario.findings import Findings
from kilobar.scenario.grammar import Field, Record, Variants
from kilobar.scenario.language import records
from kilobar.scenario.parse import INVALID, Reader
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.yaml_nodes import read_yaml

RECORDS = [record for record in records().values() if isinstance(record, Record)]
FIELDS = [
    pytest.param(record, field, id=f"{record.name}.{field.name}") for record in RECORDS for field in record.fields
]

BESIDE = {"attribute": ("css",), "group": ("regex",), "max": ("exponential",)}
"""Keys that only mean something beside another one."""


def document(record: Record, field: Field) -> str:
    """A record with this field and whatever else it needs."""
    needed = {other.name: other.example for other in record.fields if other.required}
    if record.selectors and field.name not in record.selectors and not set(needed) & set(record.selectors):
        first = next(other for other in record.fields if other.name in record.selectors)
        needed[first.name] = first.example
    for name in (*BESIDE.get(field.name, ()), *record.one_of):
        by_name = {other.name: other for other in record.fields}
        if name in by_name and field.name not in record.one_of and not set(needed) & set(record.one_of):
            needed[name] = by_name[name].example
    needed[field.name] = field.example
    return "".join(f"{name}: {example}\n" for name, example in needed.items())


@pytest.mark.parametrize(("record", "field"), FIELDS)
def test_every_key_is_read_from_its_example(
    record: Record, field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("login.yaml").write_text("- get: /\n", encoding="utf-8")
    findings = Findings()
    node = read_yaml(document(record, field).encode(), "f", findings)
    assert node is not None, findings.sorted()
    value = Reader(Resolver({}, findings), findings).read(node, record, "it")
    assert findings.sorted() == ()
    assert value is not INVALID


def test_rules_name_keys_that_exist() -> None:
    for record in RECORDS:
        names = [field.name for field in record.fields]
        assert len(names) == len(set(names))
        for rule in (record.selectors, record.one_of, *record.exclusive):
            assert set(rule) <= set(names)


def test_variants_are_told_apart_by_their_keys() -> None:
    for variants in records().values():
        if isinstance(variants, Variants):
            selectors = [key for record in variants.records for key in record.selectors]
            assert selectors
            assert len(selectors) == len(set(selectors))


def test_everything_is_documented() -> None:
    for record in RECORDS:
        assert record.doc.endswith(".")
        for field in record.fields:
            assert field.doc.endswith(".")
            assert field.example
