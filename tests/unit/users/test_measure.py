import asyncio
from typing import Any

import pytest

from kilobar import StopUser
from kilobar.users.actor import Present, StepFailed
from kilobar.users.failure import Told
from kilobar.users.measure import MAX_NAME, Measure
from kilobar.users.turns import end

from .ordering_engine import FakeEngine, a_turn


def test_what_is_measured_is_counted_with_its_times_and_bytes(engine: FakeEngine) -> None:
    turn = a_turn(intended_ns=5)
    with Measure(Present(turn), "lookup") as step:
        step.bytes_in = 10
        step.bytes_out += 3
    (counted,) = engine.steps
    assert (counted.flow, counted.name, counted.kind, counted.error) == (0, "lookup", "measure", None)
    assert (counted.bytes_in, counted.bytes_out) == (10, 3)
    assert counted.intended_ns == 5 < counted.began_ns <= counted.ended_ns
    assert turn.has_counted


def test_only_the_first_step_of_a_turn_counts_from_when_the_turn_was_due(engine: FakeEngine) -> None:
    present = Present(a_turn(intended_ns=5))
    for name in ("first", "second"):
        with Measure(present, name):
            pass
    assert [step.intended_ns == step.began_ns for step in engine.steps] == [False, True]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ValueError("no"), "script", "ValueError: no (tests/"),
        (SystemExit(1), "script", "sys.exit(1) was called"),
        (StepFailed("status", "status 500"), "status", "status 500"),
        (StopUser(), None, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_exception_makes_it_a_failed_step_and_goes_on(
    engine: FakeEngine, error: BaseException, kind: str | None, words: str
) -> None:
    with pytest.raises(type(error)), Measure(Present(a_turn()), "lookup"):
        raise error
    (counted,) = engine.steps
    assert counted.error == kind
    assert (counted.message or "").startswith(words)
    assert "\n" not in (counted.message or "")


def test_a_step_that_was_told_to_fail_fails_its_turn_without_an_exception(engine: FakeEngine) -> None:
    turn = a_turn()
    with Measure(Present(turn), "lookup") as step:
        step.fail("empty answer")
        step.fail("another reason")
    (counted,) = engine.steps
    assert (counted.error, counted.message) == ("check", "empty answer")
    end(turn, 1, None)
    (ended,) = engine.ends
    assert (ended.outcome, ended.message, ended.name) == (1, "empty answer", None)


def test_steps_of_one_turn_may_be_open_at_the_same_time(engine: FakeEngine) -> None:
    present = Present(a_turn())

    async def main() -> None:
        first_is_open, second_is_done = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            async with Measure(present, "first"):
                first_is_open.set()
                await second_is_done.wait()

        async def second() -> None:
            await first_is_open.wait()
            async with Measure(present, "second") as step:
                step.fail("no")
            second_is_done.set()

        await asyncio.gather(first(), second())

    asyncio.run(main())
    assert [(step.name, step.error) for step in engine.steps] == [("second", "check"), ("first", None)]


def test_a_step_that_outlives_its_turn_is_counted_in_the_turn_where_it_began(engine: FakeEngine) -> None:
    turn = a_turn()
    present = Present(turn)
    with Measure(present, "lookup"):
        present.turn = None
    assert turn.has_counted


def test_between_two_turns_nothing_can_be_measured(engine: FakeEngine) -> None:
    with (
        pytest.raises(Told, match=r"self.measure\('lookup'\) was used between two turns"),
        Measure(Present(), "lookup"),
    ):
        pass
    assert engine.steps == []


def test_names_are_bounded_and_may_be_anything(engine: FakeEngine) -> None:
    names: list[Any] = ["x" * 1_000, 7]
    for name in names:
        with Measure(Present(a_turn()), name):
            pass
    assert [step.name for step in engine.steps] == ["x" * MAX_NAME, "7"]


def test_a_reason_that_has_no_form_in_utf_8_is_told_all_the_same(engine: FakeEngine) -> None:
    turn = a_turn()
    with Measure(Present(turn), "step \udcff") as step:
        step.fail("bad \udcff")
    assert (engine.steps[0].name, engine.steps[0].message) == ("step ?", "bad ?")
    assert turn.failed == "bad ?"
