"""Values pass from `setup` to everything, from `before` to its flow, and else only forward."""

from __future__ import annotations

import pytest

from .checking import check, codes, plan

TOP = "target: http://h\nload: {users: 1, for: 1s}\n"
SETUP = "setup: [{get: /s, save: {s: $.s}}]\n"


def test_each_part_has_its_place_in_the_plan() -> None:
    lowered = plan(
        TOP + SETUP + "flows:\n- {before: [{get: /b}], steps: [{get: /i}], after: [{get: /a}]}\nteardown: [{get: /t}]"
    )
    (flow,) = lowered["flows"]
    parts = [lowered["setup"], flow["before"], flow["steps"], flow["after"], lowered["teardown"]]
    assert [part[0]["path"] for part in parts] == ["/s", "/b", "/i", "/a", "/t"]


@pytest.mark.parametrize(
    ("where", "name", "code"),
    [
        ("before: [{get: '/${s}'}], steps: [{get: /}]", "s", None),
        ("steps: [{get: '/${s}'}]", "s", None),
        ("before: [{get: /, save: {b: $.b}}], steps: [{get: '/${b}'}], after: [{get: '/${b}/${s}'}]", "b", None),
        ("before: [{get: /}], steps: [{get: /, save: {i: $.i}}], after: [{get: '/${i}'}]", "i", "unknown-variable"),
        ("before: [{get: '/${i}'}], steps: [{get: /, save: {i: $.i}}]", "i", "unknown-variable"),
    ],
)
def test_values_reach_what_comes_after_them(where: str, name: str, code: str | None) -> None:
    assert codes(check(f"{TOP}{SETUP}flows: [{{{where}}}]\n")) == ([code] if code else [])


def test_teardown_has_the_values_of_setup_and_no_others() -> None:
    text = TOP + SETUP + "steps: [{get: /, save: {i: $.i}}]\nteardown: [{get: '/${s}'}, {get: '/${i}'}]"
    assert codes(check(text)) == ["unknown-variable"]


def test_a_flow_must_send_something_in_some_branch() -> None:
    nested = "flows: [{steps: [{group: g, steps: [{if: '${random.int(1, 2)} == 1', then: [{get: /}]}]}]}]"
    assert codes(check(TOP + nested)) == []
    assert codes(check(TOP + "flows: [{steps: [{group: g, steps: [{think: 1s}]}]}]")) == ["no-request"]
