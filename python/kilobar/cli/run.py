"""`kilobar run`: the main job. A scenario or a URL in, held load, true numbers and a verdict out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from kilobar.cli import exit_codes
from kilobar.cli.interrupt import Interrupt
from kilobar.cli.keyboard import Keyboard
from kilobar.cli.live import LiveView
from kilobar.cli.outputs import Outputs
from kilobar.cli.scenario_argument import check_argument
from kilobar.errors import InputError
from kilobar.model.plan import Plan
from kilobar.model.summary import Summary
from kilobar.scenario import Overrides
from kilobar.users.options import CodeOptions
from kilobar.wiring import local_run

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("scenario", metavar="SCENARIO|URL")
@click.argument("arguments", metavar="[-- ARGUMENTS]", nargs=-1, type=click.UNPROCESSED)
@click.option("--rate", help="Open load: iterations per time, such as 500/s or '0/s to 500/s'.")
@click.option("--users", "-u", help="Closed load: users, such as 50 or '0 to 50'.")
@click.option("--spawn-rate", "-r", metavar="N", help="Users of a locustfile that start per second; else all at once.")
@click.option("--for", "--run-time", "-t", "duration", help="Length of the load, such as 30s or 5m.")
@click.option("--threshold", "thresholds", multiple=True, help="Such as 'p99 < 200ms'; may be repeated.")
@click.option("--json", "json_files", metavar="FILE", type=_FILE, multiple=True, help="Write the summary as JSON.")
@click.option("--html", "html_files", metavar="FILE", type=_FILE, multiple=True, help="Write a report for browsers.")
@click.option(
    "--junit", "junit_files", metavar="FILE", type=_FILE, multiple=True, help="Write the verdict as JUnit XML."
)
@click.option("--workers", type=int, help="Worker processes; by default as many as the load needs.")
@click.option("--fleet", default="local", show_default=True, help="Where workers run: local.")
@click.option("--target", "--host", "-H", help="Replaces the scenario's target.")
@click.option("--allow", multiple=True, help="A public host that may be loaded; may be repeated.")
@click.option("--max-in-flight", type=int, help="Iterations that may be in flight at once.")
@click.option("--grace", help="How long work in flight may go on after the load.")
@click.option("--seed", type=int, help="Seeds everything random, to repeat a run.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="An option of Python code; repeatable.")
@click.option("--tags", multiple=True, help="Only tasks with one of these tags, of Python code.")
@click.option("--exclude-tags", multiple=True, help="No task with one of these tags, of Python code.")
@click.option("--fast-http", is_flag=True, help="Lets a locustfile's HTTP users use the Rust client.")
@click.option("--quiet", "-q", is_flag=True, help="No live view, and only the verdict at the end.")
def run(
    scenario: str,
    arguments: tuple[str, ...],
    rate: str | None,
    users: str | None,
    spawn_rate: str | None,
    duration: str | None,
    thresholds: tuple[str, ...],
    json_files: tuple[Path, ...],
    html_files: tuple[Path, ...],
    junit_files: tuple[Path, ...],
    workers: int | None,
    fleet: str,
    target: str | None,
    allow: tuple[str, ...],
    max_in_flight: int | None,
    grace: str | None,
    seed: int | None,
    settings: tuple[str, ...],
    tags: tuple[str, ...],
    exclude_tags: tuple[str, ...],
    fast_http: bool,
    quiet: bool,
) -> int:
    """Run a load test and judge it.

    SCENARIO is a YAML file, a file.py with Press, User or Locust classes, file.py:Class, or a test: file.py::test_x.

    Exit code 0 passed, 1 failed, 2 bad input, 3 invalid measurement, 130 interrupted.
    """
    if fleet != "local":
        raise InputError(
            f"there is no fleet {fleet!r} in this version", hint="leave out --fleet: this machine is the fleet"
        )
    outputs = Outputs.of(json_files, html_files, junit_files)
    overrides = Overrides(
        rate=rate,
        users=users,
        duration=duration,
        thresholds=thresholds,
        seed=seed,
        allow=allow,
        target=target,
        max_in_flight=max_in_flight,
        grace=grace,
    )
    options = CodeOptions(settings, tags, exclude_tags, arguments, fast_http, spawn_rate)
    checked = check_argument(scenario, overrides, options)
    plan = checked.require()
    for warning in checked.diagnostics:
        print(warning, file=sys.stderr)
    summary, interrupted = run_plan(plan, workers=workers, quiet=quiet)
    outputs.write(summary)
    return exit_codes.of_run(summary, interrupted=interrupted)


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
        from kilobar.report.words import first_line, printable, sentences

        print(sentences(summary)[0])
        for reason in summary.reasons:
            print(f"  {printable(reason)}")
        if summary.outcome != "passed" and summary.samples:
            sample = summary.samples[0]
            print(f"  for example: {printable(sample.series)}: {first_line(sample.message)}")
        return
    if sys.stdout.isatty():
        from rich.console import Console

        from kilobar.report.terminal import summary_view

        console = Console()
        console.print(summary_view(summary, console.width))
        return
    from kilobar.report.terminal import summary_text

    print(summary_text(summary), end="")
