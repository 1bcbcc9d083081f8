"""What a fleet is: workers that are started, told things and listened to. Runs know only this, never how it is done.

Commands are the JSON objects of `docs/design/002-worker-protocol.md`; what comes back are the events below.
A new kind of fleet must pass `tests/contract/test_fleet.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker waits for `prepare`."""

    worker: int
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """The worker has read the plan and the files of its data, and waits for `start`."""

    worker: int


@dataclass(frozen=True, slots=True)
class Beat:
    """The worker's event loop turns."""

    worker: int


@dataclass(frozen=True, slots=True)
class IntervalArrived:
    """A stretch of measurement, still encoded."""

    worker: int
    encoded: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """The worker has sent all its intervals."""

    worker: int


@dataclass(frozen=True, slots=True)
class StopAsked:
    """A step of the scenario asks that the run be stopped."""

    worker: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The plan cannot be run by this worker."""

    worker: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Died:
    """The worker ended before it was done. Everything that it had sent was delivered before this event.

    `how` reads on after "worker 1 was lost: ", for example "killed by signal 9".
    """

    worker: int
    how: str


@dataclass(frozen=True, slots=True)
class Readable:
    """A watched file descriptor of the caller can be read."""

    fd: int


FleetEvent = Ready | Prepared | Beat | IntervalArrived | StopAsked | Done | Refused | Died | Readable


class Fleet(Protocol):
    """Workers 0 to `workers` - 1. Not thread-safe: one thread owns a fleet."""

    @property
    def workers(self) -> int:
        """How many there were at the start."""

    def start(self) -> None:
        """Starts all of them and does not wait: each says `Ready`. Raises FleetError when one cannot be started."""

    def send(self, worker: int, command: Mapping[str, Any]) -> None:
        """Queues a command. Never waits; a worker that is gone hears nothing, one that does not read is killed."""

    def poll(self, timeout_s: float) -> list[FleetEvent]:
        """Waits until something happened, for at most `timeout_s`; events of one worker come in their order."""

    def watch(self, fd: int) -> None:
        """Makes `poll` also wait for this file descriptor and report it as `Readable`."""

    def unwatch(self, fd: int) -> None:
        """Ends `watch`."""

    def kill(self, worker: int) -> None:
        """Ends a worker at once, so that it certainly sends nothing more to the target; `Died` follows."""

    def close(self) -> None:
        """Ends every worker that still runs and frees everything. May be called twice."""
