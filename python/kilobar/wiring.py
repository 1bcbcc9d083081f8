"""The one place that picks concrete classes: which fleet executes a run."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from kilobar.fleet.local import LocalFleet
from kilobar.fleet.process import code_worker_argv, worker_argv
from kilobar.fleet.size import files_of_a_worker, usable_cores, workers_for
from kilobar.model.plan import Plan
from kilobar.model.summary import Summary
from kilobar.model.threshold import parse_threshold
from kilobar.runs.run import Run


@contextmanager
def local_run(plan: Plan, *, workers: int | None = None, command: str = "") -> Iterator[Run]:
    """A run on this machine whose workers are starting; they are ended with the context.

    Raises InputError for a number of workers that is not possible, FleetError when none can be started.
    """
    count = workers_for(plan, workers, usable_cores(), files_of_a_worker())
    if plan.calls_python:
        # `setup` and `teardown` are executed by this process. Imported only for plans that need it.
        from kilobar.fleet.python_calls import answer_calls_of

        answer_calls_of(plan)
    argv = worker_argv if plan.code is None else code_worker_argv(plan.code.source["kind"])
    with LocalFleet(count, argv) as fleet:
        fleet.start()
        thresholds = [parse_threshold(text) for text in plan.thresholds]
        yield Run(plan, fleet, thresholds=thresholds, run_id=new_run_id(), command=command)


def execute(plan: Plan, *, workers: int | None = None) -> Summary:
    """Executes a plan on this machine without showing anything."""
    with local_run(plan, workers=workers) as run:
        for _ in run.execute():
            pass
        return run.summary


def new_run_id() -> str:
    """Sorts by time and is unique: `20261120-184501-3f9a`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
