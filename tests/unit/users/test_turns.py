import pytest

from kilobar import StopRun, StopUser
from kilobar.users.actor import StepFailed
from kilobar.users.turns import FAILED, OK, RUN_STOPS, USER_LEAVES, end

from .ordering_engine import FakeEngine, a_turn


def test_a_turn_that_counted_nothing_is_counted_under_its_name(engine: FakeEngine) -> None:
    turn = a_turn(number=9)
    turn.name, turn.pause_ns = "Query", 5
    end(turn, 3, None)
    (told,) = engine.ends
    assert (told.turn, told.began_ns, told.outcome, told.message, told.name, told.pause_ns) == (
        9,
        3,
        OK,
        None,
        "Query",
        5,
    )
    assert told.ended_ns > 3


def test_a_turn_that_counted_steps_is_not_counted_again(engine: FakeEngine) -> None:
    turn = a_turn()
    turn.name, turn.has_counted = "Query", True
    end(turn, 3, StepFailed("status", "status 500"))
    assert (engine.ends[0].outcome, engine.ends[0].message, engine.ends[0].name) == (FAILED, "status 500", None)


@pytest.mark.parametrize(
    ("error", "failed", "outcome", "message"),
    [
        (None, None, OK, None),
        (None, "empty", FAILED, "empty"),
        (StopUser(), None, USER_LEAVES, None),
        (StopUser(), "empty", FAILED, "empty"),
        (StopRun("enough"), None, RUN_STOPS, "enough"),
        (StopRun("enough"), "empty", RUN_STOPS, "enough"),
        (StopRun(), None, RUN_STOPS, "StopRun was raised"),
        (StopRun("\udcff"), None, RUN_STOPS, "?"),
        (BaseExceptionGroup("", [StopUser()]), None, USER_LEAVES, None),
        (ValueError("no"), "empty", FAILED, "ValueError: no"),
    ],
    ids=repr,
)
def test_what_was_raised_and_what_failed_decide_together(
    engine: FakeEngine, error: BaseException | None, failed: str | None, outcome: int, message: str | None
) -> None:
    turn = a_turn()
    turn.failed = failed
    end(turn, 3, error)
    assert (engine.ends[0].outcome, engine.ends[0].message) == (outcome, message)
