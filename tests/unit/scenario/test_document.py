from typing import Any

import pytest
from hypothesis import given

from kilobar.errors import ScenarioError
from kilobar.model.scenario import (
    Check,
    Group,
    If,
    Matcher,
    Rate,
    Request,
    Save,
    Scenario,
    Set,
    Think,
    Users,
)
from kilobar.scenario.document import check_document, from_yaml, to_yaml

from .documents import documents


def wrong(text: str) -> list[tuple[str, int]]:
    """Code and line of each error."""
    with pytest.raises(ScenarioError) as caught:
        from_yaml(text, "shop.yaml")
    return [(found.code, found.place.line) for found in caught.value.diagnostics if found.place is not None]


@given(documents())
def test_a_document_survives_the_way_to_yaml_and_back(scenario: Scenario) -> None:
    text = to_yaml(scenario)
    again = from_yaml(text)
    assert again == scenario
    assert to_yaml(again) == text


def test_what_is_not_given_is_left_out_and_keys_keep_the_order_of_the_classes() -> None:
    scenario = Scenario(load=[Rate(for_="30s", rate="5/s")], steps=[Request(url="/", name="home", method="GET")])
    assert to_yaml(scenario) == "steps:\n  - get: /\n    name: home\nload:\n  - {rate: 5/s, for: 30s}\n"


def test_comments_stand_at_the_top_and_long_ones_are_wrapped() -> None:
    text = to_yaml(Scenario(steps=[Think(think="1s")]), ["first", "- a note\nof " + "many words " * 20])
    lines = text.splitlines()
    assert lines[:2] == ["# first", "# - a note of" + " many words" * 9]
    assert all(line.startswith("#     ") for line in lines[2:-2])
    assert lines[-2:] == ["steps:", "  - think: 1s"]


def test_a_method_without_a_key_of_its_own_is_written_with_request() -> None:
    text = to_yaml(Scenario(steps=[Request(method="PURGE", url="/x")]))
    assert text == "steps:\n  - request: {method: PURGE, url: /x}\n"


@pytest.mark.parametrize("body", ["", 0, False, [], {}])
def test_an_empty_json_body_is_a_body(body: Any) -> None:
    text = to_yaml(Scenario(steps=[Request(method="POST", url="/", json=body)]))
    (step,) = from_yaml(text).steps
    assert isinstance(step, Request)
    assert step.json == body
    assert step.json is not None


def test_a_json_object_in_a_check_is_told_apart_from_a_matcher() -> None:
    check = Check(json={"$.a": {"exists": True}, "$.b": Matcher(exists=True), "$.c": [{"d": 1}]})
    text = to_yaml(Scenario(steps=[Request(method="GET", url="/", check=check)]))
    assert "{$.a: {equals: {exists: true}}, $.b: {exists: true}, $.c: [{d: 1}]}" in text


def test_steps_inside_steps_are_indented() -> None:
    inner = Group(group="pay", steps=[Set(set={"n": 1})])
    text = to_yaml(Scenario(steps=[If(if_="${n} > 3", then=[inner], else_=[Think(think="1s")])]))
    assert text.splitlines() == [
        "steps:",
        "  - if: ${n} > 3",
        "    then:",
        "      - group: pay",
        "        steps:",
        "          - set: {n: 1}",
        "    else:",
        "      - think: 1s",
    ]


def test_a_single_entry_may_stand_without_its_list() -> None:
    scenario = from_yaml("steps: {get: /}\nload: {users: 1, for: 1s}\nallow: a.example\n")
    assert scenario.steps == [Request(method="GET", url="/")]
    assert scenario.load == [Users(users=1, for_="1s")]
    assert scenario.allow == ["a.example"]


def test_texts_keep_the_digits_of_numbers_and_json_keeps_their_type() -> None:
    (step,) = from_yaml("steps: [{post: /, params: {v: 1.10, n: 007, i: 5}, json: {v: 1.10}, body: 12}]").steps
    assert isinstance(step, Request)
    assert step.params == {"v": "1.10", "n": "007", "i": 5}
    assert step.json == {"v": 1.1}
    assert step.body == "12"


def test_save_and_check_are_read_into_their_classes() -> None:
    (step,) = from_yaml("steps: [{get: /, save: {a: {json: $.a, pick: 2}, b: $.b}, check: [{status: 2xx}]}]").steps
    assert isinstance(step, Request)
    assert step.save == {"a": Save(json="$.a", pick=2), "b": Save(json="$.b")}
    assert step.check == [Check(status="2xx")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- a", [("wrong-type", 1)]),
        ("steps:\n  - got: /", [("missing-key", 2)]),
        ("steps:\n  - get: /\n    post: /", [("conflicting-keys", 3)]),
        ("steps:\n  - get: /\n    think: 1s", [("conflicting-keys", 2)]),
        ("steps:\n  - get: /\n    cheque: {}", [("unknown-key", 3)]),
        ("steps:\n  - get: /\n    method: PUT", [("unknown-key", 3)]),
        ("steps:\n  - request: /x", [("wrong-type", 2)]),
        ("steps:\n  - repeat: 3", [("missing-key", 2)]),
        ("steps:\n  - get: [/]", [("wrong-type", 2)]),
        ("seed: many", [("wrong-type", 1)]),
        ("seed: " + "9" * 5000, [("bad-number", 1)]),
        ("headers: [a]", [("wrong-type", 1)]),
        ("a: ]", [("yaml-syntax", 1)]),
    ],
)
def test_what_is_not_a_document_is_reported_with_its_line(text: str, found: list[tuple[str, int]]) -> None:
    assert wrong(text) == found


def test_a_key_without_a_value_is_not_given() -> None:
    assert from_yaml("target:\nflows:\nheaders:\n") == Scenario()
    assert from_yaml("{}") == Scenario()


def test_a_document_is_checked_like_its_text() -> None:
    bad = Scenario(steps=[Request(method="GET", url="/${nothing}")])
    codes = [found.code for found in check_document(bad, {}).diagnostics]
    assert "unknown-variable" in codes
    good = Scenario(target="http://127.0.0.1:1", steps=[Request(method="GET", url="/")])
    assert check_document(good, {}).ok
