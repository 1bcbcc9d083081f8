"""`kilobar check`: everything that is wrong with a scenario, with its place and a hint."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from kilobar.cli.scenario_argument import check_argument
from kilobar.model.code import Code
from kilobar.model.plan import Plan
from kilobar.model.request import Request
from kilobar.model.units import format_duration
from kilobar.scenario import Checked, Overrides
from kilobar.scenario.schema import SCHEMA_FILE
from kilobar.users.options import CodeOptions


@click.command()
@click.argument("scenario")
@click.argument("arguments", metavar="[-- ARGUMENTS]", nargs=-1, type=click.UNPROCESSED)
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="An option of Python code; repeatable.")
@click.option("--target", help="Replaces the scenario's target.")
@click.option("--plan", "show_plan", is_flag=True, help="Print the resolved plan as JSON.")
def check(
    scenario: str, arguments: tuple[str, ...], settings: tuple[str, ...], target: str | None, show_plan: bool
) -> int:
    """Validate a scenario or Python code; diagnostics with file:line:column and a hint."""
    checked = check_argument(scenario, Overrides(target=target), options=CodeOptions(settings, arguments=arguments))
    plan = checked.require()
    for warning in checked.diagnostics:
        print(warning, file=sys.stderr)
    if show_plan:
        print(json.dumps(_without_secrets(plan.to_dict(), _hideable(plan.secrets)), ensure_ascii=False, indent=2))
        return 0
    print(_describe(scenario, checked))
    if plan.code is None:
        print(f"editors complete scenarios with this JSON Schema: {SCHEMA_FILE}")
    return 0


def _describe(scenario: str, checked: Checked) -> str:
    plan = checked.require()
    if plan.code is not None:
        return _describe_code(scenario, plan, plan.code)
    flows = f"{len(plan.flows)} flow{'s' if len(plan.flows) != 1 else ''}"
    count = sum(isinstance(step, Request) for step in plan.all_steps())
    requests = f"{count} request{'s' if count != 1 else ''}"
    targets = ", ".join(str(origin) for origin in plan.origins)
    duration = format_duration(plan.duration_ns)
    return f"{scenario}: ok: {flows}, {requests}, {duration} of load, against {targets}"


def _describe_code(scenario: str, plan: Plan, code: Code) -> str:
    classes = ", ".join(f"{one.name} ({one.way})" for one in code.classes[:10])
    if len(code.classes) > 10:
        classes += f" and {len(code.classes) - 10} more"
    targets = ", ".join(str(origin) for origin in plan.origins)
    against = f", against {targets}" if targets else ""
    return f"{scenario}: ok: {classes}, {format_duration(plan.duration_ns)} of load{against}"


def _without_secrets(value: Any, secrets: tuple[str, ...]) -> Any:
    """The JSON form of a plan with `***` for each value from the environment."""
    match value:
        case {"version": _, "secrets": [*_]}:
            inner = {key: _without_secrets(value[key], secrets) for key in value if key != "secrets"}
            return {**inner, "secrets": ["***"] * len(value["secrets"])}
        case {"source": {"rows": [*rows]}, "secret_columns": [*columns]}:
            hidden = [["***" if index in columns else cell for index, cell in enumerate(row)] for row in rows]
            return {**value, "source": {"rows": hidden}}
        case {"secret": str()}:
            return {"secret": "***"}
        case {"host": _, "port": _, "authorization": str()}:
            return {**value, "authorization": "***"}
        case dict():
            return {key: _without_secrets(inner, secrets) for key, inner in value.items()}
        case list():
            return [_without_secrets(inner, secrets) for inner in value]
        case str():
            for secret in secrets:
                value = value.replace(secret, "***")
    return value


def _hideable(secrets: Iterable[str]) -> tuple[str, ...]:
    """Longest first; shorter ones protect nothing, as in `crates/engine/src/secrets.rs`."""
    return tuple(sorted((secret for secret in secrets if len(secret) >= 4), key=len, reverse=True))
