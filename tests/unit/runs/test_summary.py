import pytest

from kilobar.model.plan import Stage
from kilobar.model.summary import Event
from kilobar.model.threshold import parse_threshold
from kilobar.runs.asked import AskedLoad
from kilobar.runs.measurement import Measurement
from kilobar.runs.summary import Particulars, summarise

from .intervals import MS, SECOND_NS, interval, plan, rate, series, users

S = SECOND_NS
PARTICULARS = Particulars(
    "r-1", "shop", "2026-01-01T00:00:00+00:00", 2, (parse_threshold("p50 < 15ms"),), {"seed": "1"}
)


def measured(asked: AskedLoad) -> Measurement:
    measurement = Measurement(2, asked)
    for worker in range(2):
        steps = [series("list", [10 * MS, 20 * MS], failed=1), series("show", [30 * MS])]
        measurement.add(
            worker, interval(0, series=steps, start_lag_ns=[MS], planned=3, started=3, ok=2, failed=1, cpu_ns=S // 4)
        )
    return measurement


def test_a_summary_has_each_step_and_all_of_them_together() -> None:
    asked = AskedLoad(plan(rate(6, 1)))
    measurement = measured(asked)
    measurement.close_all()
    summary = summarise(PARTICULARS, measurement, asked, "finished", [], [Event(0.5, "x")], is_over=True)
    assert (summary.run_id, summary.name, summary.workers, summary.duration_s) == ("r-1", "shop", 2, 1.0)
    assert [(step.name, step.kind, step.count, step.failed) for step in summary.series] == [
        ("list", "http", 4, 2), ("show", "http", 2, 0),
    ]  # fmt: skip
    assert summary.series[0].errors == {"status": 2}
    assert summary.series[0].rate_per_s == 4.0
    assert summary.series[0].response_ms.max == pytest.approx(20, rel=0.001)
    assert (summary.total.name, summary.total.count, summary.total.failed) == ("all", 6, 2)
    assert summary.total.response_ms.max == pytest.approx(30, rel=0.001)
    assert set(summary.total.phases_ms) == {"dns", "connect", "tls", "send", "wait", "receive"}
    assert summary.start_lag_ms.p99 == pytest.approx(1, rel=0.001)
    assert summary.generator_cpu_s == 0.5
    assert (summary.asked_rate_per_s, summary.achieved_rate_per_s, summary.asked_users) == (6.0, 6.0, None)
    assert summary.events == (Event(0.5, "x"),)
    assert summary.thresholds[0].ok is False
    assert summary.outcome == "failed"


def test_a_summary_of_a_run_that_goes_on_is_of_its_closed_seconds() -> None:
    asked = AskedLoad(plan(rate(6, 100)))
    measurement = measured(asked)
    before = summarise(PARTICULARS, measurement, asked, "finished", [], [], is_over=False)
    assert (before.duration_s, before.achieved_rate_per_s, before.asked_rate_per_s) == (0.0, 0.0, None)
    measurement.close_seconds(S + 1, [0, 1])
    after = summarise(PARTICULARS, measurement, asked, "finished", [], [], is_over=False)
    assert (after.duration_s, after.achieved_rate_per_s, after.asked_rate_per_s) == (1.0, 6.0, 6.0)
    assert not any("not held" in reason for reason in after.reasons)


@pytest.mark.parametrize(
    ("load", "is_judged"), [((users(1, 1),), True), ((rate(1, 1), users(1, 1)), True), ((rate(1, 1),), False)]
)
def test_loop_lag_is_held_against_a_run_only_where_users_are_asked(load: tuple[Stage, ...], is_judged: bool) -> None:
    asked = AskedLoad(plan(*load))
    measurement = Measurement(1, asked)
    measurement.add(0, interval(0, series=[series("list", [MS])], loop_lag_ns=[30 * MS], planned=1, started=1, ok=1))
    measurement.close_all()
    summary = summarise(PARTICULARS, measurement, asked, "finished", [], [], is_over=True)
    assert summary.loop_lag_ms.p99 == pytest.approx(30, rel=0.001)
    assert any("loop lag p99 30.0 ms is above 10 ms" in reason for reason in summary.reasons) is is_judged
