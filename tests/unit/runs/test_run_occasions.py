"""Setup and teardown of a run, on simulated workers and a clock that the test owns."""

import json
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from kilobar.model.live import Live
from kilobar.model.plan import Plan
from kilobar.model.summary import Summary
from kilobar.runs import run as running
from kilobar.runs.occasion import Mishap, Outcome
from kilobar.runs.run import Run

from .fake_fleet import Clock, FakeFleet
from .intervals import SECOND_NS, plan, rate

S = SECOND_NS
GIVEN = {"variables": [["token", '"t"', False]], "jar": []}


class FakeOccasion:
    """Steps that take so long on the clock of the test."""

    clock: Clock
    takes_ns: ClassVar = {"setup": S, "teardown": S}
    mishaps: ClassVar[dict[str, Mishap]] = {}
    begun: ClassVar[list[tuple[str, Any]]] = []

    def __init__(self, plan: Plan, which: str, given: Any, perform: object) -> None:
        self.begun.append((which, given))
        self.which = which
        self.ends_ns = self.clock.now_ns + self.takes_ns[which]

    def outcome(self, timeout_s: float = 0.0) -> Outcome | None:
        if self.clock.now_ns < self.ends_ns:
            return None
        return Outcome(GIVEN, self.mishaps.get(self.which))


class Ran:
    """A run with setup and teardown; `stops` are the phases in which a person stops it."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, takes_s: tuple[int, int] = (1, 1), stops: tuple[str, ...] = (),
        mishaps: dict[str, Mishap] | None = None,
    ) -> None:  # fmt: skip
        self.clock = Clock()
        self.begun: list[tuple[str, Any]] = []
        monkeypatch.setattr(FakeOccasion, "clock", self.clock, raising=False)
        monkeypatch.setattr(FakeOccasion, "takes_ns", {"setup": takes_s[0] * S, "teardown": takes_s[1] * S})
        monkeypatch.setattr(FakeOccasion, "mishaps", mishaps or {})
        monkeypatch.setattr(FakeOccasion, "begun", self.begun)
        monkeypatch.setattr(running, "Occasion", FakeOccasion)
        base = plan(rate(100, 5))
        whole = replace(base, setup=base.flows[0].steps, teardown=base.flows[0].steps)
        self.fleet = FakeFleet(2, self.clock)
        run = Run(whole, self.fleet, now=self.clock)
        self.looks: list[Live] = []
        left = list(stops)
        for live in run.execute():
            self.looks.append(live)
            while left and live.phase == left[0]:
                left.pop(0)
                run.stop()
        self.summary: Summary = run.summary

    @property
    def phases(self) -> list[str]:
        return list(dict.fromkeys(live.phase for live in self.looks))

    @property
    def starts(self) -> list[dict[str, Any]]:
        commands = [command for member in self.fleet.members for command in member.commands]
        return [json.loads(json.dumps(command)) for command in commands if command["do"] == "start"]


def mishap(which: str) -> dict[str, Mishap]:
    return {which: Mishap("POST /x", "status", "it is 500", "POST /x HTTP/1.1", "HTTP/1.1 500")}


def test_setup_comes_before_the_load_and_teardown_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = Ran(monkeypatch)
    assert ran.begun == [("setup", None), ("teardown", GIVEN)]
    assert [start["given"] for start in ran.starts] == [GIVEN] * 2
    assert ran.phases == ["setup", "starting", "running", "draining", "teardown", "ended"]
    assert (ran.summary.outcome, ran.summary.ledger.planned) == ("passed", 500)


def test_a_setup_that_takes_longer_than_workers_may_take_to_get_ready_loses_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = Ran(monkeypatch, takes_s=(60, 120))
    assert (ran.summary.outcome, ran.summary.state, ran.summary.events) == ("passed", "finished", ())
    assert ran.summary.duration_s == 5


def test_a_setup_that_fails_starts_no_load_and_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = Ran(monkeypatch, mishaps=mishap("setup"))
    assert ran.begun == [("setup", None), ("teardown", GIVEN)]
    assert ran.starts == []
    assert (ran.summary.outcome, ran.summary.state) == ("failed", "failed")
    assert ran.summary.reasons == ("setup failed, so no load was started: POST /x: it is 500 (status)",)
    assert [(sample.series, sample.error) for sample in ran.summary.samples] == [("POST /x", "status")]


def test_a_teardown_that_fails_is_an_event_and_no_failure_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = Ran(monkeypatch, mishaps=mishap("teardown"))
    assert ran.summary.outcome == "passed"
    (event,) = ran.summary.events
    assert event.text == "teardown failed: POST /x: it is 500 (status)"
    assert event.at_s > 5


def test_a_stop_during_setup_waits_for_it_and_undoes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = Ran(monkeypatch, takes_s=(5, 1), stops=("setup",))
    assert ran.begun == [("setup", None), ("teardown", GIVEN)]
    assert (ran.starts, ran.summary.state) == ([], "stopped")


def test_a_stop_of_the_load_is_torn_down_and_an_abort_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [which for which, _ in Ran(monkeypatch, stops=("running",)).begun] == ["setup", "teardown"]
    aborted = Ran(monkeypatch, stops=("running", "running"))
    assert [which for which, _ in aborted.begun] == ["setup"]
    assert aborted.summary.ledger.balances


def test_two_stops_end_a_teardown_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = Ran(monkeypatch, takes_s=(1, 10_000), stops=("teardown",) * 2)
    assert ran.phases[-1] == "ended"
    assert [event.text for event in ran.summary.events] == ["teardown was aborted by hand"]
