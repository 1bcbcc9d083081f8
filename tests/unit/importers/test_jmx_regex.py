import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar import _native
from kilobar.importers.jmx_regex import engine_regex, escaped, group_count


@pytest.mark.parametrize(
    ("perl", "expected"),
    [
        (r'id="(.+?)"', r'id="(.+?)"'),
        (r'{"id":(\d+)}', r'\{"id":(\d+)\}'),
        ("a{2,3}b{", r"a{2,3}b\{"),
        (r"\Qa.b\E.", r"a\.b."),
        (r"\<b\>", "<b>"),
        (r"\"a\"", '"a"'),
        ("[[a]", r"[\[a]"),
        ("[]a]", r"[\]a]"),
        ("[a-z-]", r"[a-z\-]"),
        ("[a-z-9]", r"[a-z\-9]"),
        (r"[!-\]]", r"[!-\]]"),
        (r"[a-\d]", r"[a\-\d]"),
        (r"[\\-a]", r"[\\-a]"),
        ("[^-a]", r"[^\-a]"),
        ("[a^-b]", "[a^-b]"),
        ("[z-a]", None),
        ("(?)a", None),
        ("(?i)a", "(?i)a"),
        ("(?:a|b)", "(?:a|b)"),
        (r"a\Z", r"a\z"),
        ("(?=a)", None),
        ("(?<!a)b", None),
        (r"(a)\1", None),
        ("a++", None),
        ("*a", None),
        ("(a", None),
        ("a)", None),
        ("[a", None),
        ("[]", None),
        ("a{3,2}", None),
        ("[[:alpha:]]", None),
    ],
)
def test_expressions_of_perl(perl: str, expected: str | None) -> None:
    assert engine_regex(perl) == expected


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20))
def test_an_escaped_text_matches_itself(text: str) -> None:
    assert re.fullmatch(escaped(text), text)


@given(st.text(alphabet="ab()[]{}*+?|^$\\.-&,012dQE:!<=i", max_size=15))
def test_the_engine_takes_what_comes_out(perl: str) -> None:
    converted = engine_regex(perl)
    if converted is not None:
        assert _native.check_regex(converted) is None


@given(st.text(alphabet="ab()*+?|.:", max_size=15))
def test_groups_are_counted_as_python_counts_them(perl: str) -> None:
    converted = engine_regex(perl)
    if converted is not None:
        assert group_count(converted) == re.compile(converted).groups
