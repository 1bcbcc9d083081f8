"""Lowers a typed scenario to the plan: names become indexes, addresses origins, the load stages."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from typing import NamedTuple

from kilobar.errors import Place
from kilobar.model import plan
from kilobar.model.threshold import Threshold, ThresholdError, parse_threshold
from kilobar.scenario import tree
from kilobar.scenario.address import AddressError, check_host
from kilobar.scenario.findings import Findings, did_you_mean
from kilobar.scenario.pieces import Template
from kilobar.scenario.requests import RequestLowering
from kilobar.scenario.stages import lower_load


class EngineChecks(NamedTuple):
    """What only the engine can judge, injected so that the rest is pure Python."""

    json_path_problem: Callable[[str], tuple[int, str] | None]
    """None for a valid JSON path, else the offset in characters and what is wrong."""
    check_plan: Callable[[str], None]
    """Raises ValueError when an engine would refuse the plan."""


class Surroundings(NamedTuple):
    """What a scenario gets from where it stands."""

    name: str
    """Used when the scenario has none."""
    directory: str
    """Relative files start here."""
    engine: EngineChecks
    default_load: tree.UsersStage
    """Used, with a warning, when the scenario has none."""


def lower(scenario: tree.Scenario, around: Surroundings, findings: Findings) -> plan.Plan | None:
    """The plan, or None when there were errors."""
    errors_before = findings.errors
    requests = RequestLowering(scenario, around.engine.json_path_problem, findings)
    flows = _lower_flows(scenario, requests, findings)
    flows_complete = findings.errors == errors_before and not scenario.unreadable & {"flows", "steps"}
    load, arrivals = lower_load(scenario, around.default_load, findings)
    series_names = [name for name, _ in requests.series]
    thresholds = _lower_thresholds(scenario.thresholds, series_names if flows_complete else None, findings)
    allow = tuple(host for text in scenario.allow if (host := _lower_host(text, findings)) is not None)
    if findings.errors > 0:
        return None
    result = plan.Plan(
        name=scenario.name.text().strip() if scenario.name else around.name,
        seed=scenario.seed,
        arrivals=arrivals,
        load=load,
        flows=flows,
        series=tuple(requests.series),
        variables=tuple(requests.variables),
        origins=tuple(requests.origins),
        http=_lower_http(scenario, around.directory),
        max_in_flight=scenario.max_in_flight,
        grace_ns=scenario.grace,
        allow=tuple(dict.fromkeys(allow)),
        thresholds=tuple(threshold.text for threshold in thresholds),
    )
    try:
        around.engine.check_plan(result.to_json())
    except ValueError as error:
        hint = "report this: kilobar check should have found it"
        findings.error("plan-refused", f"the engine refuses the plan: {error}", scenario.place, hint)
        return None
    return result


def _lower_flows(scenario: tree.Scenario, requests: RequestLowering, findings: Findings) -> tuple[plan.Flow, ...]:
    flows = scenario.flows
    if scenario.steps is not None:
        flows = (tree.Flow(scenario.place, scenario.steps, scenario.name), *flows)
    requests.learn_saves(flows)
    names: dict[str, Place] = {}
    lowered = []
    for number, flow in enumerate(flows, start=1):
        name = flow.name.text().strip() if flow.name else f"flow {number}"
        place = flow.name.place if flow.name else flow.place
        if name in names:
            hint = f"it was first used at line {names[name].line}"
            findings.error("duplicate-name", f"a second flow is named `{name}`", place, hint)
        names.setdefault(name, place)
        if flow.steps and not any(isinstance(step, tree.RequestStep) for step in flow.steps):
            findings.error("no-request", f"the flow `{name}` sends no request", place, "add a step such as `get: /`")
        steps = requests.lower_steps(name, flow.steps)
        lowered.append(plan.Flow(name, flow.weight, steps))
    if flows and all(flow.weight == 0 for flow in flows):
        hint = "give at least one flow a weight above 0"
        findings.error("no-request", "all flows have weight 0", flows[0].place, hint)
    return tuple(lowered)


def _lower_thresholds(
    texts: tuple[Template, ...], series_names: list[str] | None, findings: Findings
) -> list[Threshold]:
    """`series_names` is None when not all of them are known."""
    thresholds = []
    for template in texts:
        try:
            threshold = parse_threshold(template.text())
        except ThresholdError as error:
            code = "not-supported" if error.unsupported else "bad-threshold"
            place = template.place_at(error.offset)
            message = f"`{template.shown()}`" if template.is_secret else f"`{template.shown()}`: {error.message}"
            findings.error(code, message, place, None if template.is_secret else error.hint)
            continue
        thresholds.append(threshold)
        if threshold.series is not None and series_names is not None and threshold.series not in series_names:
            message = f"no step is named `{threshold.series}`"
            known = f"steps: {', '.join(series_names[:10])}"
            hint = did_you_mean(threshold.series, series_names, known)
            offset = template.text().find("(") + 1
            findings.error("unknown-series", message, template.place_at(offset), hint)
    return thresholds


def _lower_host(template: Template, findings: Findings) -> str | None:
    try:
        return check_host(template.text())
    except AddressError as error:
        hint = "write only the host: shop.example.com" if "/" in template.text() else error.hint
        findings.error("bad-host", f"`{template.shown()}`: {error.message}", template.place, hint)
        return None


def _lower_http(scenario: tree.Scenario, directory: str) -> plan.HttpPolicy:
    tls = scenario.tls or tree.Tls(scenario.place)
    limits = scenario.limits or tree.Limits(scenario.place)
    defaults = plan.HttpPolicy()
    ca_file = tls.ca_file and os.path.normpath(os.path.join(directory, tls.ca_file.text()))
    return plan.HttpPolicy(
        connections=scenario.connections,
        connect_timeout_ns=scenario.connect_timeout,
        max_head_bytes=limits.head or defaults.max_head_bytes,
        max_body_bytes=limits.body or defaults.max_body_bytes,
        insecure=tls.insecure,
        ca_file=ca_file or None,
        resumption=tls.resumption,
    )
