from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users import checks
from kilobar.users.response import Response

from .fake_engine import response_order

BODY = b'{"items": [{"id": 7, "on": true, "price": 1.0}], "name": "caf\xc3\xa9", "none": null}'
RESPONSE = Response(response_order(body=BODY), 1, "GET /")


@pytest.mark.parametrize(
    ("look", "wanted"),
    [
        (checks.status_problem, 200),
        (checks.status_problem, "any"),
        (checks.status_problem, [404, "2xx"]),
        (checks.contains_problem, "café"),
        (checks.contains_problem, [b"caf\xc3\xa9", "items"]),
        (checks.text_problem, re.compile('"id": [0-9]+')),
        (checks.json_problem, {"$.items[0].id": 7, "$.items[0].price": 1, "$.none": None}),
        (checks.json_problem, {"$.items[0]": {"id": 7, "on": True, "price": 1.0}, "$.name": ...}),
        (checks.json_problem, {"$.items": ({"id": 7, "on": True, "price": 1},)}),
        (checks.header_problem, {"Content-Type": re.compile("json$"), "content-type": ...}),
        (checks.time_problem, 0.005),
        (checks.predicate_problem, lambda response: response.json()["name"]),
    ],
)
def test_what_is_as_it_should_be_is_no_problem(look: Callable[..., str | None], wanted: Any) -> None:
    assert look(RESPONSE, wanted) is None


@pytest.mark.parametrize(
    ("look", "wanted", "words"),
    [
        (checks.status_problem, [404, "5xx"], "status is 200, not [404, '5xx']"),
        (checks.contains_problem, ["items", "gone"], "the body does not contain 'gone'"),
        (checks.json_problem, {"$.items[1]": ...}, "nothing is at $.items[1] in the body"),
        (checks.json_problem, {"$.items[0].on": 1}, "$.items[0].on is true, not 1"),
        (checks.json_problem, {"$.items[0].id": "7"}, '$.items[0].id is 7, not "7"'),
        (checks.header_problem, {"x-gone": ...}, "there is no header x-gone"),
        (checks.header_problem, {"content-type": "a"}, "header content-type is 'application/json', not 'a'"),
        (checks.time_problem, 0.004, "it took 0.005 s, more than 0.004 s"),
    ],
)
def test_a_problem_says_what_is_there_instead(look: Callable[..., str | None], wanted: Any, words: str) -> None:
    assert look(RESPONSE, wanted) == words


def test_a_predicate_says_no_or_what_it_raises() -> None:
    def cheap(response: Response) -> bool:
        return False

    def strict(response: Response) -> bool:
        raise AssertionError("too\n dear")

    assert checks.predicate_problem(RESPONSE, cheap) == "cheap says no"
    assert checks.predicate_problem(RESPONSE, strict) == "AssertionError: too dear"


def test_words_are_bounded() -> None:
    problem = checks.text_problem(Response(response_order(body=b"x" * 100_000), 1, "GET /"), "y" * 100_000)
    assert problem is not None
    assert len(problem) < 300


@pytest.mark.parametrize(
    ("look", "wanted"),
    [
        (checks.status_problem, "ok"),
        (checks.json_problem, {"$.[": 1}),
        (checks.json_problem, "$.a"),
        (checks.header_problem, "content-type"),
    ],
)
def test_a_check_that_makes_no_sense_is_an_error_of_the_user_code(look: Callable[..., Any], wanted: Any) -> None:
    with pytest.raises(InputError) as refused:
        look(RESPONSE, wanted)
    assert refused.value.hint


def test_a_body_that_is_no_json_is_a_problem_and_no_error_of_the_user_code() -> None:
    response = Response(response_order(body=b"<html>"), 1, "GET /")
    assert checks.json_problem(response, {"$.a": 1}) == "the body is not JSON at line 1, column 1: expected a value"
