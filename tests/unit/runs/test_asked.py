import pytest

from kilobar.model.data import DataSet, InlineRows
from kilobar.model.plan import Flow
from kilobar.model.steps import Set
from kilobar.model.template import Column, Template
from kilobar.runs.asked import AskedLoad

from .intervals import SECOND_NS, plan, rate, users

S = SECOND_NS


def test_a_ramp_asks_for_its_mean_and_a_pause_in_the_plan_for_nothing() -> None:
    asked = AskedLoad(plan(rate(0, 10, to_per_s=100), rate(0, 5)))
    assert asked.mean_rate_per_s(0, 10 * S) == pytest.approx(50)
    assert asked.mean_rate_per_s(2 * S, 3 * S) == pytest.approx(25)
    assert asked.mean_rate_per_s(10 * S, 15 * S) == 0.0
    assert asked.mean_rate_per_s(15 * S, 16 * S) is None
    assert asked.users_at(S) is None
    assert asked.arrivals() == 500


def test_a_live_change_counts_from_its_instant() -> None:
    asked = AskedLoad(plan(rate(100, 10)))
    asked.scale(4 * S + S // 2, 2.0)
    assert asked.mean_rate_per_s(4 * S, 5 * S) == pytest.approx(150)
    assert asked.mean_rate_per_s(0, 10 * S) == pytest.approx(155)
    assert asked.arrivals() == 1550
    asked.scale(9 * S, 0.5)
    assert asked.factor == 1.0
    assert asked.mean_rate_per_s(9 * S, 10 * S) == pytest.approx(100)


def test_a_stopped_load_asks_for_nothing_afterwards_and_never_ends_later() -> None:
    asked = AskedLoad(plan(rate(100, 10)))
    asked.stop(3 * S + S // 2)
    asked.stop(20 * S)
    assert asked.end_ns == 3 * S + S // 2
    assert asked.arrivals() == 350
    assert asked.only_kind(3 * S, 4 * S) == "rate"
    assert asked.only_kind(4 * S, 5 * S) is None
    assert asked.planned_of([True, False], 3 * S, 10 * S) == 25


def test_in_a_mixed_load_only_seconds_of_one_kind_are_judged() -> None:
    asked = AskedLoad(plan(rate(100, 2.5), users(10, 2.5), rate(40, 1.5)))
    assert [asked.only_kind(s * S, (s + 1) * S) for s in range(8)] == [
        "rate", "rate", None, "users", "users", "rate", "rate", None,
    ]  # fmt: skip
    assert asked.arrivals() == 200 + 60
    assert asked.mean_rate_per_s(0, 7 * S) == pytest.approx((250 + 60) / 4)
    assert asked.users_at(3 * S) == 10
    assert asked.peak_users(7 * S) == 10


def test_the_peak_of_users_follows_ramps_and_live_changes() -> None:
    asked = AskedLoad(plan(users(0, 4, to_count=8), users(8, 4)))
    assert asked.peak_users(2 * S) == 4
    assert asked.peak_users(8 * S) == 8
    asked.scale(6 * S, 1.5)
    assert asked.peak_users(8 * S) == 12
    assert AskedLoad(plan(rate(5, 1))).peak_users(S) is None


def test_a_load_ends_with_its_rows_whenever_that_is() -> None:
    rows = DataSet("d", InlineRows(tuple(("1",) for _ in range(300))), ("n",), "unique", "iteration", "stop")
    step = Set(0, Template.of(Column(0, 0)))
    asked = AskedLoad(plan(rate(100, 60), data=(rows,), variables=("v",), flows=(Flow("f", 1.0, (step,)),)))
    assert asked.arrivals() == 300
    assert asked.end_ns == pytest.approx(3 * S, abs=10_000_001)
    asked.scale(S, 2.0)
    assert asked.arrivals() == 300
    assert asked.end_ns == pytest.approx(2 * S, abs=10_000_001)
    asked.stop(S)
    assert asked.end_ns == S
