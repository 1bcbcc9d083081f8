"""Lowers what an inspection has found, with the options of the command line, to a plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kilobar.errors import Place
from kilobar.model import plan
from kilobar.model.code import DEFAULT_TIMEOUT_NS, Code, CodeClass
from kilobar.model.units import format_duration
from kilobar.scenario import Checked, Overrides, tree, vocabulary
from kilobar.scenario.address import AddressError, split_address
from kilobar.scenario.check import DEFAULT_SCENARIO_LOAD
from kilobar.scenario.findings import Findings
from kilobar.scenario.http_policy import lower_host
from kilobar.scenario.overrides import apply
from kilobar.scenario.parse import INVALID, Reader
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.stages import lower_load
from kilobar.scenario.thresholds import lower_thresholds
from kilobar.scenario.yaml_nodes import Scalar
from kilobar.users.class_loads import ClassLoads, class_loads, place_of, read
from kilobar.users.dealing import cycle_of, first_of
from kilobar.users.inspected import Inspected, InspectedClass

_OF_ITS_LOAD = ("ramps", "duration_s", "classes_over_time")
"""What a source says about a load of its own; it no longer holds when the command line replaces that load."""
MAX_FIXED = 100_000
"""Users whose class a plan names one by one."""


def lower(
    inspected: Inspected,
    file: str,
    name: str,
    overrides: Overrides | None = None,
    env: Mapping[str, str] = os.environ,
    check_plan: Callable[[str], None] | None = None,
) -> Checked:
    """The checked plan of user code; `file` names it in messages. The command line goes before attributes of classes.

    `check_plan` raises ValueError for a plan that an engine would refuse. Raises InputError for loads of classes that
    cannot be put together.
    """
    findings = Findings()
    reader = Reader(Resolver(env, findings), findings)
    overrides = overrides or Overrides()
    place = Place(file, 1, 1)
    loads = class_loads(_without_loads(inspected, overrides), file, reader)
    default = tree.UsersStage(place, *DEFAULT_SCENARIO_LOAD)
    scenario = apply(overrides, _scenario(inspected, loads, place, file, reader), default, reader, findings)
    if scenario.load is None:
        if not findings.errors:
            _warn_no_load(inspected, default, findings)
        scenario = scenario._replace(load=(default,))
    load, arrivals = lower_load(scenario, default, findings)
    target = _target(scenario, findings)
    thresholds = lower_thresholds(scenario.thresholds, None, findings)
    allow = tuple(host for text in scenario.allow if (host := lower_host(text, findings)) is not None)
    classes = tuple(_class(one, file, reader) for one in inspected.classes)
    _check_classes(inspected, place, findings)
    _check_guests(inspected, load, place, findings)
    if sum(loads.weights) <= 0 and not any(one.fixed_count for one in inspected.classes):
        findings.error("no-request", "all classes have weight 0", place, "give at least one class a weight above 0")
    for note in inspected.notes:
        findings.warning("not-supported", note, place)
    if findings.errors:
        return Checked(None, findings.sorted())
    result = plan.Plan(
        name=name,
        seed=scenario.seed,
        arrivals=arrivals,
        load=load,
        flows=tuple(_flow(index, one, loads) for index, one in enumerate(inspected.classes)),
        series=(),
        variables=(),
        origins=() if target is None else (target[0],),
        target=None if target is None else 0,
        http=_http(inspected),
        max_in_flight=scenario.max_in_flight,
        grace_ns=scenario.grace,
        allow=tuple(dict.fromkeys(allow)),
        thresholds=tuple(threshold.text for threshold in thresholds),
        code=Code(_source(inspected, target, overrides), classes, *_dealt(inspected, loads)),
    )
    return _accepted(result, findings, place, check_plan)


def _http(inspected: Inspected) -> plan.HttpPolicy:
    """How `self.http` speaks. A user is somebody who logs in once and goes on; guests with `--fast-http` are, too."""
    files = [one.ca_file for one in inspected.classes if one.ca_file is not None]
    # A locustfile may say that certificates are not to be looked at, as FastHttpUser does by default.
    is_careless_guest = inspected.source.get("kind") == "locust" and bool(
        (inspected.source.get("options") or {}).get("insecure")
    )
    insecure = is_careless_guest or any(one.insecure for one in inspected.classes)
    return plan.HttpPolicy(cookies="per_user", insecure=insecure, ca_file=files[0] if files else None)


def _without_loads(inspected: Inspected, overrides: Overrides) -> tuple[InspectedClass, ...]:
    """With a load from the command line, or of the code as a whole, what classes ask for does not count, and so cannot
    contradict either."""
    classes = inspected.classes
    if overrides.duration is not None:
        classes = tuple(replace(one, duration=None) for one in classes)
    if overrides.rate is None and overrides.users is None and inspected.load is None:
        return classes
    return tuple(replace(one, rate=None, users=None) for one in classes)


def _scenario(inspected: Inspected, loads: ClassLoads, place: Place, file: str, reader: Reader) -> tree.Scenario:
    """What the code says about itself, in the form that options are applied to."""
    changes: dict[str, Any] = {"load": loads.load}
    if inspected.load is not None:
        changes["load"] = tuple(_stage(stage, place) for stage in inspected.load)
    if loads.max_in_flight is not None:
        changes["max_in_flight"] = loads.max_in_flight
    graces = [
        grace
        for one in inspected.classes
        if one.grace is not None
        and (grace := read(one.grace, "grace", one, file, vocabulary.GRACE, reader)) is not None
    ]
    if graces:
        changes["grace"] = max(graces)
    target = _first_target(inspected, place, file)
    if target is not None and (text := reader.read(target, vocabulary.SETTING, "`target`")) is not INVALID:
        changes["target"] = text
    thresholds = []
    for one in inspected.classes:
        for text in one.thresholds:
            node = Scalar(place_of(one, "thresholds", file), text)
            if (template := reader.read(node, vocabulary.SETTING, "`thresholds`")) is not INVALID:
                thresholds.append(template)
    return tree.Scenario(place, thresholds=tuple(thresholds), **changes)


def _stage(stage: plan.Stage, place: Place) -> tree.Stage:
    if stage.kind == "rate":
        return tree.RateStage(place, (stage.start, stage.end), stage.duration_ns)
    return tree.UsersStage(place, (int(stage.start), int(stage.end)), stage.duration_ns)


def _first_target(inspected: Inspected, place: Place, file: str) -> Scalar | None:
    if inspected.host:
        return Scalar(place, inspected.host)
    for one in inspected.classes:
        if one.target:
            return Scalar(place_of(one, "target", file), one.target)
    return None


def _target(scenario: tree.Scenario, findings: Findings) -> tuple[plan.Origin, str] | None:
    """Origin and path of the target; None without one: the code then sends where it wants to."""
    if scenario.target is None:
        return None
    text = scenario.target.text()
    try:
        origin, rest = split_address(text)
        if "?" in text[rest:] or "#" in text[rest:]:
            raise AddressError("a target has no query and no fragment", "move the query into the code")
    except AddressError as error:
        message = f"`{scenario.target.shown()}` cannot be the target: {error.message}"
        findings.error(error.code, message, scenario.target.place, error.hint)
        return None
    return origin, text[rest:].rstrip("/")


def _source(inspected: Inspected, target: tuple[plan.Origin, str] | None, overrides: Overrides) -> dict[str, Any]:
    """What Python in the worker needs to know: the code itself, and where it presses."""
    source = dict(inspected.source)
    if overrides.rate is not None or overrides.users is not None:
        source = {key: value for key, value in source.items() if key not in _OF_ITS_LOAD}
    if target is not None:
        origin, path = target
        source["target"] = f"{origin}{path}"
    return source


def _warn_no_load(inspected: Inspected, default: tree.UsersStage, findings: Findings) -> None:
    names = " and ".join(one.name for one in inspected.classes[:3])
    hint = {
        "classes": 'add --rate 50/s or --users 10 and --for 30s, or an attribute of the class such as rate = "50/s"',
        "locust": "add --users 10 and --for 30s, and --spawn-rate 2 for a ramp",
    }.get(inspected.source.get("kind", ""), "add --rate 50/s or --users 10, and --for 30s")
    findings.warning(
        "no-load",
        f"{names} {'has' if len(inspected.classes) == 1 else 'have'} no load: {default.users[1]} user for "
        f"{format_duration(default.duration_ns)} is used",
        default.place,
        hint,
    )


def _class(one: InspectedClass, file: str, reader: Reader) -> CodeClass:
    timeout_ns: int | None = DEFAULT_TIMEOUT_NS
    if one.timeout is not None:
        timeout_ns = read(one.timeout, "timeout", one, file, vocabulary.DURATION, reader)
    return CodeClass(one.name, one.way, timeout_ns or DEFAULT_TIMEOUT_NS, one.rows)


def _check_classes(inspected: Inspected, place: Place, findings: Findings) -> None:
    names = [one.name for one in inspected.classes]
    for name in sorted({name for name in names if names.count(name) > 1}):
        findings.error("duplicate-name", f"two classes are named `{name}`", place, "give one of them another `name`")
    if (fixed := sum(one.fixed_count for one in inspected.classes)) > MAX_FIXED:
        message = f"{fixed:,} users have a class given by fixed_count; at most {MAX_FIXED:,} are possible"
        findings.error("impossible-load", message, place, "use weights")


def _check_guests(inspected: Inspected, load: tuple[plan.Stage, ...], place: Place, findings: Findings) -> None:
    if any(one.way == "guest" for one in inspected.classes) and any(stage.kind == "rate" for stage in load):
        message = "users of Locust drive themselves, so they cannot be started at a rate"
        hint = "use --users, and give them a pace with wait_time = constant_throughput(...)"
        findings.error("impossible-load", message, place, hint)


def _flow(index: int, one: InspectedClass, loads: ClassLoads) -> plan.Flow:
    return plan.Flow(
        one.name,
        loads.weights[index],
        (plan.CodeStep(index, "press"),),
        before=(plan.CodeStep(index, "start"),) if one.start else (),
        after=(plan.CodeStep(index, "stop"),) if one.stop else (),
    )


def _dealt(inspected: Inspected, loads: ClassLoads) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if inspected.cycle is not None:
        return inspected.first or (), inspected.cycle
    fixed = [one.fixed_count for one in inspected.classes]
    shared = [0.0 if one.fixed_count else weight for one, weight in zip(inspected.classes, loads.weights, strict=True)]
    # Past a fixed number of users there may be no class left to take the others: then the fixed ones go on.
    return first_of(fixed), cycle_of(shared if any(shared) else [float(count) for count in fixed])


def _accepted(result: plan.Plan, findings: Findings, place: Place, check_plan: Callable[[str], None] | None) -> Checked:
    if check_plan is not None:
        try:
            check_plan(result.to_json())
        except ValueError as error:
            findings.error("plan-refused", f"the engine refuses the plan: {error}", place, "report this")
            return Checked(None, findings.sorted())
    return Checked(result, findings.sorted())
