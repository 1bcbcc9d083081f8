"""`kilobar run`: the main job. A scenario or a URL in, held load, true numbers and a verdict out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from kilobar.cli.interrupt import Interrupt
from kilobar.cli.keyboard import Keyboard
from kilobar.cli.live import LiveView
from kilobar.cli.outputs import Outputs
from kilobar.cli.scenario_argument import check_argument
from kilobar.errors import InputError
from kilobar.model.plan import Plan
from kilobar.model.summary import Summary
from kilobar.scenario import Overrides
from kilobar.wiring import local_run

EXIT_CODES = {"passed": 0, "failed": 1, "invalid": 3}
EXIT_INTERRUPTED = 130


def run(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|URL", help="A scenario file, or a URL to get.")],
    rate: Annotated[
        str | None, typer.Option(help="Open load: iterations per time, such as 500/s or '0/s to 500/s'.")
    ] = None,
    users: Annotated[str | None, typer.Option(help="Closed load: users, such as 50 or '0 to 50'.")] = None,
    duration: Annotated[str | None, typer.Option("--for", help="Length of the load, such as 30s or 5m.")] = None,
    threshold: Annotated[list[str] | None, typer.Option(help="Such as 'p99 < 200ms'; may be repeated.")] = None,
    json_files: Annotated[
        list[Path] | None, typer.Option("--json", metavar="FILE", help="Write the summary as JSON.")
    ] = None,
    html_files: Annotated[
        list[Path] | None, typer.Option("--html", metavar="FILE", help="Write a report for browsers.")
    ] = None,
    junit_files: Annotated[
        list[Path] | None, typer.Option("--junit", metavar="FILE", help="Write the verdict as JUnit XML.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; by default as many as the load needs.")] = None,
    fleet: Annotated[str, typer.Option(help="Where workers run: local.")] = "local",
    target: Annotated[str | None, typer.Option(help="Replaces the scenario's target.")] = None,
    allow: Annotated[list[str] | None, typer.Option(help="A public host that may be loaded; may be repeated.")] = None,
    max_in_flight: Annotated[int | None, typer.Option(help="Iterations that may be in flight at once.")] = None,
    grace: Annotated[str | None, typer.Option(help="How long work in flight may go on after the load.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seeds everything random, to repeat a run.")] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No live view, and only the verdict at the end.")
    ] = False,
) -> int:
    """Run a load test and judge it.

    Exit code 0 passed, 1 failed, 2 bad input, 3 invalid measurement, 130 interrupted.
    """
    if fleet != "local":
        raise InputError(
            f"there is no fleet {fleet!r} in this version", hint="leave out --fleet: this machine is the fleet"
        )
    outputs = Outputs.of(json_files or [], html_files or [], junit_files or [])
    overrides = Overrides(
        rate=rate,
        users=users,
        duration=duration,
        thresholds=tuple(threshold or ()),
        seed=seed,
        allow=tuple(allow or ()),
        target=target,
        max_in_flight=max_in_flight,
        grace=grace,
    )
    checked = check_argument(scenario, overrides)
    plan = checked.require()
    for warning in checked.diagnostics:
        print(warning, file=sys.stderr)
    summary, interrupted = run_plan(plan, workers=workers, quiet=quiet)
    outputs.write(summary)
    return EXIT_INTERRUPTED if interrupted else EXIT_CODES[summary.outcome]


def run_plan(plan: Plan, *, workers: int | None = None, quiet: bool = False) -> tuple[Summary, bool]:
    """Executes a plan under the live view and prints its summary. Also tells whether a person ended it."""
    command = shlex.join(["kilobar", *sys.argv[1:]])
    with (
        local_run(plan, workers=workers, command=command) as current,
        Interrupt(current.stop) as interrupt,
        Keyboard(current.scale) as keyboard,
    ):
        inputs = {**interrupt.inputs(), **keyboard.inputs()}
        if quiet:
            for _ in current.execute(inputs):
                pass
        else:
            with LiveView() as view:
                for live in current.execute(inputs):
                    view.show(live)
        summary = current.summary
    _print_summary(summary, quiet=quiet)
    return summary, interrupt.happened


def _print_summary(summary: Summary, *, quiet: bool) -> None:
    if quiet:
        from kilobar.report.words import sentences

        print(sentences(summary)[0])
        return
    if sys.stdout.isatty():
        from rich.console import Console

        from kilobar.report.terminal import summary_view

        console = Console()
        console.print(summary_view(summary, console.width))
        return
    from kilobar.report.terminal import summary_text

    print(summary_text(summary), end="")
