"""What happens at a limit: of iterations in flight, of open files."""

from pathlib import Path

from kilobar.target import TargetProcess

from .command import kilobar


def test_arrivals_past_max_in_flight_are_dropped_counted_and_make_the_run_invalid(
    target: TargetProcess, json_file: Path
) -> None:
    done = kilobar(
        "run", f"{target.url}/delay/400ms", "--rate", "100/s", "--for", "1s", "--max-in-flight", "10",
        "--json", json_file,
    )  # fmt: skip
    assert done.exit_code == 3
    ledger = done.ledger
    assert ledger["planned"] == 100
    assert ledger["dropped"] + ledger["started"] == 100
    assert ledger["dropped"] >= 60
    assert target.stats()["requests"] == ledger["started"]
    assert "dropped because max_in_flight was reached" in done.reasons
    assert "dropped" in done.stdout


def test_more_users_than_a_process_may_have_files_get_more_workers(target: TargetProcess, json_file: Path) -> None:
    done = kilobar(
        "run", f"{target.url}/delay/100ms", "--users", "400", "--for", "1s", "--json", json_file,
        prefix=("prlimit", "--nofile=300:300"),
    )  # fmt: skip
    assert done.summary["run"]["workers"] >= 4
    assert done.errors == {}
    assert done.summary["connections"]["opened"] >= 400
    assert done.ledger["started"] == target.stats()["requests"]


def test_workers_that_are_asked_for_are_started_also_when_one_would_do(target: TargetProcess, json_file: Path) -> None:
    done = kilobar("run", target.url, "--rate", "30/s", "--for", "1s", "--workers", "3", "--json", json_file)
    assert done.summary["run"]["workers"] == 3
    assert done.ledger["started"] == 30
