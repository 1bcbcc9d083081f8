"""How many workers a plan needs on this machine.

A worker serves tens of thousands of requests a second on one core, so a small load needs only one of them; more would
cost a process each (some 10 ms of start, some 10 MB) and give nothing. But with two, a worker that dies can be replaced
by the other one in the middle of the run. Hence:

* one worker for every 5,000 arrivals/s or 500 users, at a tenth or so of what it could do, which keeps its lag low;
* at least two, at most one for each usable core (the controller needs so little that it gets no core of its own);
* more than cores only when the sockets asked for do not fit into the file descriptors of a process;
* never more than there are users or arrivals, nor than iterations that may be in flight;
* users that Python executes get one worker for each usable core at once: an interpreter uses only one.
"""

from __future__ import annotations

import math
import os
import resource
from pathlib import Path

from kilobar.errors import InputError
from kilobar.model.plan import Plan

MAX_WORKERS = 1024
RATE_OF_A_WORKER_PER_S = 5_000
USERS_OF_A_WORKER = 500
SPARE_FILES = 200
"""File descriptors of a worker that are not sockets to the target: libraries, resolver, the controller's stream."""


def workers_for(plan: Plan, asked: int | None, cores: int, files_of_a_worker: int) -> int:
    """The number of workers: `asked` when it is given and possible. Raises InputError."""
    most = min(_most_useful(plan), MAX_WORKERS)
    if asked is not None:
        if not 1 <= asked <= MAX_WORKERS:
            raise InputError(f"{asked} workers are not possible: the number must be from 1 to {MAX_WORKERS}")
        if asked > _most_possible(plan):
            raise InputError(
                f"{asked} workers are more than the {plan.max_in_flight} iterations that may be in flight",
                hint="use fewer workers or a larger max_in_flight",
            )
        return asked
    by_load = math.ceil(max(_peak_rate_per_s(plan) / RATE_OF_A_WORKER_PER_S, _peak_users(plan) / USERS_OF_A_WORKER))
    by_cores = cores if plan.code is not None else min(max(by_load, 2), cores)
    by_files = math.ceil(_peak_sockets(plan) / max(files_of_a_worker - SPARE_FILES, 1))
    return max(min(max(by_cores, by_files), most), 1)


def usable_cores(cgroup_root: Path = Path("/sys/fs/cgroup"), process: Path = Path("/proc/self/cgroup")) -> int:
    """Cores that this process may use: its affinity, and no more than its control group's quota (at least one)."""
    return max(math.floor(min(len(os.sched_getaffinity(0)), _cgroup_cores(cgroup_root, process))), 1)


def files_of_a_worker() -> int:
    """Open files that a worker may have. Workers raise their soft limit to the hard one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 2**31 if hard == resource.RLIM_INFINITY else hard


def _peak_rate_per_s(plan: Plan) -> float:
    return max((max(stage.start, stage.end) for stage in plan.load if stage.kind == "rate"), default=0.0)


def _peak_users(plan: Plan) -> int:
    peak = max((max(stage.start, stage.end) for stage in plan.load if stage.kind == "users"), default=0.0)
    return math.ceil(peak)


def _peak_sockets(plan: Plan) -> int:
    """A user or an iteration keeps at most one connection to each origin."""
    concurrent = max(_peak_users(plan), plan.max_in_flight if plan.is_open else 0)
    return concurrent * max(len(plan.origins), 1)


def _most_useful(plan: Plan) -> int:
    arrivals = sum((s.start + s.end) / 2 * s.duration_ns / 1e9 for s in plan.load if s.kind == "rate")
    return min(max(math.ceil(arrivals), _peak_users(plan)), _most_possible(plan))


def _most_possible(plan: Plan) -> int:
    return plan.max_in_flight if plan.is_open else MAX_WORKERS


def _cgroup_cores(root: Path, process: Path) -> float:
    """The smallest quota of the process's control groups, version 1 or 2, in cores; infinite without one."""
    try:
        lines = process.read_text().splitlines()
    except OSError:
        return math.inf
    quotas = [math.inf]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        base = root if not controllers else root / "cpu"
        if controllers and "cpu" not in controllers.split(","):
            continue
        group = base / path.lstrip("/")
        while True:
            quotas.append(_quota_cores(group))
            if group in (base, group.parent):
                break
            group = group.parent
    return min(quotas)


def _quota_cores(group: Path) -> float:
    try:
        if (version_2 := group / "cpu.max").exists():
            quota, period = version_2.read_text().split()
        else:
            quota = (group / "cpu.cfs_quota_us").read_text().strip()
            period = (group / "cpu.cfs_period_us").read_text().strip()
        return math.inf if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError):
        return math.inf
