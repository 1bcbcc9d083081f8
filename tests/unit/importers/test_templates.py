import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.templates import dollars, joined, literal, translate, translate_json
from kilobar.scenario.findings import Findings
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.yaml_nodes import Place, Scalar

TEXT = st.text(st.sampled_from("${}ab\\ "), max_size=12)


def resolved(text: str) -> str:
    """What a scenario makes of a text whose holes are all constants."""
    findings = Findings()
    resolver = Resolver({"X": "value"}, findings)
    template = resolver.template(Scalar(Place("f", 1, 1), text))
    assert findings.errors == 0, findings.sorted()
    assert template.is_constant
    return template.text()


@given(TEXT)
def test_literal_text_means_itself(text: str) -> None:
    assert resolved(literal(text)) == text


@given(TEXT, TEXT)
def test_text_around_a_hole_means_itself(before: str, after: str) -> None:
    assert resolved(joined([literal(before), "${env.X}", literal(after)])) == f"{before}value{after}"


@given(TEXT, TEXT)
def test_two_literal_texts_do_not_make_a_hole(one: str, two: str) -> None:
    assert resolved(joined([literal(one), literal(two)])) == one + two


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("{{a}}", "<a>"),
        ("x{{a}}y{{b}}${z}", "x<a>y<b>$${z}"),
        ("{{a", "{{a"),
        ("{{{{a}}", "{{<a>"),
        ("{{none}}", "{{none}}"),
        ("{{}}", "<>"),
        ("}}{{a}}", "}}<a>"),
    ],
)
def test_holes_of_another_tool_are_translated(text: str, expected: str) -> None:
    assert translate(text, "{{", "}}", lambda name: None if name == "none" else f"<{name}>") == expected


def test_a_dollar_before_a_hole_does_not_escape_it() -> None:
    assert translate("US${{price}}", "{{", "}}", lambda name: f"${{{name}}}") == f"US{dollars(1)}${{price}}"


def test_all_texts_of_a_json_value_are_translated_and_nothing_else() -> None:
    assert translate_json({"a": ["b", 1, None, True, {"c": "d"}]}, str.upper) == {"A": ["B", 1, None, True, {"C": "D"}]}
