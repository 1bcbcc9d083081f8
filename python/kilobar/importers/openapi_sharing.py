"""What all steps have in common is written once, for the whole scenario."""

from __future__ import annotations

from kilobar.importers.bounds import all_steps
from kilobar.model.scenario import Request, Scenario


def share(scenario: Scenario) -> None:
    """Moves the most common credentials, and headers that every step has, to the scenario."""
    requests = [step for step in all_steps(scenario) if isinstance(step, Request)]
    if len(requests) > 1:
        _share_auth(scenario, requests)
        _share_headers(scenario, requests)


def _share_auth(scenario: Scenario, requests: list[Request]) -> None:
    with_auth = [request for request in requests if request.auth is not None]
    counts = {str(request.auth): 0 for request in with_auth}
    for request in with_auth:
        counts[str(request.auth)] += 1
    common = max(counts, key=lambda shown: counts[shown], default="")
    if not common or counts[common] * 2 < len(requests):
        return
    for request in requests:
        if request.auth is None:
            request.auth = "none"
        elif str(request.auth) == common:
            if scenario.auth is None and request.auth != "none":
                scenario.auth = request.auth
            request.auth = None


def _share_headers(scenario: Scenario, requests: list[Request]) -> None:
    for name, value in list(requests[0].headers.items()):
        # The type of a body stays with the body.
        if name.lower() != "content-type" and all(request.headers.get(name) == value for request in requests):
            scenario.headers[name] = value
            for request in requests:
                del request.headers[name]
