import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.json_bodies import exact_json, fits, json_body


@pytest.mark.parametrize(
    "text",
    ["", "a", "null", '{"a": 1.10}', "[1e5]", "[123456789012345678901]", "[-0]", '{"a": 1, "a": 2}', "[NaN]",
     "[" * 40 + "]" * 40, "[" * 100_000],
)  # fmt: skip
def test_what_would_come_out_in_another_way_is_left_as_text(text: str) -> None:
    assert json_body(text) is None


@pytest.mark.parametrize("value", [{}, [], "", 0, False, {"a": [1, 2.5, None, "x"]}])
def test_other_values_are_taken(value: Any) -> None:
    assert json_body(json.dumps(value)) == value


def test_texts_and_keys_mean_themselves() -> None:
    assert json_body('{"${a}": "${b}"}') == {"$${a}": "$${b}"}
    assert exact_json('{"${a}": "${b}"}') == {"${a}": "${b}"}


@given(st.recursive(st.integers(), st.lists, max_leaves=5))
def test_shallow_values_fit(value: Any) -> None:
    assert fits(value)
