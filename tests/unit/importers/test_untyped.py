from typing import Any

import pytest

from kilobar.importers import Notes
from kilobar.importers.untyped import list_at, mapping_at, mappings_at, text_of


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("a", "a"), (True, "true"), (1.5, "1.5"), (10, "10"), ({"é": [1]}, '{"é": [1]}')]
)
def test_any_value_has_a_text(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_what_is_absent_or_null_is_nothing_and_not_noted() -> None:
    notes = Notes()
    assert mapping_at({}, "a", notes) == {}
    assert list_at({"a": None}, "a", notes) == []
    assert list(mappings_at({"a": [None, {"b": 1}]}, "a", notes)) == [(1, {"b": 1})]
    assert notes.all() == ()


def test_what_is_something_else_is_noted() -> None:
    notes = Notes()
    assert mapping_at({"a": []}, "a", notes) == {}
    assert list_at({"a": "x"}, "a", notes) == []
    assert list(mappings_at({"a": [True]}, "a", notes)) == []
    assert [str(note) for note in notes.all()] == [
        "a: this is a list where a mapping belongs; it is left out",
        "a: this is a text where a list belongs; it is left out",
        "a[0]: this is true or false where a mapping belongs; it is left out",
    ]
