import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.errors import FleetError, InputError
from kilobar.model.data import Csv, DataFile, DataSet, InlineRows
from kilobar.model.fleet import IntervalArrived, Readable, StopAsked
from kilobar.model.live import Live
from kilobar.model.plan import Plan
from kilobar.model.summary import Summary
from kilobar.model.threshold import parse_threshold
from kilobar.runs.run import Run, ready_timeout_ns

from .fake_fleet import NEVER, Clock, FakeFleet, Fate
from .intervals import MS, SECOND_NS, plan, rate, users

S = SECOND_NS


class Execution:
    """A run on simulated workers, with what a person does to it: (time of the run in ns, method, arguments)."""

    def __init__(
        self,
        plan: Plan,
        workers: int = 2,
        fates: dict[int, Fate] | None = None,
        acts: list[tuple[int, str, tuple[Any, ...]]] | None = None,
        response_ns: int = 20 * MS,
    ) -> None:
        self.clock = Clock()
        self.fleet = FakeFleet(workers, self.clock, fates, response_ns)
        self.run = Run(plan, self.fleet, run_id="r-1", command="kilobar run x", now=self.clock)
        self.acts = sorted(acts or [])
        self.looks: list[Live] = []

    def go(self) -> Summary:
        for live in self.looking():
            self.looks.append(live)
        assert self.looks[-1].phase == "ended"
        assert self.fleet.watched == set()
        return self.run.summary

    def looking(self) -> Iterator[Live]:
        """A timer of the caller, told as a readable file descriptor, carries out the acts in time."""
        poll = self.fleet.poll
        timer_fd = 99

        def due() -> bool:
            start_ns = self.fleet.members[0].start_ns
            return bool(self.acts) and start_ns != NEVER and self.clock.now_ns >= start_ns + self.acts[0][0]

        def poll_with_timer(timeout_s: float) -> list[Any]:
            start_ns = self.fleet.members[0].start_ns
            if self.acts and start_ns != NEVER:
                timeout_s = min(timeout_s, max(start_ns + self.acts[0][0] - self.clock.now_ns, 0) / S)
            return [*poll(timeout_s), *([Readable(timer_fd)] if due() else [])]

        def act() -> bool:
            while due():
                _, name, arguments = self.acts.pop(0)
                getattr(self.run, name)(*arguments)
            return bool(self.acts)

        self.fleet.poll = poll_with_timer  # type: ignore[method-assign]
        return self.run.execute({timer_fd: act} if self.acts else None)

    def commands(self, name: str) -> list[dict[str, Any]]:
        return [dict(command) for member in self.fleet.members for command in member.commands if command["do"] == name]


def test_a_run_asks_for_the_plan_and_accounts_for_every_iteration() -> None:
    execution = Execution(plan(rate(100, 5)), workers=3)
    summary = execution.go()
    assert (summary.state, summary.outcome, summary.reasons) == ("finished", "passed", ())
    assert (summary.ledger.planned, summary.ledger.ok, summary.ledger.balances) == (500, 500, True)
    assert (summary.duration_s, summary.asked_rate_per_s, summary.achieved_rate_per_s) == (5.0, 100.0, 100.0)
    assert (summary.workers, summary.run_id, summary.name) == (3, "r-1", "test")
    assert summary.rss_bytes == 30_000_000
    assert summary.environment["command"] == "kilobar run x"
    points = summary.timeline
    assert [point.started for point in points] == [100, 100, 100, 100, 100, 0]
    assert points[-1].duration_s == pytest.approx(0.02)
    assert points[0].response_ms.p99 == pytest.approx(20, rel=0.001)
    json.dumps(summary.to_dict())


def test_all_workers_get_the_plan_the_same_start_and_their_part_of_the_limit() -> None:
    execution = Execution(plan(rate(100, 1), max_in_flight=11), workers=3)
    execution.go()
    starts = execution.commands("start")
    prepares = execution.commands("prepare")
    assert [prepare["worker"] for prepare in prepares] == [0, 1, 2]
    assert [prepare["plan"]["max_in_flight"] for prepare in prepares] == [11, 11, 11]
    assert [start["max_in_flight"] for start in starts] == [4, 4, 3]
    assert len({start["start_at_ns"] for start in starts}) == 1
    assert starts[0]["owners"][:6] == (0, 1, 2, 0, 1, 2)


def test_every_worker_gets_a_lease_twice_a_second() -> None:
    execution = Execution(plan(rate(10, 10)), workers=2)
    execution.go()
    for member in execution.fleet.members:
        assert 16 <= sum(command["do"] == "lease" for command in member.commands) <= 21


def test_looks_come_about_every_second_and_go_through_the_phases() -> None:
    execution = Execution(plan(rate(100, 3), grace_ns=10 * S), response_ns=2500 * MS)
    execution.go()
    phases = [look.phase for look in execution.looks]
    assert sorted(set(phases), key=phases.index) == ["starting", "running", "draining", "ended"]
    gaps = [b.elapsed_s - a.elapsed_s for a, b in zip(execution.looks, execution.looks[1:], strict=False)]
    assert max(gaps) <= 1.6
    running = [look for look in execution.looks if look.phase == "running"]
    assert running[-1].latest is not None
    assert running[-1].latest.duration_s == 1.0
    assert (running[0].load_s, running[0].workers_alive, running[0].scale) == (3.0, 2, 1.0)
    draining = [look for look in execution.looks if look.phase == "draining"]
    assert all(look.grace_left_s is not None and 0 <= look.grace_left_s <= 10 for look in draining)
    assert running[0].grace_left_s is None


def test_a_worker_that_dies_is_replaced_and_what_was_due_on_it_is_lost() -> None:
    execution = Execution(plan(rate(1000, 60)), workers=2, fates={1: Fate(dies_at_ns=20 * S + 400 * MS)})
    summary = execution.go()
    assert summary.state == "finished"
    assert summary.ledger.planned == 60_000
    assert summary.ledger.balances
    # Half of the arrivals from its last report at 20 s until 150 ms after its death, and the 10 it had in flight.
    assert summary.ledger.lost == pytest.approx((0.4 + 0.15) * 500 + 10, abs=3)
    assert summary.ledger.started == 60_000 - summary.ledger.lost
    (members,) = execution.commands("members")
    assert set(members["owners"]) == {0}
    assert members["effective_at_ns"] == pytest.approx(20 * S + 550 * MS, abs=5 * MS)
    assert summary.outcome == "passed"
    assert "worker 1 was lost (killed by signal 9) and its share was taken over" in summary.reasons[0]
    (event,) = summary.events
    assert event.at_s == pytest.approx(20.4, abs=0.01)
    assert event.text.startswith("worker 1 lost (killed by signal 9); its share moved to the others after 0.15 s; ")
    assert [point.start_s for point in summary.timeline if point.degraded] == [20.0]
    assert sum(point.lost for point in summary.timeline) == summary.ledger.lost
    assert summary.timeline[30].started == 1000


def test_the_survivors_of_each_loss_share_the_whole_limit_again() -> None:
    fates = {1: Fate(dies_at_ns=20 * S + 100 * MS), 0: Fate(dies_at_ns=40 * S)}
    execution = Execution(plan(rate(100, 100), max_in_flight=11), workers=4, fates=fates)
    assert execution.go().outcome == "passed"
    parts = [
        [(command["do"], command["max_in_flight"]) for command in member.commands if "max_in_flight" in command]
        for member in execution.fleet.members
    ]
    assert parts == [
        [("start", 3), ("members", 4)],
        [("start", 3)],
        [("start", 3), ("members", 4), ("members", 6)],
        [("start", 2), ("members", 3), ("members", 5)],
    ]


def test_a_loss_of_more_than_a_hundredth_of_the_load_makes_the_run_invalid() -> None:
    execution = Execution(plan(rate(1000, 5)), workers=2, fates={0: Fate(dies_at_ns=2 * S + 900 * MS)})
    summary = execution.go()
    assert (summary.state, summary.outcome) == ("finished", "invalid")
    assert summary.ledger.balances
    assert f"{summary.ledger.lost:,} were lost with worker 0" in summary.reasons[0]


def test_two_losses_are_healed_by_whoever_is_left() -> None:
    fates = {0: Fate(dies_at_ns=20 * S + 100 * MS), 2: Fate(dies_at_ns=20 * S + 150 * MS)}
    execution = Execution(plan(rate(900, 100)), workers=3, fates=fates)
    summary = execution.go()
    assert (summary.state, summary.outcome) == ("finished", "passed")
    assert summary.ledger.planned == 90_000
    assert summary.ledger.balances
    assert len(summary.events) == 2
    assert execution.looks[-1].so_far.timeline[50].started == 900
    last = [command for command in execution.fleet.members[1].commands if command["do"] == "members"]
    assert last[0]["effective_at_ns"] < last[1]["effective_at_ns"]
    assert set(last[1]["owners"]) == {1}


def test_the_loss_of_the_last_worker_fails_the_run_and_ends_its_books_there() -> None:
    fates = {0: Fate(dies_at_ns=2 * S + 300 * MS), 1: Fate(dies_at_ns=3 * S + 500 * MS)}
    execution = Execution(plan(rate(100, 10)), workers=2, fates=fates)
    summary = execution.go()
    assert (summary.state, summary.outcome) == ("failed", "invalid")
    assert summary.ledger.balances
    assert summary.ledger.planned == pytest.approx(350, abs=1)
    assert summary.duration_s == pytest.approx(3.5, abs=0.01)
    assert any("worker 1 was lost" in reason and "no other took over" in reason for reason in summary.reasons)
    assert "no worker is left" in summary.events[-1].text
    assert execution.looks[-1].elapsed_s < 4


def test_both_workers_dying_at_once_leaves_no_loss_healed() -> None:
    fates = {index: Fate(dies_at_ns=2 * S + 300 * MS) for index in range(2)}
    summary = Execution(plan(rate(100, 10)), workers=2, fates=fates).go()
    assert (summary.state, summary.outcome) == ("failed", "invalid")
    assert sum("no other took over" in reason for reason in summary.reasons) == 2
    assert summary.ledger.balances


def test_a_silent_worker_is_killed_before_its_share_moves() -> None:
    execution = Execution(plan(rate(1000, 100)), workers=2, fates={1: Fate(hangs_at_ns=20 * S + 100 * MS)})
    summary = execution.go()
    assert execution.fleet.killed == [1]
    assert summary.ledger.balances
    assert summary.ledger.planned == 100_000
    (members,) = execution.commands("members")
    assert members["effective_at_ns"] - 20 * S < 2 * S
    (event,) = summary.events
    assert event.text.startswith("worker 1 lost (silent for 1.")
    assert summary.outcome == "passed"


def test_a_controller_that_was_not_scheduled_for_a_while_loses_nobody() -> None:
    execution = Execution(plan(rate(100, 10)), workers=2)
    execution.fleet.stalls_ns = [(execution.clock.now_ns + 3 * S, 4 * S)]
    summary = execution.go()
    assert execution.fleet.killed == []
    assert (summary.outcome, summary.ledger.ok) == ("passed", 1000)


def test_an_interval_that_comes_late_is_counted_in_its_own_second() -> None:
    execution = Execution(plan(rate(100, 6)), workers=2, fates={1: Fate(delays_ns={1: 1700 * MS, 2: 700 * MS})})
    summary = execution.go()
    assert summary.ledger.ok == 600
    assert [point.started for point in summary.timeline] == [100] * 6 + [0]
    assert (summary.outcome, summary.achieved_rate_per_s) == ("passed", 100.0)
    seen = [look.latest.started for look in execution.looks if look.latest is not None and look.latest.start_s == 1.0]
    assert seen
    assert set(seen) == {50}


def test_a_worker_that_dies_while_draining_leaves_only_its_own_iterations_unknown() -> None:
    execution = Execution(
        plan(rate(100, 5)), workers=2, fates={1: Fate(dies_at_ns=6 * S + 500 * MS)}, response_ns=2 * S
    )
    summary = execution.go()
    assert summary.state == "finished"
    assert summary.ledger.planned == 500
    assert summary.ledger.balances
    assert summary.ledger.lost == pytest.approx(50, abs=2)
    assert execution.commands("members") == []
    assert "the load had ended" in summary.events[0].text


def test_a_worker_that_does_not_end_is_killed_after_its_grace() -> None:
    execution = Execution(plan(rate(100, 2), grace_ns=3 * S), workers=2, fates={0: Fate(never_done=True)})
    summary = execution.go()
    assert execution.fleet.killed == [0]
    assert summary.ledger.balances
    assert 10 <= execution.looks[-1].elapsed_s <= 10.3
    assert "did not end when it should have" in summary.events[0].text


def test_a_stop_lets_work_in_flight_end_and_judges_what_ran() -> None:
    execution = Execution(plan(rate(100, 60), grace_ns=7 * S), acts=[(2 * S + 500 * MS, "stop", ())])
    summary = execution.go()
    assert (summary.state, summary.outcome) == ("stopped", "passed")
    assert summary.ledger.planned == pytest.approx(260, abs=1)
    assert (summary.ledger.balances, summary.ledger.in_flight) == (True, 0)
    assert summary.duration_s == pytest.approx(2.6, abs=0.01)
    assert summary.achieved_rate_per_s == pytest.approx(100, rel=0.01)
    stops = execution.commands("stop")
    assert len(stops) == 2
    assert stops[0]["grace_ns"] == 7 * S
    assert stops[0]["effective_at_ns"] == stops[1]["effective_at_ns"] == int(summary.duration_s * S)
    assert summary.reasons == ("the run was stopped before its end and is judged on what ran",)


def test_a_second_stop_ends_the_run_at_once_with_its_books_in_order() -> None:
    acts: list[tuple[int, str, tuple[Any, ...]]] = [(2 * S, "stop", ()), (3 * S, "stop", ()), (3 * S, "stop", ())]
    execution = Execution(plan(rate(100, 60)), acts=acts, response_ns=20 * S)
    summary = execution.go()
    assert summary.state == "stopped"
    assert len(execution.commands("abort")) == 2
    assert summary.ledger.balances
    assert summary.ledger.in_flight == summary.ledger.started > 200
    assert execution.looks[-1].elapsed_s < 3.5


def test_a_run_that_is_stopped_before_it_starts_has_nothing_to_account_for() -> None:
    execution = Execution(plan(rate(100, 5)), fates={0: Fate(never_ready=True)})
    execution.run.stop()
    summary = execution.go()
    assert (summary.state, summary.ledger.planned, summary.timeline) == ("stopped", 0, ())
    assert execution.commands("start") == []


def test_a_live_change_reaches_all_workers_and_the_asked_load() -> None:
    execution = Execution(plan(rate(100, 10)), acts=[(3 * S + 800 * MS, "scale", (2.0,)), (6 * S, "scale", (0.5,))])
    summary = execution.go()
    assert summary.outcome == "passed"
    assert summary.ledger.balances
    assert [round(point.asked_rate_per_s or 0) for point in summary.timeline[:10]] == [100] * 4 + [200] * 2 + [
        120, 100, 100, 100,
    ]  # fmt: skip
    assert summary.ledger.ok == pytest.approx(1220, abs=2)
    assert [command["factor"] for command in execution.commands("scale")] == [2.0, 0.5] * 2
    assert [event.text for event in summary.events] == [
        "load changed by hand to 2 times the plan", "load changed by hand to 1 times the plan",
    ]  # fmt: skip
    assert {look.scale for look in execution.looks} == {1.0, 2.0}


def test_a_change_too_near_the_end_or_after_it_is_not_made() -> None:
    execution = Execution(plan(rate(100, 3)), acts=[(2 * S + 900 * MS, "scale", (2.0,))])
    assert execution.go().ledger.ok == 300
    assert execution.commands("scale") == []


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_factor_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="cannot be multiplied"):
        Execution(plan()).run.scale(factor)


def test_a_worker_lost_after_a_live_change_is_written_off_at_the_changed_rate() -> None:
    execution = Execution(
        plan(rate(100, 100)), fates={1: Fate(dies_at_ns=50 * S + 500 * MS)}, acts=[(10 * S, "scale", (3.0,))]
    )
    summary = execution.go()
    assert summary.ledger.balances
    assert summary.ledger.lost == pytest.approx((0.5 + 0.15) * 150 + 3, abs=3)
    assert summary.ledger.planned == pytest.approx(100 * 10.2 + 300 * 89.8, abs=2)


def test_closed_users_are_held_and_a_lost_worker_gives_its_users_to_the_others() -> None:
    execution = Execution(plan(users(10, 60)), workers=2, fates={1: Fate(dies_at_ns=30 * S + 200 * MS)})
    summary = execution.go()
    assert (summary.state, summary.outcome) == ("finished", "passed")
    assert summary.ledger.balances
    assert summary.ledger.lost == 5
    assert (summary.asked_users, summary.asked_rate_per_s) == (10, None)
    assert summary.timeline[10].asked_users == 10
    assert summary.timeline[40].active_users == 10


def test_users_that_are_missing_without_any_failure_make_the_run_invalid() -> None:
    execution = Execution(plan(users(10, 10)), workers=1)
    member = execution.fleet.members[0]
    all_users = member._users
    member._users = lambda time_ns: all_users(time_ns) - 1  # type: ignore[method-assign]
    summary = execution.go()
    assert summary.outcome == "invalid"
    assert "on average 9.0 of 10.0 users were active (90.0%)" in summary.reasons[0]


def test_books_of_a_worker_that_do_not_balance_make_the_run_invalid_with_both_numbers() -> None:
    execution = Execution(plan(rate(100, 5)), fates={0: Fate(loses_in_books=2)})
    summary = execution.go()
    assert summary.outcome == "invalid"
    assert "500 iterations were started, but 498 succeeded" in summary.reasons[0]


def test_thresholds_are_judged_on_the_whole_run() -> None:
    execution = Execution(plan(rate(100, 3)))
    execution.run = Run(
        plan(rate(100, 3)), execution.fleet, thresholds=[parse_threshold("p99 < 10ms")], now=execution.clock
    )
    summary = execution.go()
    assert summary.outcome == "failed"
    assert summary.thresholds[0].value == pytest.approx(20, rel=0.001)


def test_workers_that_do_not_get_ready_fail_the_start() -> None:
    execution = Execution(plan(), workers=3, fates={1: Fate(never_ready=True)})
    with pytest.raises(FleetError, match=r"1 of 3 workers were not ready within 10 s \(the first one is worker 1\)"):
        execution.go()


def test_a_worker_that_dies_before_it_is_ready_fails_the_start_with_its_own_words() -> None:
    execution = Execution(plan(), fates={1: Fate(never_ready=True, how="exit code 1: no such file")})
    execution.fleet.kill(1)
    with pytest.raises(FleetError, match="worker 1 could not start: killed by signal 9"):
        execution.go()


def test_a_run_starts_when_the_slowest_worker_has_read_its_files_however_silent_it_was() -> None:
    execution = Execution(plan(rate(100, 2)), workers=3, fates={1: Fate(prepares_for_ns=8 * S)})
    began_ns = execution.clock.now_ns
    summary = execution.go()
    assert (summary.outcome, summary.ledger.planned, summary.ledger.ok) == ("passed", 200, 200)
    starts = execution.commands("start")
    assert len({start["start_at_ns"] for start in starts}) == 1
    assert starts[0]["start_at_ns"] - began_ns == pytest.approx(8 * S, abs=S)
    assert not any("plan" in start for start in starts)


def test_workers_may_take_longer_for_files_that_are_large() -> None:
    slow = {0: Fate(prepares_for_ns=25 * S)}
    with pytest.raises(FleetError, match="1 of 2 workers were not ready within 10 s"):
        Execution(plan(), fates=slow).go()
    file = DataFile("/rows.csv", Csv(), rows=10, bytes=1_000_000_000)
    with_data = replace(plan(), data=(DataSet("rows", file, ("a",)),))
    assert ready_timeout_ns(with_data) == 30 * S
    assert Execution(with_data, fates=slow).go().outcome == "passed"


def test_a_plan_that_a_worker_refuses_is_bad_input() -> None:
    execution = Execution(plan(), fates={1: Fate(refuses=True)})
    with pytest.raises(InputError, match="there is no such thing") as caught:
        execution.go()
    assert caught.value.code == "plan-refused"


def test_an_interval_that_cannot_be_read_costs_its_worker() -> None:
    execution = Execution(plan(rate(100, 60)))
    looks = execution.looking()
    while next(looks).elapsed_s < 2:
        pass
    execution.fleet.queue.append(IntervalArrived(0, b"nonsense"))
    for live in looks:
        execution.looks.append(live)
    assert execution.fleet.killed == [0]
    assert "cannot be read" in execution.run.summary.events[0].text
    assert execution.run.summary.ledger.balances


def test_more_workers_than_iterations_in_flight_are_refused() -> None:
    with pytest.raises(InputError, match="3 workers cannot share 2"):
        Execution(plan(rate(1, 1), max_in_flight=2), workers=3)


@given(st.data())
def test_whatever_happens_the_ledger_balances_and_every_arrival_is_accounted_for(data: st.DataObject) -> None:
    workers = data.draw(st.integers(1, 4), "workers")
    times = st.integers(0, 7 * S)
    fates = {
        index: data.draw(
            st.builds(
                Fate,
                dies_at_ns=st.one_of(st.just(NEVER), times),
                hangs_at_ns=st.one_of(st.just(NEVER), times),
                delays_ns=st.dictionaries(st.integers(0, 5), st.integers(0, 2 * S), max_size=2),
                never_done=st.booleans(),
            ),
            f"fate {index}",
        )
        for index in range(workers)
    }
    acts = data.draw(
        st.lists(
            st.one_of(
                st.tuples(times, st.just("stop"), st.just(())),
                st.tuples(times, st.just("scale"), st.tuples(st.sampled_from([0.5, 2.0, 1.3]))),
            ),
            max_size=4,
        ),
        "acts",
    )
    response_ns = data.draw(st.integers(1, 3 * S), "response_ns")
    load = plan(rate(data.draw(st.integers(1, 300), "rate"), 6), grace_ns=2 * S)
    execution = Execution(load, workers, fates, acts, response_ns)
    summary = execution.go()
    assert summary.ledger.balances
    if not execution.commands("abort"):
        assert summary.ledger.planned == execution.run._asked.arrivals()
    assert not any("balance" in reason or "not complete" in reason for reason in summary.reasons)
    assert sum(point.started for point in summary.timeline) >= summary.ledger.started
    assert execution.looks[-1].elapsed_s < 7 + 2 + 5 + 2


def test_workers_without_users_do_not_wait_for_the_end_when_all_others_have_left() -> None:
    rows = DataSet("d", InlineRows((("1",),)), ("n",), "unique", "user", "stop")
    execution = Execution(plan(users(1, 60), data=(rows,)), workers=2)
    owner = execution.fleet.members[execution.run._members.owners[0]]
    leaves_ns = 2 * S + 300 * MS
    type_of = type(owner)

    class Leaving(type_of):  # type: ignore[valid-type, misc]
        @property
        def over_ns(self) -> int:
            return leaves_ns

    owner.__class__ = Leaving
    summary = execution.go()
    assert (summary.state, summary.outcome) == ("finished", "passed")
    assert summary.duration_s < 3
    assert [command["do"] for command in execution.commands("stop")] == ["stop"]
    assert summary.events == ()


def test_a_step_that_stops_the_run_is_the_one_event_of_its_end() -> None:
    execution = Execution(plan(rate(100, 60)))
    stops = [StopAsked(0, "sold out"), StopAsked(1, "sold out")]
    poll = execution.fleet.poll

    def poll_with_stops(timeout_s: float) -> list[Any]:
        due = execution.clock.now_ns >= execution.fleet.members[0].start_ns + 2 * S
        said, stops[:] = (list(stops), []) if due else ([], list(stops))
        return [*poll(timeout_s), *said]

    execution.fleet.poll = poll_with_stops  # type: ignore[method-assign]
    summary = execution.go()
    assert (summary.state, summary.outcome) == ("stopped", "passed")
    assert [event.text for event in summary.events] == ["a step stops the run: sold out"]
    assert len(execution.commands("stop")) == 2
