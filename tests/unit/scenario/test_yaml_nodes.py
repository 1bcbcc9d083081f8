from __future__ import annotations

import pytest

from kilobar.scenario.findings import Findings
from kilobar.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml


def read(text: str) -> Node:
    findings = Findings()
    node = read_yaml(text.encode(), "f", findings)
    assert findings.sorted() == ()
    assert node is not None
    return node


def scalar(text: str) -> Scalar:
    node = read(f"[{text}]")
    assert isinstance(node, Sequence)
    (item,) = node.items
    assert isinstance(item, Scalar)
    return item


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("true", "bool"), ("False", "bool"), ("on", "text"), ("no", "text"), ("Yes", "text"), ("y", "text"),
        ("null", "null"), ("~", "null"), ("12", "int"), ("-7", "int"), ("0x1F", "int"), ("0o17", "int"),
        ("1_000", "text"), ("12:30:45", "text"), ("2026-01-01", "text"), ("1.10", "float"), ("1e3", "float"),
        (".5", "float"), (".inf", "float"), (".nan", "float"), ("1.2.3", "text"), ("'12'", "text"), ('"true"', "text"),
        ("''", "text"), ("500/s", "text"), ("+", "text"), ("=", "text"),
    ],
)  # fmt: skip
def test_scalars_follow_yaml_1_2(text: str, kind: str) -> None:
    assert scalar(text).kind == kind


def test_keys_keep_their_text_and_order() -> None:
    node = read("on: 1\n200: 2\ntrue: 3\n")
    assert isinstance(node, Mapping)
    assert [entry.key.text for entry in node.entries] == ["on", "200", "true"]


@pytest.mark.parametrize(
    ("text", "offset", "column"),
    [("ab$c", 2, 4), ("'ab${c}'", 2, 5), ('"ab${c}"', 2, 5), ('"a\\tb"', 2, 2), ("'it''s'", 3, 2), ("é ü", 2, 4)],
)
def test_places_inside_a_text_are_exact_where_the_source_holds_it_verbatim(text: str, offset: int, column: int) -> None:
    assert scalar(text).place_at(offset).column == column


def test_places_inside_a_block_are_the_start_of_the_block() -> None:
    node = read("a: |\n  one\n  two\n")
    assert isinstance(node, Mapping)
    value = node.get("a")
    assert isinstance(value, Scalar)
    assert value.text == "one\ntwo\n"
    assert str(value.place_at(5)) == "f:1:4"


def test_an_alias_is_the_node_of_its_anchor() -> None:
    node = read("a: &x {k: [1]}\nb: *x\n")
    assert isinstance(node, Mapping)
    assert node.get("b") is node.get("a")


def test_lines_may_end_in_any_way() -> None:
    for end in ("\n", "\r\n", "\r"):
        node = read(f"a: 1{end}b: 2{end}")
        assert isinstance(node, Mapping)
        assert [(entry.key.place.line, entry.key.place.column) for entry in node.entries] == [(1, 1), (2, 1)]
