"""What is kept of a response."""

from __future__ import annotations

from typing import Any

import pytest

from kilobar.scenario.check import check_text

from .checking import steps, told, variable


def saved(rule: str) -> dict[str, Any]:
    (step,) = steps(f"- {{get: /, save: {{x: {rule}}}}}")
    (save,) = step["saves"]
    return {key: value for key, value in save.items() if key != "variable"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("$.a", {"from": {"json": "$.a"}}),
        ("'$[0]'", {"from": {"json": "$[0]"}}),
        ("{json: $.a}", {"from": {"json": "$.a"}}),
        ("{xpath: //a}", {"from": {"xpath": "//a"}}),
        ("{css: a}", {"from": {"css": {"selector": "a", "attribute": None}}}),
        ("{css: a, attribute: href}", {"from": {"css": {"selector": "a", "attribute": "href"}}}),
        ("{regex: a(b)}", {"from": {"regex": {"pattern": "a(b)", "group": None}}}),
        ("{regex: a(b), group: 0}", {"from": {"regex": {"pattern": "a(b)", "group": 0}}}),
        ("{header: Location}", {"from": {"header": "Location"}}),
        ("{cookie: sid}", {"from": {"cookie": "sid"}}),
        ("{status: true}", {"from": "status"}),
        ("{body: true}", {"from": "body"}),
        ("{json: $.a, pick: all}", {"from": {"json": "$.a"}, "which": "all"}),
        ("{json: $.a, pick: -1}", {"from": {"json": "$.a"}, "which": {"index": -1}}),
        ("{json: $.a, pick: first}", {"from": {"json": "$.a"}}),
        ("{json: $.a, default: ''}", {"from": {"json": "$.a"}, "default": ""}),
    ],
)
def test_a_place_becomes_an_extract_of_the_plan(rule: str, expected: dict[str, Any]) -> None:
    assert saved(rule) == expected


def test_a_value_made_of_others_is_set_after_the_request() -> None:
    request, made = steps("- {get: /, save: {both: {value: '${a}-${a}'}, a: $.a}}")
    assert request["saves"] == [{"variable": 0, "from": {"json": "$.a"}}]
    assert made == {"kind": "set", "variable": 1, "value": [variable(0), {"text": "-"}, variable(0)]}


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{}", "missing-key"),
        ("{json: $.a, css: a}", "conflicting-keys"),
        ("{json: $.a, attribute: b}", "conflicting-keys"),
        ("{json: $.a, group: 1}", "conflicting-keys"),
        ("{status: false}", "bad-value"),
        ("{json: $.a, pick: last}", "bad-value"),
        ("{header: 'a b'}", "bad-header"),
        ("id", "bad-json-path"),
        ("{json: $.a, default: '${later}'}", "unknown-variable"),
    ],
)
def test_a_bad_rule_is_told_and_its_variable_is_known(rule: str, code: str) -> None:
    assert told(f"- {{get: /, save: {{x: {rule}}}}}\n- get: /${{x}}") == [code]


def test_a_group_that_the_expression_does_not_have_is_found_before_the_run() -> None:
    text = b"target: http://127.0.0.1:1\nsteps:\n  - get: /\n    save: {q: {regex: 'name', group: 2}}\n"
    text += b"load: {users: 1, for: 1s}\n"
    (error,) = check_text(text, "s.yaml", {}).diagnostics
    assert (error.code, error.place.line, error.place.column) == ("bad-regex", 4, 23)
    assert error.message == "there is no group 2: `name` has no groups"
