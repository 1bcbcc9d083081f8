import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kilobar.scenario.findings import Findings
from kilobar.scenario.yaml_nodes import Mapping, Scalar, Sequence, read_yaml
from kilobar.scenario.yaml_scalars import literal_lines, scalar, text

from .documents import ODD

TEXT = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))


def read(source: str) -> Scalar:
    """The value of the key `k`, or the one entry of its list."""
    findings = Findings()
    root = read_yaml(source.encode(), "f", findings)
    assert findings.errors == 0, findings.sorted()
    assert isinstance(root, Mapping)
    value = root.entries[0].value
    if isinstance(value, Sequence):
        (value,) = value.items
    assert isinstance(value, Scalar)
    return value


@given(TEXT)
def test_a_text_is_read_back_as_that_text(value: str) -> None:
    for source in (f"k: {text(value, in_flow=False)}\n", f"k: [{text(value, in_flow=True)}]\n"):
        found = read(source)
        assert (found.text, found.kind) == (value, "text")


@given(TEXT)
def test_yaml_1_1_reads_the_same_text(value: str) -> None:
    assert yaml.safe_load(f"k: {text(value, in_flow=False)}\n") == {"k": value}


@pytest.mark.parametrize(
    "value", ["/items/${id}", "p99 < 250ms", "2xx", "200ms..800ms", "http://a:1/b?c=d", "a, b [c]"]
)
def test_what_needs_no_quotes_has_none(value: str) -> None:
    assert text(value, in_flow=False) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("no", '"no"'),
        ("1e3", '"1e3"'),
        ("007", '"007"'),
        ("2026-01-31", '"2026-01-31"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ('"a"', "'\"a\"'"),
        ("\\d'", "\\d'"),
        ("'\\d", "'''\\d'"),
        ("a\nb", '"a\\nb"'),
        ("\x00é\u2028\U0001f600", '"\\x00é\\u2028😀"'),
        ("\ud800", '"\\uFFFD"'),
    ],
)
def test_what_would_be_read_as_something_else_is_quoted(value: str, written: str) -> None:
    assert text(value, in_flow=False) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, "null"), (True, "true"), (7, "7"), (1.5, "1.5"), (1e300, "1e+300"), (float("inf"), ".inf"),
     (float("-inf"), "-.inf"), (float("nan"), ".nan")],
)  # fmt: skip
def test_other_values(value: object, written: str) -> None:
    assert scalar(value, in_flow=True) == written  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "header"),
    [("a\nb", "|-"), ("a\nb\n", "|"), (" a\nb", "|2-"), ("\na", "|2-"), ("a", None), ("\n", None), ("a\n\n", None),
     ("a\r\nb", None), ("a\n\x00", None)],
)  # fmt: skip
def test_only_texts_of_several_lines_are_blocks(value: str, header: str | None) -> None:
    found = literal_lines(value)
    assert (found[0] if found else None) == header
