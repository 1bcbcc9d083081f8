"""`kilobar try`: setup, one iteration of each flow and teardown, every exchange printed."""

from __future__ import annotations

import json

import click

from kilobar.cli.scenario_argument import check_argument
from kilobar.cli.trial_view import attempt_text
from kilobar.errors import InputError
from kilobar.scenario import Overrides


@click.command()
@click.argument("scenario", metavar="SCENARIO|URL")
@click.option("--allow", multiple=True, help="A public host that may be loaded; may be repeated.")
@click.option("--target", help="Replaces the target of the scenario.")
def try_scenario(scenario: str, allow: tuple[str, ...], target: str | None) -> int:
    """Run setup, one iteration of each flow and teardown, and print every exchange, secrets hidden. Exit code 1 when a
    step failed."""
    from kilobar import _native
    from kilobar.fleet.python_calls import answer_calls_of

    overrides = Overrides(allow=allow, target=target)
    plan = check_argument(scenario, overrides).require()
    if plan.code is not None:
        raise InputError(
            "`kilobar try` shows the steps of scenarios, not those of Python code",
            hint=f"kilobar run {scenario} --users 1 --for 1s",
        )
    answer_calls_of(plan)
    try:
        attempts = [json.loads(text) for text in _native.attempt(plan.to_json())]
    except ValueError as error:
        raise InputError(str(error), code="plan-refused") from error
    for attempt in attempts:
        click.echo(attempt_text(attempt))
    exchanges = sum(bool(attempt["step"]) for attempt in attempts)
    failed = sum(attempt["failure"] is not None for attempt in attempts)
    click.echo(f"{exchanges} exchange{'' if exchanges == 1 else 's'}, {failed} failed")
    return 1 if failed else 0
