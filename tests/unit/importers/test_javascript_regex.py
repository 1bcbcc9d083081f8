"""Regular expressions of scripts."""

import pytest

from kilobar.importers.javascript_regex import engine_regex, exactly


@pytest.mark.parametrize(
    ("pattern", "flags", "expected"),
    [
        (r"^\d{4}-\d{2}$", "", r"^\d{4}-\d{2}$"),
        ("abc", "gi", "(?i)abc"),
        (r"a\/b", "", "a/b"),
        (r"\u0041", "", r"\x{0041}"),
        ('{"a": 1}', "", r'\{"a": 1\}'),
        ("[[&]", "", r"[\[\&]"),
        ("(?<year>[0-9]+)(?:x)", "", "(?<year>[0-9]+)(?:x)"),
    ],
)
def test_an_expression_means_the_same_to_the_engine(pattern: str, flags: str, expected: str) -> None:
    assert engine_regex(pattern, flags) == expected


@pytest.mark.parametrize("pattern", ["a(?=b)", "(?!a)", "(?<=a)b", r"(a)\1", r"\cA", "[]"])
def test_what_the_engine_does_not_have_is_refused(pattern: str) -> None:
    assert engine_regex(pattern) is None


def test_an_unknown_flag_is_refused() -> None:
    assert engine_regex("a", "q") is None


def test_a_text_is_escaped_to_match_itself() -> None:
    assert exactly("a.b(c)*") == r"a\.b\(c\)\*"
