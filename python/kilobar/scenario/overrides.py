"""What the command line changes in a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from kilobar.scenario import grammar, tree, vocabulary
from kilobar.scenario.findings import Findings, option_place
from kilobar.scenario.parse import INVALID, Reader
from kilobar.scenario.yaml_nodes import Scalar

DEFAULT_DURATION_NS = 30_000_000_000
"""Of `--rate` and `--users` when neither the scenario nor `--for` says how long."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Options as they were typed; None and empty change nothing. Texts are in the scenario language."""

    rate: str | None = None
    """Replaces the whole load by one stage."""
    users: str | None = None
    """Replaces the whole load by one stage."""
    duration: str | None = None
    """Length of that stage, or of the only stage of the scenario."""
    thresholds: tuple[str, ...] = ()
    """Added to those of the scenario."""
    seed: int | None = None
    allow: tuple[str, ...] = ()
    """Added to those of the scenario."""
    target: str | None = None
    max_in_flight: int | None = None
    grace: str | None = None


class _Option(NamedTuple):
    """An option that replaces one field of the scenario."""

    field: str
    option: str
    type: grammar.Type


_REPLACING = (
    _Option("seed", "--seed", vocabulary.SEED),
    _Option("target", "--target", vocabulary.SETTING),
    _Option("max_in_flight", "--max-in-flight", vocabulary.IN_FLIGHT),
    _Option("grace", "--grace", vocabulary.GRACE),
)


def apply(
    overrides: Overrides, scenario: tree.Scenario, default: tree.UsersStage, reader: Reader, findings: Findings
) -> tree.Scenario:
    """The scenario with the options applied; what is wrong with them is among the findings."""
    changes: dict[str, Any] = {}
    for field, option, of in _REPLACING:
        text = getattr(overrides, field)
        if text is not None and (value := _read(str(text), option, of, reader)) is not INVALID:
            changes[field] = value
    thresholds = _read_all(overrides.thresholds, "--threshold", reader)
    allow = _read_all(overrides.allow, "--allow", reader)
    load = _load(overrides, scenario.load, default, reader, findings)
    return scenario._replace(
        thresholds=scenario.thresholds + thresholds, allow=scenario.allow + allow, load=load, **changes
    )


def _read(text: str, option: str, of: grammar.Type, reader: Reader) -> Any:
    return reader.read(Scalar(option_place(option), text), of, f"`{option}`")


def _read_all(texts: tuple[str, ...], option: str, reader: Reader) -> tuple[Any, ...]:
    values = (_read(text, option, vocabulary.SETTING, reader) for text in texts)
    return tuple(value for value in values if value is not INVALID)


def _load(
    overrides: Overrides,
    load: tuple[tree.Stage, ...] | None,
    default: tree.UsersStage,
    reader: Reader,
    findings: Findings,
) -> tuple[tree.Stage, ...] | None:
    place = option_place("--for")
    if overrides.rate is not None and overrides.users is not None:
        message = "`--rate` and `--users` exclude each other"
        hint = "use --rate for a fixed arrival rate, --users for a fixed number of users"
        findings.error("conflicting-keys", message, option_place("--rate"), hint)
        return load
    duration_ns: Any = None
    if overrides.duration is not None:
        duration_ns = _read(overrides.duration, "--for", vocabulary.DURATION, reader)
        if duration_ns is INVALID:
            return load
    if overrides.rate is None and overrides.users is None:
        if duration_ns is None:
            return load
        stages = (default,) if load is None else load
        if len(stages) > 1:
            message = f"the load has {len(stages)} stages, so `--for` alone is not clear"
            hint = "give the load as well (--rate or --users), or change `for` in the scenario"
            findings.error("conflicting-keys", message, place, hint)
        return tuple(stage._replace(duration_ns=duration_ns) for stage in stages)
    if duration_ns is None:
        duration_ns = sum(stage.duration_ns for stage in load) if load else DEFAULT_DURATION_NS
    if overrides.rate is not None:
        rate = _read(overrides.rate, "--rate", vocabulary.RATE, reader)
        return load if rate is INVALID else (tree.RateStage(option_place("--rate"), rate, duration_ns),)
    users = _read(str(overrides.users), "--users", vocabulary.USERS, reader)
    return load if users is INVALID else (tree.UsersStage(option_place("--users"), users, duration_ns),)
