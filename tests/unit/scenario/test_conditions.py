"""Conditions of `if` and `while`: what they mean, and where they are wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.errors import Diagnostic, Place
from kilobar.model import plan
from kilobar.scenario.conditions import lower_condition, parse_condition, templates_of
from kilobar.scenario.encode import encode_piece, joined
from kilobar.scenario.findings import Findings
from kilobar.scenario.pieces import Template
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.yaml_nodes import Scalar

VARIABLES = {"a": 0, "b": 1, "n": 2}


def regex_problem(pattern: str) -> tuple[int, str] | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return error.pos or 0, error.msg
    return None


def lowered(text: str) -> Any:
    findings = Findings()
    resolver = Resolver({"KEY": "s3cret"}, findings)
    resolver.define("limit", Scalar(Place("s.yaml", 1, 1), "3", "int"))
    condition = parse_condition(Scalar(Place("s.yaml", 1, 1), text, inner=0), resolver, regex_problem, findings)
    assert condition is not None, findings.sorted()

    def template(one: Template) -> plan.Template:
        return joined(encode_piece(piece, "raw", VARIABLES) for piece in one.pieces)

    return lower_condition(condition, template, lambda named: VARIABLES[named.name]).to_json()


def problem(text: str) -> Diagnostic:
    findings = Findings()
    node = Scalar(Place("s.yaml", 1, 1), text, inner=0)
    assert parse_condition(node, Resolver({}, findings), regex_problem, findings) is None
    return findings.sorted()[0]


def hole(index: int) -> list[dict[str, Any]]:
    return [{"hole": {"value": {"variable": index}, "encode": "raw"}}]


def compare(left: Any, operator: str, right: Any) -> dict[str, Any]:
    return {"compare": {"left": left, "operator": operator, "right": right}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${n} > 3", compare(hole(2), "gt", "3")),
        ("${n}>=3", compare(hole(2), "ge", "3")),
        ("${n} <= ${limit}", compare(hole(2), "le", "3")),
        ("${a} != done", compare(hole(0), "ne", "done")),
        ("${a} == 'not found'", compare(hole(0), "eq", "not found")),
        ('"a ${b}" == "\\""', compare([{"text": "a "}, *hole(1)], "eq", '"')),
        ("x-${a}/y < z", compare([{"text": "x-"}, *hole(0), {"text": "/y"}], "lt", "z")),
        ("${a} == ${env.KEY}", compare(hole(0), "eq", [{"secret": "s3cret"}])),
        ("${a}", {"truthy": hole(0)}),
        ("true", {"truthy": "true"}),
        ("${a} is set", {"is_set": 0}),
        ("${a} is not set", {"not": {"is_set": 0}}),
        ("not ${a}", {"not": {"truthy": hole(0)}}),
        ("notable == android", compare("notable", "eq", "android")),
        ("${a} contains b", {"contains": {"text": hole(0), "part": "b"}}),
        ('${a} matches "^[0-9]+$"', {"matches": {"text": hole(0), "pattern": "^[0-9]+$"}}),
        (r'${a} matches "\d \"x\""', {"matches": {"text": hole(0), "pattern": r'\d "x"'}}),
        ("${a} and ${b} or ${n}", {"any": [{"all": [{"truthy": hole(0)}, {"truthy": hole(1)}]}, {"truthy": hole(2)}]}),
        ("${a} and (${b} or no)", {"all": [{"truthy": hole(0)}, {"any": [{"truthy": hole(1)}, {"truthy": "no"}]}]}),
        ("not(${a} is set)and ${b}", {"all": [{"not": {"is_set": 0}}, {"truthy": hole(1)}]}),
        ("not not ${a}", {"not": {"not": {"truthy": hole(0)}}}),
    ],
)
def test_a_condition_is_read(text: str, expected: Any) -> None:
    assert lowered(text) == expected


@pytest.mark.parametrize(
    ("text", "code", "column", "words"),
    [
        ("", "bad-condition", 1, "missing before the end"),
        ("${a} ==", "bad-condition", 8, "missing before the end"),
        ("${a} = 3", "bad-condition", 6, "write `==` instead"),
        ("${a} == 1 && ${b} == 2", "bad-condition", 11, "write `and` instead"),
        ("${a} ${b}", "bad-condition", 6, "cannot follow"),
        ("(${a}", "bad-condition", 1, "not closed"),
        ("${a})", "bad-condition", 5, "cannot follow"),
        ("1 < ${n} < 3", "bad-condition", 10, "join two conditions"),
        ("and ${a}", "bad-condition", 1, "missing"),
        ("x is set", "bad-condition", 3, "${name} is set"),
        ("${a.b} is set", "bad-condition", 8, "${name} is set"),
        ("${a} matches '[0-'", "bad-regex", 15, "no regular expression"),
        ("${a} matches ${b}", "not-constant", 14, "before the run"),
        ("${a} == 'x", "bad-hole", 9, "not closed"),
        ("${a == 3", "bad-hole", 1, "cannot be understood"),
        ("${a} == ${nofunction(1)}", "unknown-function", 9, "nofunction"),
        ("not " * 40 + "${a}", "bad-condition", 65, "nested deeper"),
        ("(" * 40 + "${a}", "bad-condition", 17, "nested deeper"),
        ("x" * 10_001, "too-large", 1, "10,000"),
    ],
)
def test_a_bad_condition_is_told_with_its_place(text: str, code: str, column: int, words: str) -> None:
    found = problem(text)
    assert (found.code, found.place) == (code, Place("s.yaml", 1, column))
    assert words in f"{found.message} {found.hint}"


def test_texts_of_a_condition_are_known_so_that_their_names_can_be_checked() -> None:
    findings = Findings()
    node = Scalar(Place("s.yaml", 1, 1), "not (${a} == 'x ${b}' or ${n} is set) and ${c.d} contains y", inner=0)
    condition = parse_condition(node, Resolver({}, findings), regex_problem, findings)
    assert condition is not None
    names = [(named.label, named.place.column) for one in templates_of(condition) for named in one.references]
    assert names == [("a", 6), ("b", 17), ("c.d", 43)]


_WORDS = st.sampled_from(
    ["${a}", "${b.c}", "==", "<", "and", "or", "not", "(", ")", "contains", "matches", "is", "set", "'x'", '"', "="]
)


@given(st.lists(_WORDS, max_size=12).map(" ".join))
def test_any_text_is_a_condition_or_refused_with_a_reason(text: str) -> None:
    findings = Findings()
    node = Scalar(Place("s.yaml", 1, 1), text, inner=0)
    condition = parse_condition(node, Resolver({}, findings), regex_problem, findings)
    assert (condition is None) == (findings.errors > 0)
