"""Headers that every step of a recording sends -> headers of the scenario."""

from __future__ import annotations

from collections import Counter

from kilobar.model.scenario import Request, Scenario, Text

_AGENT = "user-agent"


def share_headers(scenario: Scenario, requests: list[Request]) -> None:
    """Moves what is the same in all requests; of user agents the most common one, which others may override."""
    if len(requests) < 2:
        return
    shared: Counter[tuple[str, Text]] = Counter()
    spelled: dict[str, str] = {}
    for request in requests:
        for name, value in request.headers.items():
            shared[name.lower(), value] += 1
            spelled.setdefault(name.lower(), name)
    agents = [(count, value) for (name, value), count in shared.items() if name == _AGENT]
    agent = max(agents, key=lambda found: found[0])[1] if agents else None
    for (name, value), count in shared.items():
        if count == len(requests) or (name == _AGENT and value == agent):
            scenario.headers[spelled[name]] = value
    moved = {(name.lower(), value) for name, value in scenario.headers.items()}
    for request in requests:
        request.headers = {name: value for name, value in request.headers.items() if (name.lower(), value) not in moved}
