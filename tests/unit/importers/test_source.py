from pathlib import Path

import pytest

from kilobar.importers import ImportFailed
from kilobar.importers.source import Source


def source(data: str | bytes) -> Source:
    return Source("f", Path(), data if isinstance(data, bytes) else data.encode())


def problem(data: str | bytes, attribute: str) -> str:
    with pytest.raises(ImportFailed) as caught:
        getattr(source(data), attribute)
    return str(caught.value)


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"{}"])
def test_marks_of_the_encoding_are_dropped(data: bytes) -> None:
    assert source(data).text == "{}"
    assert source(data).json == {}
    assert source(data).mapping == {}


def test_positions_of_characters_are_told_by_line_and_column() -> None:
    read = source("ab\r\ncd\n\ne")
    assert [str(read.place_of(offset)) for offset in (0, 1, 3, 4, 7)] == ["f:1:1", "f:1:2", "f:2:1", "f:2:2", "f:4:1"]


@pytest.mark.parametrize(
    ("data", "attribute", "start"),
    [
        (b"a\nb\xff", "text", "f:2:2: error[import-syntax]: this is not UTF-8 text"),
        ('{"a": 1,\n  b}', "json", "f:2:3: error[import-syntax]: this is not JSON: Expecting property name"),
        ("[NaN]", "json", "f:1:1: error[import-syntax]: this JSON cannot be read: NaN is no JSON number"),
        ("[" + "9" * 5000 + "]", "json", "f:1:1: error[import-syntax]: this JSON cannot be read: Exceeds the limit"),
        ("[" * 100_000, "json", "f:1:1: error[import-syntax]: this JSON cannot be read: it is nested too deeply"),
        ("[" * 300 + "]" * 300, "json", "f:1:1: error[import-syntax]: nested deeper than 200 levels"),
        ("<a>\n  <b></a>", "xml", "f:2:8: error[import-syntax]: this is not XML: mismatched tag"),
        ("<a/>\n<b/>", "xml", "f:2:1: error[import-syntax]: this is not XML: junk after document element"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "xml", "f:1:1: error[import-syntax]: a document type is not"),
        ("<?xml version='1.0' encoding='none'?><a/>", "xml", "f:1:1: error[import-syntax]: this XML cannot"),
        ("<a>" * 300 + "</a>" * 300, "xml", "f:1:1: error[import-syntax]: nested deeper than 200 levels"),
        ("openapi: [", "yaml", "f:2:1: error[import-syntax]: "),
        ('{"a": 1,}', "yaml", "f:1:9: error[import-syntax]: this is not JSON"),
    ],
)
def test_what_is_malformed_is_reported_with_its_position(data: str | bytes, attribute: str, start: str) -> None:
    assert problem(data, attribute).startswith(start)


def test_half_a_surrogate_pair_is_replaced_and_said() -> None:
    read = source('{"a": ["\\ud800x", "\\ud83d\\ude00"]}')
    assert read.json == {"a": ["\ufffdx", "😀"]}
    assert [words for _, words in read.remarks] == ["half of a surrogate pair (`\\ud800` to `\\udfff`) became U+FFFD"]


def test_yaml_follows_the_rules_of_yaml_1_2() -> None:
    text = "openapi: 3.0.0\na: no\nb: 2026-01-31\nc: 0x1f\nd: 1.5\ne: null\nf: [true]\n200: x\n"
    assert source(text).yaml == {
        "openapi": "3.0.0", "a": "no", "b": "2026-01-31", "c": 31, "d": 1.5, "e": None, "f": [True], "200": "x",
    }  # fmt: skip


def test_oddities_of_yaml_are_passed_over_and_said() -> None:
    read = source("openapi: 3.0.0\na: 1\na: !!str 2\n")
    assert read.yaml["a"] == 1
    assert [line for line, _ in read.remarks] == [3, 3]


@pytest.mark.parametrize(
    ("data", "mapping"),
    [
        ('{"a": 1}', {"a": 1}),
        ("swagger: '2.0'\n", {"swagger": "2.0"}),
        ("a: 1", None),
        ("[1]", None),
        ("{", None),
        ("openapi: [", None),
        (b"\xff", None),
    ],
)
def test_a_mapping_is_there_for_recognition_and_nothing_is_raised(data: str | bytes, mapping: object) -> None:
    assert source(data).mapping == mapping


@pytest.mark.parametrize("data", ["{", "<a", "openapi: ["])
def test_a_malformed_file_is_explained(data: str) -> None:
    with pytest.raises(ImportFailed):
        source(data).explain()


def test_what_is_none_of_these_needs_no_explanation() -> None:
    source("hello").explain()
