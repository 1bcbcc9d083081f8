"""Lowers a typed scenario to the plan: names become indexes, addresses origins, the load stages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.context import Context, EngineChecks
from kilobar.scenario.data_sets import check_demands, lower_data_sets
from kilobar.scenario.findings import Findings
from kilobar.scenario.flows import lower_flows
from kilobar.scenario.http_policy import lower_host, lower_http
from kilobar.scenario.pieces import Known
from kilobar.scenario.reach import warn_out_of_reach
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.scope import Scope
from kilobar.scenario.stages import lower_load
from kilobar.scenario.thresholds import lower_thresholds


class Surroundings(NamedTuple):
    """What a scenario gets from where it stands."""

    name: str
    """Used when the scenario has none."""
    directory: str
    """Where modules of Python functions are looked for first."""
    engine: EngineChecks
    default_load: tree.UsersStage
    """Used, with a warning, when the scenario has none."""


def lower(scenario: tree.Scenario, around: Surroundings, resolver: Resolver, findings: Findings) -> plan.Plan | None:
    """The plan, or None when there were errors."""
    errors_before = findings.errors
    data = lower_data_sets(scenario, around.engine, findings)
    check_python = around.engine.python_problem
    scope = Scope((key.text for key, _ in scenario.variables), data, findings)
    if check_python is not None:
        scope.python_problem = partial(check_python, around.directory)
    context = Context(scenario, around.engine, resolver, findings, scope)
    steps = lower_flows(context)
    steps_complete = findings.errors == errors_before and not scenario.unreadable & STEP_KEYS
    _warn_unused(scenario, data, scope, findings)
    load, arrivals = lower_load(scenario, around.default_load, findings)
    series_names = list(dict.fromkeys(name for name, _ in scope.series))
    thresholds = lower_thresholds(scenario.thresholds, series_names if steps_complete else None, findings)
    allow = tuple(host for text in scenario.allow if (host := lower_host(text, findings)) is not None)
    http = lower_http(scenario, findings)
    if findings.errors > 0:
        return None
    warn_out_of_reach(scenario.load or (), steps.flows, scenario.max_in_flight, findings)
    data_sets = tuple(data_set for data_set in data.values() if data_set is not None)
    check_demands(scenario, data_sets, load, findings)
    result = plan.Plan(
        name=scenario.name.text().strip() if scenario.name else around.name,
        seed=scenario.seed,
        arrivals=arrivals,
        load=load,
        setup=steps.setup,
        flows=steps.flows,
        teardown=steps.teardown,
        series=tuple(scope.series),
        checks=tuple(context.checks),
        variables=tuple(scope.variables),
        data=data_sets,
        origins=tuple(context.origins),
        http=http,
        target=min(context.bases, default=None),
        python_path=around.directory if any(kind == "python" for _, kind in scope.series) else None,
        max_in_flight=scenario.max_in_flight,
        grace_ns=scenario.grace,
        allow=tuple(dict.fromkeys(allow)),
        thresholds=tuple(threshold.text for threshold in thresholds),
        secrets=_secrets(scenario, resolver, tuple(context.origins)),
    )
    try:
        around.engine.check_plan(result.to_json())
    except ValueError as error:
        hint = "report this: kilobar check should have found it"
        findings.error("plan-refused", f"the engine refuses the plan: {error}", scenario.place, hint)
        return None
    return result


def _secrets(scenario: tree.Scenario, resolver: Resolver, origins: tuple[plan.Origin, ...]) -> tuple[str, ...]:
    """What came from the environment, without what every report shows: where requests go, and what is asked of them."""
    settings = (*scenario.allow, *scenario.thresholds, *((scenario.target,) if scenario.target else ()))
    shown = {piece.text for setting in settings for piece in setting.pieces if isinstance(piece, Known)}
    shown.update(text for origin in origins for text in (str(origin), f"{origin}/", origin.host))
    return tuple(secret for secret in resolver.secrets if secret and secret not in shown)


def _warn_unused(
    scenario: tree.Scenario, data: Mapping[str, plan.DataSet | None], scope: Scope, findings: Findings
) -> None:
    for key, _ in scenario.data:
        if data[key.text] is not None and key.text not in scope.used_data and not scope.incomplete:
            message = f"no step uses the data set `{key.text}`"
            findings.warning("unused-data", message, key.place, "use a column, as ${" + key.text + ".column}")


STEP_KEYS = frozenset(("setup", "flows", "steps", "teardown"))
