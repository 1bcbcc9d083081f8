"""`kilobar try`: one iteration of each flow, every exchange printed."""

from __future__ import annotations

import json
from typing import Any

import click

from kilobar.cli.scenario_argument import check_argument
from kilobar.errors import InputError
from kilobar.model.units import format_duration
from kilobar.scenario import Overrides

_SHOWN_LINES = 40


@click.command()
@click.argument("scenario", metavar="SCENARIO|URL")
@click.option("--allow", multiple=True, help="A public host that may be loaded; may be repeated.")
def try_scenario(scenario: str, allow: tuple[str, ...]) -> int:
    """Run one iteration of each flow and print every exchange, secrets hidden. Exit code 1 when a step failed."""
    from kilobar import _native

    overrides = Overrides(allow=allow)
    plan = check_argument(scenario, overrides).require()
    try:
        attempts = [json.loads(text) for text in _native.attempt(plan.to_json())]
    except ValueError as error:
        raise InputError(str(error), code="plan-refused") from error
    for attempt in attempts:
        print(_show(attempt))
    failed = sum(attempt["failure"] is not None for attempt in attempts)
    print(f"{len(attempts)} exchanges, {failed} failed")
    return 1 if failed else 0


def _show(attempt: dict[str, Any]) -> str:
    """One exchange, indented like a conversation: > what was sent, < what came back."""
    lines = [f"== {attempt['flow']}: {attempt['step']}"]
    lines += [f"> {line}" for line in _cut(attempt["request"])]
    lines += [f"< {line}" for line in _cut(attempt["response"])]
    took = "  ".join(f"{name} {format_duration(nanoseconds)}" for name, nanoseconds in attempt["phases_ns"])
    lines.append(f"   {took}  {attempt['bytes_in']} bytes in" if took else "   no response")
    lines += [f"   saved {name} = {value}" for name, value in attempt["saved"]]
    if attempt["failure"]:
        error, message = attempt["failure"]
        lines.append(f"   FAILED ({error}): {message}")
    return "\n".join(lines) + "\n"


def _cut(text: str) -> list[str]:
    lines = text.rstrip("\n").split("\n")
    if len(lines) <= _SHOWN_LINES:
        return lines
    return [*lines[:_SHOWN_LINES], f"... {len(lines) - _SHOWN_LINES} more lines"]
