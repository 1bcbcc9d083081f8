"""A run while it goes: what the live view shows once a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from kilobar.model.summary import Point, Summary, read_point

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

    def to_dict(self) -> dict[str, Any]:
        """For another process, once a second: `so_far` goes without its timeline and samples, which only grow."""
        return {
            "phase": self.phase,
            "elapsed_s": self.elapsed_s,
            "load_s": self.load_s,
            "grace_left_s": self.grace_left_s,
            "scale": self.scale,
            "workers_alive": self.workers_alive,
            "so_far": replace(self.so_far, timeline=(), samples=()).to_dict(),
            "latest": None if self.latest is None else asdict(self.latest),
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Live:
        """What `to_dict` made."""
        latest = values["latest"]
        return Live(
            phase=values["phase"],
            elapsed_s=values["elapsed_s"],
            load_s=values["load_s"],
            grace_left_s=values["grace_left_s"],
            scale=values["scale"],
            workers_alive=values["workers_alive"],
            so_far=Summary.from_dict(values["so_far"]),
            latest=None if latest is None else read_point(latest),
        )
