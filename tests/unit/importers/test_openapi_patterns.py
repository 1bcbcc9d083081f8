import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.openapi_patterns import MAX_CHARACTERS, text_for_pattern

ATOMS = st.sampled_from(["a", "\\d", "\\w", "\\s", "\\.", "[a-f]", "[^a-z]", "[\\d_-]", ".", "é", "(?:x|yy)", "(ab)"])
COUNTS = st.sampled_from(["", "*", "+", "?", "{3}", "{2,}", "{1,4}", "+?"])
PATTERNS = st.lists(st.tuples(ATOMS, COUNTS).map("".join), max_size=6).map("".join)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^[A-Z]{2}-\\d{4}$", "AA-0000"),
        ("^(foo|bar)+$", "foo"),
        ("^\\+?[1-9][0-9]{7,14}$", "10000000"),
        ("^#(?:[0-9a-f]{3}){1,2}$", "#000"),
        ("[^a0]", "A"),
        ("a{", "a{"),
        ("[]x]", "]"),
        ("(?<year>\\d{4})-(?P<month>\\d\\d)", "0000-00"),
        ("", ""),
    ],
)
def test_simple_patterns(pattern: str, text: str) -> None:
    assert text_for_pattern(pattern) == text


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)b", "\\bword\\b", "(a)\\1", "\\p{L}+", "(a", "a)", "*a", "a**", "[a", "a\\", "[^\\d\\D]", "a{5000}",
     "x" * 2000, "(" * 30 + "a" + ")" * 30, "[[a]]", "a^b"],
)  # fmt: skip
def test_what_is_not_simple_gives_nothing(pattern: str) -> None:
    assert text_for_pattern(pattern) is None


def test_open_counts_are_raised_to_the_least_length() -> None:
    assert text_for_pattern("^[a-z]+$", 8) == "a" * 8
    assert text_for_pattern("^x[0-9]*y?$", 5) == "x0000"
    assert text_for_pattern("^ab$", 8) is None


@given(PATTERNS, st.integers(0, 12))
def test_the_text_matches_its_pattern(pattern: str, least: int) -> None:
    text = text_for_pattern(pattern, least)
    if text is not None:
        assert re.fullmatch(pattern, text)
        assert least <= len(text) <= MAX_CHARACTERS


@given(st.text(alphabet="ab\\d[]()^$|?*+{}1,-.", max_size=12))
def test_any_pattern_has_a_text_or_none(pattern: str) -> None:
    text = text_for_pattern(pattern, 3)
    assert text is None or len(text) >= 3
