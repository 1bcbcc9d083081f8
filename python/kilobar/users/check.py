"""The way from a Python file to a checked plan: recognise, inspect, lower, bundle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kilobar.errors import Diagnostic, InputError, Place
from kilobar.model.plan import Plan
from kilobar.model.units import UnitError, parse_duration
from kilobar.scenario import Checked, Overrides
from kilobar.users.bundle import Bundle
from kilobar.users.bundle_cache import BundleCache
from kilobar.users.bundle_files import root_of
from kilobar.users.inspection import inspect
from kilobar.users.lower import lower
from kilobar.users.options import CodeOptions
from kilobar.users.recognise import recognise

MAX_LINKS_TOLD = 20

_OFF = ("off", "false", "no", "0")


def check_code(
    argument: str,
    overrides: Overrides | None = None,
    options: CodeOptions | None = None,
    env: Mapping[str, str] = os.environ,
) -> Checked:
    """Checks what `kilobar run file.py[:Class|::test]` names. Raises InputError for code that cannot be pressed."""
    recognised = recognise(argument)
    root = root_of(recognised.file, whole_project=recognised.kind == "pytest")
    path = recognised.file.resolve().relative_to(root).as_posix()
    named = f"{path}::{recognised.node}" if recognised.node else path
    bundle = Bundle.of(root, path)
    asked: dict[str, Any] = (options or CodeOptions()).to_dict()
    overrides = overrides or Overrides()
    instrument = str(asked.pop("instrument", "on")).lower() not in _OFF
    if recognised.kind != "locust" and asked.get("arguments"):
        raise InputError(
            f"nobody takes the arguments behind `--`: {' '.join(asked['arguments'])[:200]}",
            hint="only locustfiles have such; Kilobar's own stand before `--`, those of your code are --set NAME=VALUE",
        )
    if recognised.kind == "locust":
        overrides = _told_to_guest(recognised.names, overrides, asked)
    else:
        if options is not None and options.spawn_rate is not None:
            raise InputError("--spawn-rate is for locustfiles", hint="write --users '0 to 50' for a ramp")
        if recognised.names:
            asked["names"] = list(recognised.names)
    inspected = inspect(recognised.kind, str(root), named, asked)
    if not instrument:
        inspected = replace(inspected, source={**inspected.source, "instrument": False})
    checked = lower(inspected, str(recognised.file), recognised.file.stem, overrides, env, _check_plan)
    notes = tuple(_left_out(link, recognised.file) for link in bundle.left_out[:MAX_LINKS_TOLD])
    if checked.plan is None:
        return checked
    return Checked(_with_bundle(checked.plan, bundle), (*checked.diagnostics, *notes))


def _told_to_guest(names: tuple[str, ...], overrides: Overrides, asked: dict[str, Any]) -> Overrides:
    """Adds to `asked` what a locustfile wants to know of the command line; the overrides that are still ours.

    Its target may be anything that its own clients understand. A plain number of users and a length are put together
    as Locust does, with its shape, its configuration files and the spawn rate; whatever else is a load of ours.
    """
    if names:
        asked["classes"] = list(names)
    if overrides.target is not None:
        asked["host"] = overrides.target
        overrides = replace(overrides, target=None)
    if "arguments" in asked:
        asked["arguments"] = _with_absolute_logfile(asked["arguments"])
    if "spawn_rate" in asked:
        asked["spawn_rate"] = _spawn_rate(asked["spawn_rate"])
    users = (overrides.users or "").strip()
    if overrides.rate is not None or not (users.isdigit() or overrides.users is None):
        return overrides
    if overrides.duration is not None:
        try:
            asked["run_time"] = parse_duration(overrides.duration) / 1e9
        except UnitError:
            return overrides  # its reader says what is wrong, with the place
    if users:
        asked["users"] = int(users)
    return replace(overrides, users=None, duration=None)


def _with_absolute_logfile(arguments: list[str]) -> list[str]:
    """Workers run in a copy of the directory; what they log is wanted where the run was started."""
    whole = list(arguments)
    for index, argument in enumerate(whole):
        option, equals, value = argument.partition("=")
        if option == "--logfile" and equals:
            whole[index] = f"{option}={os.path.abspath(value)}"
        elif option == "--logfile" and index + 1 < len(whole):
            whole[index + 1] = os.path.abspath(whole[index + 1])
    return whole


def _spawn_rate(text: str) -> float:
    try:
        return float(text.removesuffix("/s"))
    except ValueError:
        raise InputError(
            f"the spawn rate {text!r} is no number of users per second", hint="write --spawn-rate 10"
        ) from None


def _check_plan(plan_json: str) -> None:
    from kilobar import _native

    _native.check_plan(plan_json)


def _with_bundle(plan: Plan, bundle: Bundle) -> Plan:
    """The plan whose workers find the code in the archive that is stored now."""
    assert plan.code is not None
    with BundleCache() as cache:
        archive = cache.store(bundle)
    source = {**plan.code.source, "bundle": bundle.sha256, "archive": str(archive)}
    return replace(plan, code=replace(plan.code, source=source))


def _left_out(link: str, file: Path) -> Diagnostic:
    message = f"`{link}` is a link that leads out of the directory of the code: workers do not get it"
    return Diagnostic("not-supported", message, Place(str(file), 1, 1), "put a copy in its place", "warning")
