"""What in a scenario holds for all requests: the target, cookies, connections, and headers that all of them have."""

from __future__ import annotations

import re
from collections import Counter

from kilobar.importers.bounds import all_steps
from kilobar.importers.jmx_steps import Conversion
from kilobar.importers.jmx_tree import Node
from kilobar.importers.targets import require_target
from kilobar.model.scenario import Request, Scenario

_SERVER_SIDE = {
    "CacheManager": "there is no cache: every request is sent",
    "DNSCacheManager": "names are looked up by Kilobar itself; see `resolve`",
    "KeystoreConfig": "client certificates are PEM files here; see `tls`",
}


def finish(scenario: Scenario, plan: Node, conversion: Conversion) -> None:
    """Sets everything that depends on all requests."""
    scenario.connections = "per_user"
    _cookies(scenario, plan, conversion)
    for node in plan.below():
        if node.kind in _SERVER_SIDE:
            conversion.ledger.noted.add(node)
            conversion.notes.add(_SERVER_SIDE[node.kind], node.label)
    requests = [step for step in all_steps(scenario) if isinstance(step, Request)]
    conversion.variables.complete(scenario)
    _target(scenario, requests, conversion)
    require_target(scenario, conversion.notes)
    _share(scenario, requests)
    if conversion.saves.strict:
        conversion.notes.add(
            "an extractor without a default that finds nothing fails its step; JMeter goes on with the old value"
        )


def _cookies(scenario: Scenario, plan: Node, conversion: Conversion) -> None:
    managers = [node for node in plan.below() if node.kind == "CookieManager"]
    modes = {_jar(node, plan) for node in managers}
    scenario.cookies = "off" if not modes else "per_user" if "per_user" in modes else "per_iteration"
    for node in managers:
        # Its jar is used, even when no cookie of its own is.
        conversion.ledger.used.add(node)
    if len(modes) > 1:
        conversion.notes.add("cookie managers differ in when they forget cookies; here each user keeps them")


def _jar(node: Node, plan: Node) -> str:
    if node.properties.flag("CookieManager.controlledByThreadGroup"):
        groups = [group for group in plan.below() if group.kind.endswith("ThreadGroup")]
        same = any(group.properties.flag("ThreadGroup.same_user_on_next_iteration", default=True) for group in groups)
        return "per_user" if same else "per_iteration"
    return "per_iteration" if node.properties.flag("CookieManager.clearEachIteration") else "per_user"


def _target(scenario: Scenario, requests: list[Request], conversion: Conversion) -> None:
    """The most common origin is the target, when it is known before the run; other requests have whole addresses."""
    addresses = conversion.requests.addresses
    known = set(scenario.variables)
    origins = Counter(
        address.origin
        for request in requests
        if (address := addresses[id(request)]).origin and address.variables <= known and _is_fixed(address.origin)
    )
    if origins:
        scenario.target, _ = origins.most_common(1)[0]
    for request in requests:
        address = addresses[id(request)]
        is_below = address.origin == scenario.target or not address.origin
        request.url = address.path if is_below else f"{address.origin}{address.path}"


def _is_fixed(origin: str) -> bool:
    """Whether all holes are constants or of the environment."""
    return all(re.match(r"env\.|[A-Za-z_]\w*\}", hole) for hole in origin.split("${")[1:])


def _share(scenario: Scenario, requests: list[Request]) -> None:
    """What all requests have is said once."""
    if len(requests) > 1:
        _share_headers(scenario, requests)
        first = requests[0]
        if len({request.redirects for request in requests}) == 1:
            scenario.redirects = first.redirects or None
        if len({request.timeout for request in requests}) == 1:
            scenario.timeout = first.timeout
    for request in requests:
        # Without a setting of the scenario none are followed.
        if request.redirects == (scenario.redirects or 0):
            request.redirects = None
        if request.timeout == scenario.timeout:
            request.timeout = None


def _share_headers(scenario: Scenario, requests: list[Request]) -> None:
    first, *others = requests
    for name, value in list(first.headers.items()):
        if "${" not in value.replace("$${", "") and all(other.headers.get(name) == value for other in others):
            scenario.headers[name] = value
            for request in requests:
                del request.headers[name]
