"""A run while it goes: what the live view shows once a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kilobar.model.summary import Point, Summary

Phase = Literal["starting", "setup", "running", "draining", "teardown", "ended"]


@dataclass(frozen=True, slots=True)
class Live:
    """One look at a run that goes on.

    `so_far` has everything that was merged until now (its outcome and reasons are preliminary), `latest` the newest
    whole second, if there is one yet.
    """

    phase: Phase
    elapsed_s: float
    load_s: float
    """Length of the load that was asked for."""
    grace_left_s: float | None
    """While draining: how long it may still take."""
    scale: float
    """Factor by which the load was changed by hand; 1.0 when it was not."""
    workers_alive: int
    so_far: Summary
    latest: Point | None
