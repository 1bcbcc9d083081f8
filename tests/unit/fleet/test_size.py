import os
from dataclasses import replace
from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.fleet.size import files_of_a_worker, usable_cores, workers_for
from kilobar.model.plan import Code, CodeClass, Origin, Plan, Stage

S = 1_000_000_000
MANY = 1_000_000


def plan(*load: Stage, max_in_flight: int = 10_000, origins: int = 1) -> Plan:
    return Plan(
        name="test",
        seed=1,
        arrivals="uniform",
        load=load,
        flows=(),
        series=(),
        variables=(),
        origins=tuple(Origin("http", "127.0.0.1", 8000 + port) for port in range(origins)),
        max_in_flight=max_in_flight,
    )


def rate(per_s: float, seconds: float = 10) -> Stage:
    return Stage("rate", 0, per_s, int(seconds * S))


def users(count: float) -> Stage:
    return Stage("users", count, count, 10 * S)


@pytest.mark.parametrize(
    ("load", "cores", "workers"),
    [
        (rate(100), 8, 2),
        (rate(100), 1, 1),
        (rate(20_000), 8, 4),
        (rate(20_001), 8, 5),
        (rate(1_000_000), 8, 8),
        (users(50), 8, 2),
        (users(1_600), 8, 4),
        (users(1), 8, 1),
        (rate(0.2), 8, 1),
    ],
)
def test_the_load_decides_between_two_and_one_for_each_core(load: Stage, cores: int, workers: int) -> None:
    assert workers_for(plan(load), None, cores, MANY) == workers


def test_users_that_are_code_get_a_worker_for_each_core_but_never_more_than_there_are() -> None:
    code = Code({"kind": "classes"}, (CodeClass("A", "threads"),))
    assert workers_for(replace(plan(users(50)), code=code), None, 8, MANY) == 8
    assert workers_for(replace(plan(rate(100)), code=code), None, 1, MANY) == 1
    assert workers_for(replace(plan(users(3)), code=code), None, 8, MANY) == 3
    assert workers_for(replace(plan(rate(0.2)), code=code), None, 8, MANY) == 1
    assert workers_for(replace(plan(users(50)), code=code), 2, 8, MANY) == 2


def test_more_workers_than_cores_only_when_sockets_do_not_fit() -> None:
    assert workers_for(plan(users(9_000)), None, 2, 1_200) == 9
    assert workers_for(plan(users(9_001)), None, 2, 1_200) == 10
    assert workers_for(plan(users(9_000), origins=2), None, 2, 1_200) == 18
    assert workers_for(plan(rate(100), max_in_flight=5_000), None, 2, 1_200) == 5
    assert workers_for(plan(users(MANY)), None, 2, 201) == 1024


def test_there_are_never_more_workers_than_iterations_in_flight() -> None:
    assert workers_for(plan(rate(50_000), max_in_flight=3), None, 8, MANY) == 3
    with pytest.raises(InputError, match="4 workers are more than the 3 iterations"):
        workers_for(plan(rate(50_000), max_in_flight=3), 4, 8, MANY)


def test_what_the_user_asks_for_wins_within_the_limits() -> None:
    assert workers_for(plan(rate(100)), 7, 2, MANY) == 7
    assert workers_for(plan(users(1)), 2, 2, MANY) == 2
    for impossible in (0, -1, 1025):
        with pytest.raises(InputError, match="from 1 to 1024"):
            workers_for(plan(rate(100)), impossible, 2, MANY)


def test_a_quota_of_the_control_group_limits_the_cores(tmp_path: Path) -> None:
    affinity = len(os.sched_getaffinity(0))
    process = tmp_path / "process"
    root = tmp_path / "cgroup"
    (root / "a" / "b").mkdir(parents=True)
    process.write_text("0::/a/b\n")
    assert usable_cores(root, process) == affinity
    (root / "a" / "b" / "cpu.max").write_text("max 100000\n")
    assert usable_cores(root, process) == affinity
    (root / "a" / "cpu.max").write_text("150000 100000\n")
    assert usable_cores(root, process) == 1
    (root / "a" / "cpu.max").write_text("1000 100000\n")
    assert usable_cores(root, process) == 1
    (root / "a" / "cpu.max").write_text("nonsense")
    assert usable_cores(root, process) == affinity


def test_version_1_of_control_groups_is_understood(tmp_path: Path) -> None:
    process = tmp_path / "process"
    group = tmp_path / "cgroup" / "cpu" / "a"
    group.mkdir(parents=True)
    process.write_text("5:memory:/m\n4:cpu,cpuacct:/a\n")
    (group / "cpu.cfs_quota_us").write_text("-1\n")
    (group / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(tmp_path / "cgroup", process) == len(os.sched_getaffinity(0))
    (group / "cpu.cfs_quota_us").write_text("100000\n")
    assert usable_cores(tmp_path / "cgroup", process) == 1


def test_a_machine_without_control_groups_has_its_affinity(tmp_path: Path) -> None:
    assert usable_cores(tmp_path, tmp_path / "missing") == len(os.sched_getaffinity(0))


def test_a_worker_may_have_some_files() -> None:
    assert files_of_a_worker() > 0
