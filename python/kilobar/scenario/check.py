"""The way from text to a checked plan: read YAML, parse, apply options, lower."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kilobar.errors import Diagnostic, Place, ScenarioError
from kilobar.model.plan import Plan
from kilobar.scenario import tree
from kilobar.scenario.context import EngineChecks
from kilobar.scenario.findings import Findings, option_place
from kilobar.scenario.garbage import without_garbage_collection
from kilobar.scenario.lower import Surroundings, lower
from kilobar.scenario.overrides import Overrides, apply
from kilobar.scenario.parse import Reader, parse
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.yaml_nodes import MAX_BYTES, Scalar, read_yaml

DEFAULT_SCENARIO_LOAD = ((1, 1), 10_000_000_000)
"""Users and ns when a scenario has no load: enough to see that it works, and a warning says so."""
DEFAULT_URL_LOAD = ((10, 10), 30_000_000_000)
"""Users and ns of `kilobar run URL` without any option."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A scenario after all checks: a plan, or at least one error among the diagnostics. Never both, never neither."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    """Errors and warnings, by position."""

    @property
    def ok(self) -> bool:
        """Whether there is a plan."""
        return self.plan is not None

    def require(self) -> Plan:
        """The plan. Raises ScenarioError with all diagnostics when there is none."""
        if self.plan is None:
            raise ScenarioError(self.diagnostics)
        return self.plan


def native_checks() -> EngineChecks:
    """The checks of the native engine, loaded only when something is to be checked."""
    from kilobar import _native

    return EngineChecks(
        json_path_problem=_native.check_json_path,
        check_plan=_native.check_plan,
        css_problem=_native.check_css,
        xpath_problem=_native.check_xpath,
        regex_problem=_native.check_regex,
        inspect_data=_native.inspect_data,
        python_problem=problem_of_python,
    )


def problem_of_python(directory: str, name: str, arguments: int) -> str | None:
    """As `python_functions.problem_of`, which is imported only by scenarios that call Python."""
    from kilobar.scenario.python_functions import problem_of

    return problem_of(directory, name, arguments)


def load(
    path: str | Path,
    env: Mapping[str, str],
    overrides: Overrides | None = None,
    engine: EngineChecks | None = None,
) -> Checked:
    """Reads and checks a scenario file. A file that cannot be read is a diagnostic too."""
    file = str(path)
    try:
        with open(path, "rb") as stream:
            # One byte more than allowed is enough to know that the file is too large.
            text = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "check the path" if not os.path.isdir(path) else "name a scenario file in it"
        message = f"cannot read the scenario: {reason}"
        return Checked(None, (Diagnostic("cannot-read", message, Place(file, 1, 1), hint),))
    return check_text(text, file, env, overrides, engine)


def check_text(
    text: bytes,
    file: str,
    env: Mapping[str, str],
    overrides: Overrides | None = None,
    engine: EngineChecks | None = None,
) -> Checked:
    """Checks the text of a scenario. `file` names it in messages; relative files start in its directory."""
    with without_garbage_collection():
        return _check_text(text, file, env, overrides, engine)


def _check_text(
    text: bytes, file: str, env: Mapping[str, str], overrides: Overrides | None, engine: EngineChecks | None
) -> Checked:
    findings = Findings()
    root = read_yaml(text, file, findings)
    resolver = Resolver(env, findings)
    scenario = parse(root, resolver, findings) if root is not None else None
    if scenario is None:
        return Checked(None, findings.sorted())
    around = Surroundings(
        name=Path(file).stem or "scenario",
        directory=os.path.dirname(os.path.abspath(file)),
        engine=engine or native_checks(),
        default_load=tree.UsersStage(scenario.place, *DEFAULT_SCENARIO_LOAD),
    )
    return _finish(scenario, overrides, around, resolver, findings)


def from_url(
    url: str,
    overrides: Overrides | None = None,
    env: Mapping[str, str] | None = None,
    engine: EngineChecks | None = None,
) -> Checked:
    """A plan that gets one address again and again: ten users for 30 s unless the options say otherwise."""
    findings = Findings()
    resolver = Resolver(env or {}, findings)
    place = option_place("URL")
    step = tree.RequestStep(place, "GET", resolver.template(Scalar(place, url)))
    default = tree.UsersStage(place, *DEFAULT_URL_LOAD)
    # A load of its own, so that there is no warning.
    scenario = tree.Scenario(place, steps=(step,), load=(default,), cookies="off")
    around = Surroundings(
        name=url.partition("?")[0].partition("#")[0].rpartition("@")[2][:200] or "url",
        directory=os.getcwd(),
        engine=engine or native_checks(),
        default_load=default,
    )
    return _finish(scenario, overrides, around, resolver, findings)


def _finish(
    scenario: tree.Scenario,
    overrides: Overrides | None,
    around: Surroundings,
    resolver: Resolver,
    findings: Findings,
) -> Checked:
    if overrides is not None:
        scenario = apply(overrides, scenario, around.default_load, Reader(resolver, findings), findings)
    plan = lower(scenario, around, resolver, findings)
    return Checked(plan, findings.sorted())
