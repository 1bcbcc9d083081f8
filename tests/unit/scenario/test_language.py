"""The tables are sound: every documented key can be read with its documented example."""

from __future__ import annotations

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


def document(record: Record, field: Field) -> str:
    """A record with this field and whatever else it needs."""
    needed = {other.name: other.example for other in record.fields if other.required}
    if record.selectors and field.name not in record.selectors and not set(needed) & set(record.selectors):
        first = next(other for other in record.fields if other.name in record.selectors)
        needed[first.name] = first.example
    if record.one_of and field.name not in record.one_of:
        needed["steps"] = "[{get: /}]"
    needed[field.name] = field.example
    return "".join(f"{name}: {example}\n" for name, example in needed.items())


@pytest.mark.parametrize(("record", "field"), FIELDS)
def test_every_key_is_read_from_its_example(record: Record, field: Field) -> None:
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
