"""What most requests have in common moves to the scenario: the address, authentication, redirects."""

from __future__ import annotations

import re
from collections import Counter

from kilobar.importers.bounds import all_steps
from kilobar.importers.targets import share_target
from kilobar.model.scenario import Auth, Request, Scenario

_BASE_HOLE = re.compile(r"((?:https?://)?\$\{(?:[^{}]|\{[^{}]*\})*\}(?::[0-9]+)?)(?=/)")


def share(scenario: Scenario) -> None:
    """Moves what can be said once."""
    requests = [step for step in all_steps(scenario) if isinstance(step, Request)]
    _share_base(scenario, requests)
    share_target(scenario)
    _share_auth(scenario, requests)
    for request in requests:
        if request.redirects == scenario.redirects:
            request.redirects = None


def _share_base(scenario: Scenario, requests: list[Request]) -> None:
    """`${baseUrl}/items` becomes `/items` below the target `${baseUrl}`."""
    bases = Counter(match[1] for step in requests if (match := _BASE_HOLE.match(step.url)))
    for base, count in bases.most_common(1):
        if 2 * count >= len(requests) and _is_constant(base, scenario):
            scenario.target = base
            for step in requests:
                match = _BASE_HOLE.match(step.url)
                if match and match[1] == base:
                    step.url = step.url[match.end() :]


def _share_auth(scenario: Scenario, requests: list[Request]) -> None:
    auths = Counter(_key(step.auth) for step in requests if isinstance(step.auth, Auth))
    for key, count in auths.most_common(1):
        if count < 2 or 2 * count < len(requests) or not _is_constant(key, scenario):
            return
        for step in requests:
            if not isinstance(step.auth, Auth):
                # A header of its own replaces the authentication of the scenario anyway.
                has_own = any(name.lower() == "authorization" for name in step.headers)
                step.auth = None if has_own else "none"
            elif _key(step.auth) == key:
                scenario.auth = scenario.auth or step.auth
                step.auth = None


def _key(auth: Auth) -> str:
    return f"{auth.basic.user}\n{auth.basic.password}" if auth.basic else f"{auth.bearer}"


def _is_constant(text: str, scenario: Scenario) -> bool:
    """Whether all holes are constants or from the environment."""
    names = re.findall(r"\$\{([^{}]*)", text)
    return all(name.startswith("env.") or name in scenario.variables for name in names)
