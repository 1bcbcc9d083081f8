"""The ledger against what the target counted: equal, to the last request."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import kilobar

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_open_run_starts_exactly_what_the_target_receives(
    target: TargetProcess, json_file: Path, workers: str
) -> None:
    done = kilobar(
        "run", target.url, "--rate", "237/s", "--for", "1s", "--workers", workers, "--json", json_file, "--seed", "3"
    )
    done.must_end_with(0)
    assert done.summary["run"]["workers"] == int(workers)
    assert done.ledger["planned"] == done.ledger["started"] == done.ledger["ok"] == 237
    assert target.stats()["requests"] == 237
    assert target.stats()["by_status"] == {"200": 237}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_closed_run_starts_exactly_what_the_target_receives(
    target: TargetProcess, json_file: Path, workers: str
) -> None:
    done = kilobar(
        "run", f"{target.url}/delay/5ms", "--users", "7", "--for", "1s", "--workers", workers, "--json", json_file
    )
    done.must_end_with(0)
    assert done.ledger["started"] == done.ledger["ok"] == done.ledger["planned"] > 7
    assert target.stats()["requests"] == done.ledger["started"]


def test_bytes_are_those_that_the_target_counted(target: TargetProcess, json_file: Path) -> None:
    done = kilobar("run", f"{target.url}/bytes/10000", "--rate", "50/s", "--for", "1s", "--json", json_file)
    stats = target.stats()
    assert done.summary["total"]["bytes_out"] == stats["bytes_in"]
    assert done.summary["total"]["bytes_in"] >= 50 * 10_000


def test_the_timeline_adds_up_to_the_ledger(target: TargetProcess, json_file: Path) -> None:
    done = kilobar("run", target.url, "--rate", "100/s to 300/s", "--for", "2s", "--json", json_file)
    assert done.ledger["planned"] == 400
    for count in ("started", "ok", "failed", "dropped", "lost"):
        assert sum(point[count] for point in done.summary["timeline"]) == done.ledger[count], count


def test_poisson_arrivals_are_the_same_for_the_same_seed(
    target: TargetProcess, scenario: Callable[[str], Path], tmp_path: Path
) -> None:
    file = scenario(f"target: {target.url}\narrivals: poisson\nsteps: [get: /]\nload: {{rate: 200/s, for: 1s}}\n")
    planned = []
    for number, (seed, workers) in enumerate([("5", "1"), ("5", "2"), ("6", "1")]):
        done = kilobar(
            "run", file, "--seed", seed, "--workers", workers, "--json", tmp_path / f"{number}.json", "--quiet"
        )
        assert done.ledger["started"] == done.ledger["planned"]
        planned.append(done.ledger["planned"])
    assert planned[0] == planned[1]
    assert planned[0] != planned[2]
    assert target.stats()["requests"] == sum(planned)


def test_values_that_a_step_saves_flow_into_later_ones(target: TargetProcess, json_file: Path) -> None:
    done = kilobar(
        "run", ROOT / "examples/shop.yaml", "--rate", "60/s", "--for", "1s", "--json", json_file,
        env={"SHOP_URL": target.url},
    )  # fmt: skip
    done.must_end_with(0)
    flows = {flow["name"]: flow["count"] for flow in done.summary["flows"]}
    assert flows["browse"] + flows["buy"] == 60
    assert done.errors == {}
    assert done.series("order")["count"] == flows["buy"] > 0
    assert done.series("show item")["count"] == flows["browse"] > 0
    by_path = target.stats()["by_path"]
    assert by_path == {
        "POST /login": 60,
        "GET /items": 60,
        "GET /items/{id}": flows["browse"],
        "POST /orders": flows["buy"],
    }
    assert target.stats()["by_status"] == {"200": 120 + flows["browse"], "201": flows["buy"]}


def test_no_response_time_is_below_the_delay_that_the_target_has(target: TargetProcess, json_file: Path) -> None:
    done = kilobar("run", f"{target.url}/delay/50ms", "--rate", "40/s", "--for", "1s", "--json", json_file)
    times = done.summary["total"]
    for clock in ("response_ms", "service_ms"):
        values = [times[clock][name] for name in ("min", "p50", "p90", "p99", "max")]
        # The histogram rounds to three digits.
        assert values[0] >= 50 * 0.999
        assert values == sorted(values)
        assert times[clock]["count"] == 40
    assert times["phases_ms"]["wait"]["count"] == 40


def test_a_body_that_trickles_is_time_of_receiving(target: TargetProcess, json_file: Path) -> None:
    done = kilobar(
        "run", f"{target.url}/slow/3/100ms", "--rate", "30/s", "--for", "1s", "--json", json_file, "--workers", "1"
    )
    assert done.ledger["ok"] == 30
    total = done.summary["total"]
    assert total["service_ms"]["min"] >= 200 * 0.999, "two pieces come 100 ms each after the one before"
    assert total["phases_ms"]["receive"]["p50"] > total["phases_ms"]["wait"]["p50"]


def test_the_planned_number_of_a_ramp_is_exact(
    target: TargetProcess, scenario: Callable[[str], Path], json_file: Path
) -> None:
    file = scenario(
        f"target: {target.url}\nsteps: [get: /]\nload:\n"
        "  - {rate: 0/s to 100/s, for: 500ms}\n  - {rate: 100/s, for: 500ms}\n  - {rate: 100/s to 0/s, for: 500ms}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    assert done.ledger["planned"] == 25 + 50 + 25
    assert target.stats()["requests"] == 100


def test_users_and_rates_may_follow_each_other(
    target: TargetProcess, scenario: Callable[[str], Path], json_file: Path
) -> None:
    file = scenario(
        f"target: {target.url}\nsteps: [get: /delay/20ms]\nload:\n"
        "  - {rate: 100/s, for: 500ms}\n  - {users: 3, for: 500ms}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    assert done.ledger["started"] == target.stats()["requests"] > 50
    assert done.ledger["ok"] == done.ledger["started"]
