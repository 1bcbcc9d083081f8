"""Each entry of a check section becomes a check with a name of its own."""

from __future__ import annotations

from typing import Any

import pytest

from .checking import check, plan, steps, told, variable


def names(section: str, before: str = "") -> list[str]:
    text = f"target: http://h\nload: {{users: 1, for: 1s}}\nsteps:\n{before}  - {{get: /, check: {section}}}\n"
    return [entry["name"] for entry in plan(text)["checks"]]


def rules(section: str) -> list[dict[str, Any]]:
    (step,) = steps(f"- {{get: /, check: {section}}}")
    return [{key: value for key, value in one.items() if key != "name"} for one in step["checks"]]


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("{status: 200}", "status is 200"),
        ("{status: 2xx}", "status is 2xx"),
        ("{status: [200, 300-304]}", "status is 200 or 300-304"),
        ("{size: {lt: 20kB}}", "size < 20 kB"),
        ("{size: {eq: 0B}}", "size = 0 B"),
        ("{time: {le: 500ms}}", "time ≤ 500 ms"),
        ("{time: {lt: 1m30s}}", "time < 1m30s"),
        ("{json: {$.ok: true}}", "$.ok is true"),
        ("{json: {$.ok: null}}", "$.ok is null"),
        ("{json: {$.a: ''}}", '$.a is ""'),
        ("{json: {$.a: [1, x]}}", "$.a is [1, x]"),
        ("{json: {$.a: {equals: {b: 1}}}}", '$.a is {"b": "1"}'),
        ("{json: {$.a: {ne: 5}}}", "$.a is not 5"),
        ("{json: {$.a: {exists: true}}}", "$.a exists"),
        ("{json: {$.a: {exists: false}}}", "$.a does not exist"),
        ("{json: {$.a: {ge: 5}}}", "$.a ≥ 5"),
        ("{header: {Content-Type: {contains: json}}}", "header Content-Type contains json"),
        ("{xpath: {'//title': Shop}}", "xpath //title is Shop"),
        ("{css: {h1: {matches: '^S'}}}", "css h1 matches ^S"),
        ("{regex: 'a+'}", 'matches "a+"'),
        ("{contains: welcome}", 'contains "welcome"'),
        ("{not: {contains: error}}", 'not contains "error"'),
        ("{warn: {time: {lt: 1s}}}", "time < 1 s (warning)"),
        ("{not: {warn: {status: 500}}}", "not status is 500 (warning)"),
        ("{name: list, status: 200}", "list: status is 200"),
    ],
)
def test_a_check_has_a_plain_name(section: str, name: str) -> None:
    assert names(section) == [name]


@pytest.mark.parametrize(
    ("section", "rule"),
    [
        ("{status: [200, 3xx]}", {"rule": {"status": [[200, 200], [300, 399]]}}),
        ("{size: {gt: 1kB}}", {"rule": {"size": {"operator": "gt", "bytes": 1000}}}),
        ("{time: {lt: 1ms}}", {"rule": {"time": {"operator": "lt", "duration_ns": 1_000_000}}}),
        ("{json: {$.a: x}}", {"rule": {"value": {"from": {"json": "$.a"}, "matcher": {"equals": '"x"'}}}}),
        ("{json: {$.a: 1.10}}", {"rule": {"value": {"from": {"json": "$.a"}, "matcher": {"equals": "1.10"}}}}),
        ("{json: {$.a: {ne: 1}}}",
         {"rule": {"value": {"from": {"json": "$.a"}, "matcher": {"equals": "1"}}}, "not": True}),
        ("{json: {$.a: {exists: false}}}",
         {"rule": {"value": {"from": {"json": "$.a"}, "matcher": "exists"}}, "not": True}),
        ("{json: {$.a: {lt: 5}}}",
         {"rule": {"value": {"from": {"json": "$.a"}, "matcher": {"compare": {"operator": "lt", "to": "5"}}}}}),
        ("{header: {A: {contains: b}}}",
         {"rule": {"value": {"from": {"header": "A"}, "matcher": {"contains": "b"}}}}),
        ("{css: {a: {matches: b}}}",
         {"rule": {"value": {"from": {"css": {"selector": "a", "attribute": None}}, "matcher": {"matches": "b"}}}}),
        ("{contains: x}", {"rule": {"contains": "x"}}),
        ("{regex: x}", {"rule": {"regex": "x"}}),
        ("{warn: {contains: x}}", {"rule": {"contains": "x"}, "warn": True}),
        ("{not: {contains: x}}", {"rule": {"contains": "x"}, "not": True}),
        ("{not: {not: {contains: x}}}", {"rule": {"contains": "x"}}),
    ],
)  # fmt: skip
def test_a_check_becomes_a_rule_of_the_plan(section: str, rule: dict[str, Any]) -> None:
    assert rules(section) == [rule]


def test_all_bounds_of_a_matcher_are_checks() -> None:
    assert names("{json: {$.n: {gt: 0, lt: 9, exists: true}}}") == ["$.n exists", "$.n < 9", "$.n > 0"]


def test_the_same_check_twice_has_two_names() -> None:
    assert names("[{contains: x}, {contains: x}]") == ['contains "x"', 'contains "x" (2)']


def test_steps_of_one_series_share_their_checks() -> None:
    text = "target: http://h\nload: {users: 1, for: 1s}\nsteps:\n"
    text += "  - {get: /a, name: a, check: {status: 200}}\n  - {get: /b, name: a, check: {status: 200}}\n"
    text += "  - {get: /c, check: {status: 200}}\n"
    lowered = plan(text)
    assert lowered["checks"] == [{"series": 0, "name": "status is 200"}, {"series": 1, "name": "status is 200"}]
    assert [step["checks"][0]["name"] for step in lowered["flows"][0]["steps"]] == [0, 0, 1]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("{contains: x}", [[200, 399]]),
        ("{status: 200}", []),
        ("{warn: {status: 200}}", []),
        ("{not: {status: 5xx}}", []),
    ],
)
def test_a_check_on_the_status_replaces_the_usual_one(section: str, expected: list[list[int]]) -> None:
    assert steps(f"- {{get: /, check: {section}}}")[0]["expect_status"] == expected


def test_checks_may_use_values_saved_before_but_not_by_the_step_itself() -> None:
    lowered = steps("- {get: /, save: {a: $.a}}\n- {get: /, check: {json: {$.a: '${a}', $.b: {lt: '${a}'}}}}")
    matchers = [one["rule"]["value"]["matcher"] for one in lowered[1]["checks"]]
    assert matchers == [
        {"equals": [variable(0, "json_value")]}, {"compare": {"operator": "lt", "to": [variable(0)]}}
    ]  # fmt: skip
    assert told("- {get: /, save: {a: $.a}, check: {contains: '${a}'}}") == ["not-saved-yet"]


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("{json: {$.a: {lt: high}}}", "bad-number"),
        ("{json: {$.a: {}}}", "missing-key"),
        ("{json: {$.a: {b: 1}}}", "unknown-key"),
        ("{header: {'a b': c}}", "bad-header"),
        ("{size: {}}", "missing-key"),
        ("{name: x}", "missing-key"),
        ("{regex: ['(']}", "bad-regex"),
    ],
)
def test_a_bad_check_is_told(section: str, code: str) -> None:
    assert code in told(f"- {{get: /, check: {section}}}")


def test_the_value_of_a_secret_is_not_in_the_name() -> None:
    checked = check(
        "target: http://h\nload: {users: 1, for: 1s}\nsteps: [{get: /, check: {contains: '${env.S}'}}]",
        {"S": "hunter2"},
    )
    assert checked.require().checks == ((0, 'contains "${env.S}"'),)
