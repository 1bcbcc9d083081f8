import json
import threading

import pytest

from kilobar.runs.occasion import Mishap, Occasion

from .intervals import plan, rate

FAILURE = {"step": "POST /x", "class": "status", "message": "it is 500", "request": "POST /x", "response": "no"}


def test_an_occasion_gives_on_what_it_left_and_is_told_what_was_left_before() -> None:
    asked: list[object] = []

    def perform(text: str, which: str, given: str | None) -> str:
        asked.append((json.loads(text)["name"], which, given))
        return json.dumps({"given": {"a": 1}, "failure": None})

    occasion = Occasion(plan(rate(1, 1)), "teardown", {"b": 2}, perform)
    outcome = occasion.outcome(10)
    assert outcome is not None
    assert (outcome.given, outcome.mishap) == ({"a": 1}, None)
    assert asked == [(plan(rate(1, 1)).name, "teardown", '{"b": 2}')]


def test_a_failure_is_told_with_what_was_left_before_it() -> None:
    answer = json.dumps({"given": {"a": 1}, "failure": FAILURE})
    outcome = Occasion(plan(rate(1, 1)), "setup", None, lambda *_: answer).outcome(10)
    assert outcome is not None
    assert outcome.given == {"a": 1}
    assert outcome.mishap == Mishap("POST /x", "status", "it is 500", "POST /x", "no")
    assert str(outcome.mishap) == "POST /x: it is 500 (status)"


@pytest.mark.parametrize("error", [OSError("no socket"), ValueError("no plan"), KeyError("x"), SystemExit(3)])
def test_whatever_goes_wrong_somebody_hears_of_it(error: BaseException) -> None:
    def perform(*_: object) -> str:
        raise error

    outcome = Occasion(plan(rate(1, 1)), "setup", None, perform).outcome(10)
    assert outcome is not None
    assert outcome.mishap is not None
    assert str(error) in outcome.mishap.message


def test_an_occasion_that_goes_on_has_no_outcome_yet() -> None:
    may_end = threading.Event()

    def perform(*_: object) -> str:
        may_end.wait(10)
        return '{"given": null, "failure": null}'

    occasion = Occasion(plan(rate(1, 1)), "setup", None, perform)
    assert occasion.outcome() is None
    may_end.set()
    assert occasion.outcome(10) is not None
