from dataclasses import replace
from typing import Any

import pytest

from kilobar.model.summary import Ledger, ThresholdResult
from kilobar.model.threshold import Threshold, parse_threshold
from kilobar.runs.verdict import Evidence, Loss, judge

GOOD = Evidence(
    state="finished",
    ledger=Ledger(planned=1000, started=1000, ok=1000),
    arrivals_asked=1000,
    arrivals_started=1000,
    arrivals_planned=1000,
    start_lag_p99_ms=0.1,
    median_response_ms=5.0,
    requests=1000,
)


def threshold(text: str, value: float | None, ok: bool) -> tuple[Threshold, ThresholdResult]:
    return parse_threshold(text), ThresholdResult(text, value, ok)


def test_a_good_run_passes_without_a_word() -> None:
    verdict = judge(GOOD)
    assert (verdict.outcome, verdict.reasons) == ("passed", ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"arrivals_started": 989}, "989 of 1,000 planned iterations were started in time (98.9%)"),
        ({"arrivals_started": 1011}, "1,011 of 1,000"),
        ({"arrivals_asked": 0, "arrivals_planned": 0, "arrivals_started": 2}, "2 of 0"),
        ({"mean_users_asked": 50.0, "mean_users_active": 49.4}, "49.4 of 50.0 users were active (98.8%)"),
        ({"start_lag_p99_ms": 12.34}, "start lag p99 12.3 ms is above 10 ms; use more workers"),
        ({"start_lag_p99_ms": 12.34, "median_response_ms": None}, "start lag p99 12.3 ms"),
        ({"start_lag_p99_ms": 1.5}, "start lag p99 1.50 ms is above a tenth of the median response time of 5.00 ms"),
        ({"start_lag_p99_ms": 5.1, "is_by_python": True}, "start lag p99 5.10 ms is above a tenth of the median"),
        ({"start_lag_p99_ms": 12.34, "is_by_python": True}, "start lag p99 12.3 ms is above 10 ms; use more workers"),
        ({"loop_lag_p99_ms": 12.34}, "the generator could not keep up: loop lag p99 12.3 ms is above 10 ms; use more"),
        ({"loop_lag_p99_ms": 12.34, "median_response_ms": None}, "loop lag p99 12.3 ms"),
        ({"ledger": Ledger(planned=1000, started=998, dropped=2, ok=998)}, "2 of 1,000 planned iterations (0.20%)"),
        ({"ledger": Ledger(planned=1000, started=999, ok=999)}, "1,000 iterations were planned, but 999 were started"),
        ({"ledger": Ledger(planned=1000, started=1000, ok=999)}, "1,000 iterations were started, but 999 succeeded"),
        ({"arrivals_planned": 990}, "1,000 arrivals were due, but the workers account for 990"),
        ({"losses": (Loss(1, "killed by signal 9", 1312, healed=False),)},
         "worker 1 was lost (killed by signal 9) and no other took over its share; 1,312 iterations are lost"),
    ],
)  # fmt: skip
def test_a_measurement_that_cannot_be_trusted_is_invalid_and_says_why(changes: dict[str, Any], words: str) -> None:
    verdict = judge(replace(GOOD, **changes))
    assert verdict.outcome == "invalid"
    assert any(words in reason for reason in verdict.reasons), verdict.reasons


@pytest.mark.parametrize(
    "changes",
    [
        {"arrivals_started": 990},
        {"arrivals_asked": 3, "arrivals_planned": 3, "arrivals_started": 2},
        {"mean_users_asked": 50.0, "mean_users_active": 49.5},
        {"mean_users_asked": 50.0, "mean_users_active": 70.0},
        {"start_lag_p99_ms": 10.0, "median_response_ms": 200.0},
        {"start_lag_p99_ms": 1.0, "median_response_ms": 0.2},
        {"start_lag_p99_ms": 5.0, "median_response_ms": None},
        {"start_lag_p99_ms": 5.0, "median_response_ms": 0.2, "is_by_python": True},
        {"loop_lag_p99_ms": 10.0, "median_response_ms": 0.2},
        {"loop_lag_p99_ms": 10.0, "median_response_ms": None},
        {"ledger": Ledger(planned=1000, started=999, dropped=1, ok=999)},
        {"arrivals_planned": 999},
        {"arrivals_planned": None, "ledger": Ledger(planned=5, started=5, ok=5)},
        {"arrivals_planned": 900, "state": "stopped"},
        {"losses": (Loss(1, "killed by signal 9", 5, healed=True),)},
    ],
)
def test_what_is_within_the_limits_is_not_held_against_a_run(changes: dict[str, Any]) -> None:
    assert judge(replace(GOOD, **changes)).outcome == "passed"


def test_while_a_run_goes_its_books_may_be_open() -> None:
    going = replace(
        GOOD, is_over=False, ledger=Ledger(planned=9, started=8, ok=8), losses=(Loss(0, "x", 5, healed=False),)
    )
    assert judge(going).outcome == "passed"
    assert judge(replace(going, is_over=True)).outcome == "invalid"


def test_a_load_that_was_not_held_names_what_became_of_the_rest() -> None:
    lost = replace(GOOD, arrivals_started=900, losses=(Loss(0, "x", 60, True), Loss(2, "y", 40, True)))
    assert "100 were lost with workers 0, 2" in judge(lost).reasons[0]
    dropped = replace(GOOD, arrivals_started=900, ledger=Ledger(planned=1000, started=900, dropped=100, ok=900))
    assert "100 were dropped" in judge(dropped).reasons[0]
    slow = replace(GOOD, arrivals_started=900)
    assert "the generator could not keep up" in judge(slow).reasons[0]


def test_a_threshold_that_does_not_hold_fails_the_run_with_its_value_and_unit() -> None:
    late = replace(GOOD, thresholds=(threshold("p99 < 20ms", 31.25, False), threshold("errors < 1%", 0.0, True)))
    assert judge(late).outcome == "failed"
    assert judge(late).reasons == ("the threshold `p99 < 20ms` does not hold: it is 31.25 ms",)
    unmeasured = replace(GOOD, thresholds=(threshold("p99(x) < 20ms", None, False),))
    assert judge(unmeasured).reasons == ("the threshold `p99(x) < 20ms` does not hold: nothing was measured",)


@pytest.mark.parametrize(
    ("text", "value", "words"), [("rate > 500/s", 480.0, "it is 480/s"), ("failed < 2", 3.0, "it is 3"),
                                 ("errors < 1%", 2.5, "it is 2.5 %")]
)  # fmt: skip
def test_values_of_other_metrics_have_their_unit_too(text: str, value: float, words: str) -> None:
    assert judge(replace(GOOD, thresholds=(threshold(text, value, False),))).reasons[0].endswith(words)


def test_iterations_that_failed_without_a_failed_request_are_remarked_on() -> None:
    books = Ledger(planned=1000, started=1000, ok=990, failed=10)
    verdict = judge(replace(GOOD, ledger=books, first_failure="no stock"))
    assert verdict.outcome == "passed"
    assert verdict.reasons == (
        "10 of 1,000 iterations failed in a step that is no request, such as `fail`, a loop without an end or a Python "
        "function (the first: no stock)",
    )


def test_a_run_in_which_nothing_succeeded_fails_without_any_threshold() -> None:
    refused = replace(
        GOOD,
        ledger=Ledger(planned=1000, started=1000, failed=1000),
        failed_requests=1000,
        errors={"refused": 990, "reset": 10},
    )
    assert judge(refused).outcome == "failed"
    assert judge(refused).reasons == ("nothing succeeded: all 1,000 requests failed (refused 990, reset 10)",)
    before_all = replace(GOOD, ledger=Ledger(), requests=3, failed_requests=3, errors={"status": 3})
    assert judge(before_all).reasons == ("nothing succeeded: all 3 requests failed (status 3)",)
    silent = replace(GOOD, ledger=Ledger(planned=9, started=9, in_flight=9), requests=0)
    assert judge(silent).reasons == ("nothing succeeded: 9 iterations were started and no request ended",)
    by_hand = replace(GOOD, ledger=Ledger(planned=1000, started=1000, failed=1000))
    assert judge(by_hand).reasons == ("nothing succeeded: all 1,000 iterations that ended failed",)
    told = judge(replace(by_hand, first_failure="no stock")).reasons
    assert told == ("nothing succeeded: all 1,000 iterations that ended failed: no stock",)
    unfinished = replace(GOOD, ledger=Ledger(planned=9, started=9, in_flight=9), requests=20)
    assert judge(unfinished).outcome == "passed"
    nothing_ran = replace(GOOD, ledger=Ledger(), arrivals_asked=0, arrivals_started=0, arrivals_planned=0, requests=0)
    assert judge(nothing_ran).outcome == "passed"


def test_invalid_comes_before_failed_and_both_say_their_reasons() -> None:
    both = replace(GOOD, start_lag_p99_ms=50.0, thresholds=(threshold("p99 < 20ms", 31.25, False),))
    verdict = judge(both)
    assert verdict.outcome == "invalid"
    assert len(verdict.reasons) == 2
    assert "p99 < 20ms" in verdict.reasons[1]


def test_errors_that_no_threshold_judges_are_mentioned_when_the_run_passes() -> None:
    some = replace(GOOD, failed_requests=32, errors={"status": 30, "eof": 2})
    (reason,) = judge(some).reasons
    assert reason.startswith("32 of 1,000 requests failed (3.20%: status 30, eof 2) and no threshold judges that")
    judged = replace(some, thresholds=(threshold("errors < 5%", 3.2, True),))
    assert judge(judged).reasons == ()


def test_a_loop_lag_that_shows_in_the_response_times_is_a_remark() -> None:
    (reason,) = judge(replace(GOOD, loop_lag_p99_ms=1.416, median_response_ms=1.0)).reasons
    assert reason == (
        "response times include up to 1.42 ms (loop lag p99) of the generator's own delay, more than a tenth of their "
        "median of 1 ms; use fewer users per worker or a quieter machine"
    )
    assert judge(replace(GOOD, loop_lag_p99_ms=0.1, median_response_ms=1.0)).reasons == ()
    assert judge(replace(GOOD, loop_lag_p99_ms=5.0, median_response_ms=None)).reasons == ()


def test_a_healed_loss_and_a_stop_are_remarks() -> None:
    healed = replace(GOOD, state="stopped", losses=(Loss(1, "exit code 1: Traceback\n  boom", 5, healed=True),))
    verdict = judge(healed)
    assert verdict.outcome == "passed"
    assert "worker 1 was lost (exit code 1: Traceback) and its share was taken over" in verdict.reasons[0]
    assert "stopped before its end" in verdict.reasons[1]


def test_users_that_may_leave_by_themselves_are_remarked_on_and_nobody_is_blamed() -> None:
    evidence = replace(GOOD, mean_users_asked=50.0, mean_users_active=20.0, users_may_leave=True)
    verdict = judge(evidence)
    assert verdict.outcome == "passed"
    assert verdict.reasons == (
        "on average 20.0 of 50.0 users were active (40.0%), because others had left by themselves",
    )
    assert judge(replace(evidence, mean_users_active=50.0)).reasons == ()


def test_a_turn_that_python_began_late_is_remarked_on() -> None:
    (reason,) = judge(replace(GOOD, start_lag_p99_ms=3.2, median_response_ms=1.0, is_by_python=True)).reasons
    assert reason.startswith("response times include up to 3.2 ms (start lag p99) in which Python had not begun yet")
    assert judge(replace(GOOD, start_lag_p99_ms=3.2, median_response_ms=50.0, is_by_python=True)).reasons == ()


def test_when_everything_failed_the_failures_are_the_reason_and_not_a_lag_beside_them() -> None:
    books = Ledger(planned=1000, started=1000, failed=1000)
    everything = replace(
        GOOD, ledger=books, requests=1000, failed_requests=1000, start_lag_p99_ms=1.9, median_response_ms=0.2
    )
    assert judge(everything).outcome == "failed"
