"""Workers that die, hang or lose their controller: the run goes on, the books balance, and the report says so."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import Finished
from .processes import Going, is_alive, until

TAKEOVER_S = 2.0
"""What the design promises: within this time the share of a dead worker is fired by the others."""


def received(target: TargetProcess) -> int:
    return int(target.stats()["requests"])


def load_flows(target: TargetProcess, requests: int) -> None:
    """Waits until the target has received so many requests: the run is in the middle of its load."""
    until(lambda: received(target) >= requests, f"{requests} requests")


@pytest.fixture(params=["killed", "stopped"])
def bereaved_open_run(request: pytest.FixtureRequest, target: TargetProcess, json_file: Path) -> Iterator[Finished]:
    """Two workers and 200/s for 6 s; one worker is killed, or hangs, after about a second."""
    options = ("--rate", "200/s", "--for", "6s", "--workers", "2", "--json", json_file)
    with Going("run", f"{target.url}/delay/20ms", *options) as going:
        victim = going.workers(2)[1]
        load_flows(target, 150)
        os.kill(victim, signal.SIGKILL if request.param == "killed" else signal.SIGSTOP)
        done = going.end()
        # A worker that hangs is killed, so that it cannot come back and fire what others have taken over.
        assert not is_alive(victim)
        yield done


def test_the_others_take_over_the_share_of_a_worker_that_is_lost(
    bereaved_open_run: Finished, target: TargetProcess
) -> None:
    done = bereaved_open_run
    assert done.summary["run"]["state"] == "finished"
    ledger = done.ledger
    assert ledger["planned"] == 1200
    assert ledger["lost"] > 0
    assert ledger["failed"] == 0
    (event,) = [event for event in done.summary["events"] if "lost" in event["text"]]
    assert "worker 1 lost" in event["text"]
    assert f"{ledger['lost']:,} iterations lost" in event["text"]
    assert "worker 1" in done.reasons or done.blames_the_machine

    timeline = done.summary["timeline"]
    # The requests of the dead worker's last moments reached the target, but nobody can say so any more.
    assert ledger["started"] <= received(target) <= ledger["planned"]

    degraded = [point["start_s"] for point in timeline if point["degraded"]]
    assert degraded
    assert max(degraded) - event["at_s"] < TAKEOVER_S
    last_two = [point for point in timeline if 4 <= point["start_s"] < 6]
    assert sum(point["started"] for point in last_two) == pytest.approx(400, rel=0.02)


def test_an_arrival_that_the_others_had_passed_already_is_still_fired_by_them(
    target: TargetProcess, json_file: Path
) -> None:
    # At 2/s the survivor waits for its arrival at 1 s; the one at 0.5 s becomes its own while it waits.
    with Going("run", target.url, "--rate", "2/s", "--for", "4s", "--workers", "2", "--json", json_file) as going:
        victim = going.workers(2)[1]
        load_flows(target, 1)
        os.kill(victim, signal.SIGKILL)
        done = going.end()
    assert done.ledger["planned"] == 8
    assert done.ledger["started"] + done.ledger["lost"] == 8
    assert received(target) >= done.ledger["started"]


def test_closed_users_of_a_dead_worker_go_on_at_another(target: TargetProcess, json_file: Path) -> None:
    options = ("--users", "10", "--for", "5s", "--workers", "2", "--json", json_file)
    with Going("run", f"{target.url}/delay/20ms", *options) as going:
        victim = going.workers(2)[0]
        load_flows(target, 300)
        os.kill(victim, signal.SIGKILL)
        done = going.end()
    assert done.summary["run"]["state"] == "finished"
    assert done.ledger["lost"] <= 5 + done.ledger["started"]
    assert any("worker 0 lost" in event["text"] for event in done.summary["events"])
    points = {point["start_s"]: point["active_users"] for point in done.summary["timeline"]}
    assert points[0.0] == 10
    assert points[3.0] == 10, "the users of the dead worker are back"


def test_without_any_worker_left_the_run_has_failed_and_its_numbers_are_invalid(
    target: TargetProcess, json_file: Path
) -> None:
    options = ("--rate", "200/s", "--for", "20s", "--workers", "1", "--json", json_file)
    with Going("run", target.url, *options) as going:
        (only,) = going.workers(1)
        load_flows(target, 50)
        os.kill(only, signal.SIGKILL)
        done = going.end()
    assert done.exit_code == 3
    assert done.summary["run"]["state"] == "failed"
    assert done.summary["verdict"]["outcome"] == "invalid"
    assert done.ledger["lost"] > 0
    assert "worker 0 was lost" in done.reasons


def test_workers_do_not_outlive_their_controller(target: TargetProcess) -> None:
    with Going("run", target.url, "--rate", "50/s", "--for", "60s", "--workers", "2") as going:
        workers = going.workers(2)
        load_flows(target, 10)
        going.signal(signal.SIGKILL)
        until(lambda: not any(is_alive(worker) for worker in workers), "end of the workers", 10)
    sent = received(target)
    assert received(target) == sent


def test_what_was_in_flight_on_a_worker_that_dies_while_draining_is_lost(
    target: TargetProcess, json_file: Path
) -> None:
    options = ("--rate", "40/s", "--for", "500ms", "--grace", "4s", "--workers", "2", "--json", json_file)
    with Going("run", f"{target.url}/fault/never", *options) as going:
        victim = going.workers(2)[0]
        load_flows(target, 20)
        os.kill(victim, signal.SIGKILL)
        done = going.end()
    assert done.ledger["planned"] == 20
    assert done.ledger["lost"] == done.ledger["in_flight"] == 10
    assert any("worker 0 lost" in event["text"] for event in done.summary["events"])


def test_two_of_three_workers_may_die_one_after_the_other(target: TargetProcess, json_file: Path) -> None:
    options = ("--rate", "150/s", "--for", "5s", "--workers", "3", "--json", json_file)
    with Going("run", target.url, *options) as going:
        first, second, _ = going.workers(3)
        load_flows(target, 100)
        os.kill(first, signal.SIGKILL)
        load_flows(target, 250)
        os.kill(second, signal.SIGKILL)
        done = going.end()
    assert done.summary["run"]["state"] == "finished"
    assert done.ledger["planned"] == 750
    assert sum("lost (" in event["text"] for event in done.summary["events"]) == 2
    last = [point["started"] for point in done.summary["timeline"] if point["start_s"] == 4]
    assert last == pytest.approx([150], rel=0.05)
