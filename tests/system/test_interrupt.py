"""Ctrl-C and SIGTERM: work in flight ends, the report is written, and the exit code says that a person ended it."""

import signal
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .processes import Going, is_alive, until
from .test_worker_loss import load_flows

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])


@BOTH
def test_an_interrupted_run_drains_and_writes_its_reports(
    target: TargetProcess, json_file: Path, tmp_path: Path, number: signal.Signals
) -> None:
    junit = tmp_path / "report.xml"
    options = ("--rate", "100/s", "--for", "60s", "--json", json_file, "--junit", junit)
    with Going("run", f"{target.url}/delay/300ms", *options) as going:
        workers = going.workers(2)
        load_flows(target, 30)
        going.signal(number)
        done = going.end()
    assert done.exit_code == 130
    assert done.summary["run"]["state"] == "stopped"
    assert done.ledger["in_flight"] == 0, "what was in flight has ended"
    assert done.ledger["ok"] == target.stats()["requests"] == done.ledger["started"] > 30
    assert done.summary["run"]["duration_s"] < 60
    assert any("by hand" in event["text"] for event in done.summary["events"])
    assert "stopped" in done.stdout
    assert "<testsuite" in junit.read_text()
    assert not any(is_alive(worker) for worker in workers)


@BOTH
def test_a_second_signal_does_not_wait_for_what_never_ends(
    target: TargetProcess, json_file: Path, number: signal.Signals
) -> None:
    options = ("--rate", "20/s", "--for", "60s", "--grace", "10m", "--json", json_file)
    with Going("run", f"{target.url}/fault/never", *options) as going:
        going.workers(2)
        load_flows(target, 10)
        going.signal(number)
        # The load has ended when the target receives no more; what is in flight never ends by itself.
        counts = [-2, -1]

        def no_more_come() -> bool:
            counts.append(target.stats()["requests"])
            return len(counts) > 50 and counts[-1] == counts[-20]

        until(no_more_come, "end of the load")
        going.signal(number)
        done = going.end()
    assert done.exit_code == 130
    assert done.ledger["in_flight"] == done.ledger["started"] > 0
    assert "aborted" in str(done.summary["events"])


def test_an_interrupt_before_the_start_ends_without_a_traceback(target: TargetProcess) -> None:
    with Going("run", target.url, "--rate", "10/s", "--for", "60s") as going:
        going.workers(1)
        going.signal(signal.SIGINT)
        done = going.end()
    assert done.exit_code == 130


def test_an_interrupted_closed_run_balances(target: TargetProcess, json_file: Path) -> None:
    with Going("run", f"{target.url}/delay/10ms", "--users", "20", "--for", "60s", "--json", json_file) as going:
        load_flows(target, 100)
        going.signal(signal.SIGINT)
        done = going.end()
    assert done.exit_code == 130
    assert done.ledger["started"] == done.ledger["ok"] == target.stats()["requests"]
