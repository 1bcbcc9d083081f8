"""Where and how a run was made: what a reader needs to trust its numbers or to repeat them."""

from __future__ import annotations

import os
import platform

from kilobar._native import __version__
from kilobar.model.plan import Plan


def environment(plan: Plan, command: str) -> dict[str, str]:
    """Names and values in the order of reading. `command` is shown as it is: no secret may stand in it."""
    values = {
        "machine": f"{platform.machine()}, {os.cpu_count() or 1} cores, {len(os.sched_getaffinity(0))} usable",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "kilobar": __version__,
        "targets": ", ".join(str(origin) for origin in plan.origins),
        "connections": plan.http.connections,
        "arrivals": plan.arrivals,
        "seed": str(plan.seed),
    }
    if any(origin.scheme == "https" for origin in plan.origins):
        # Reports warn loudly when this begins with "insecure".
        verification = "insecure: certificates are not verified" if plan.http.insecure else "certificates are verified"
        values["tls"] = f"{verification}; session resumption {plan.http.resumption}"
    if command:
        values["command"] = command
    return values
