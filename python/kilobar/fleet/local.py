"""The fleet of this machine: one child process a worker, all heard through one selector."""

from __future__ import annotations

import json
import selectors
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self

from kilobar.errors import FleetError
from kilobar.fleet import frames
from kilobar.fleet.frames import FrameError
from kilobar.fleet.process import Argv, WorkerProcess, worker_argv
from kilobar.model.fleet import (
    Beat,
    Died,
    Done,
    FleetEvent,
    IntervalArrived,
    Prepared,
    Readable,
    Ready,
    Refused,
    StopAsked,
)

LEAVE_TIMEOUT_S = 1.0
"""How long a worker that has closed its stream or is done may take to end before it is killed."""

_Channel = Literal["caller", "socket", "stderr", "exit"]


class _Member:
    """What the fleet knows of one worker."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process = process
        self.has_said_goodbye = False
        """`done` or `refused` was its last word, so that its end is no loss."""
        self.has_ended = False
        self.stream_is_open = True
        self.fault: str | None = None
        """Why it was killed, when it broke the protocol."""
        self.leave_by_s: float | None = None


class LocalFleet:
    """`Fleet` of child processes. Also a context manager, which closes it."""

    def __init__(self, workers: int, argv: Argv = worker_argv) -> None:
        if workers < 1:
            raise ValueError("a fleet has at least one worker")
        self._workers = workers
        self._argv = argv
        self._members: list[_Member] = []
        self._selector = selectors.DefaultSelector()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def workers(self) -> int:
        """How many there were at the start."""
        return self._workers

    def pid(self, worker: int) -> int:
        """The process of a worker that was started."""
        return self._members[worker].process.pid

    def start(self) -> None:
        """See `Fleet.start`."""
        try:
            for index in range(self._workers):
                process = WorkerProcess(self._argv)
                self._members.append(_Member(process))
                self._selector.register(process.socket, selectors.EVENT_READ, ("socket", index))
                self._selector.register(process.stderr, selectors.EVENT_READ, ("stderr", index))
                self._selector.register(process.pidfd, selectors.EVENT_READ, ("exit", index))
        except OSError as error:
            self.close()
            raise FleetError(
                f"only {len(self._members)} of {self._workers} workers could be started: {error}",
                hint="use fewer workers; `kilobar doctor` shows the limits of this machine",
            ) from error

    def send(self, worker: int, command: Mapping[str, Any]) -> None:
        """See `Fleet.send`."""
        member = self._members[worker]
        if member.has_ended or not member.stream_is_open:
            return
        payload = json.dumps(command, ensure_ascii=False, separators=(",", ":")).encode()
        frame = frames.encode(frames.JSON, payload)
        try:
            member.process.send(frame)
        except FrameError as error:
            self._fault(member, str(error))
        self._watch_socket(worker)

    def poll(self, timeout_s: float) -> list[FleetEvent]:
        """See `Fleet.poll`."""
        events: list[FleetEvent] = []
        ready = self._selector.select(max(timeout_s, 0.0))
        # An exit is told last, when everything that the worker had sent before has been read.
        for key, mask in sorted(ready, key=lambda item: item[0].data[0] == "exit"):
            channel: _Channel
            channel, index = key.data
            if channel == "caller":
                events.append(Readable(index))
            elif channel == "exit":
                self._bury(index, events)
            elif channel == "stderr":
                if not self._members[index].process.read_stderr():
                    self._selector.unregister(key.fileobj)
            else:
                if mask & selectors.EVENT_WRITE:
                    self._members[index].process.flush()
                if mask & selectors.EVENT_READ:
                    self._listen(index, events)
                self._watch_socket(index)
        self._kill_lingering()
        return events

    def watch(self, fd: int) -> None:
        """See `Fleet.watch`."""
        self._selector.register(fd, selectors.EVENT_READ, ("caller", fd))

    def unwatch(self, fd: int) -> None:
        """See `Fleet.unwatch`."""
        self._selector.unregister(fd)

    def kill(self, worker: int) -> None:
        """See `Fleet.kill`."""
        if not self._members[worker].has_ended:
            self._members[worker].process.kill()

    def close(self) -> None:
        """See `Fleet.close`. Workers that have said goodbye get a moment to end by themselves."""
        if self._is_closed:
            return
        self._is_closed = True
        self._selector.close()
        for member in self._members:
            if not member.has_said_goodbye and not member.has_ended:
                member.process.kill()
        leave_by_s = time.monotonic() + LEAVE_TIMEOUT_S
        for member in self._members:
            if not member.has_ended and member.process.reap(max(leave_by_s - time.monotonic(), 0.0)) is None:
                member.process.kill()
                member.process.reap(LEAVE_TIMEOUT_S)
            member.process.close()

    def _listen(self, index: int, events: list[FleetEvent], *, everything: bool = False) -> None:
        member = self._members[index]
        try:
            for frame in member.process.receive(everything=everything):
                if frame is None:
                    self._end_stream(member)
                else:
                    event = _event_of(index, *frame)
                    member.has_said_goodbye |= isinstance(event, Done | Refused)
                    events.append(event)
        except FrameError as error:
            self._fault(member, str(error))
            self._end_stream(member)

    def _end_stream(self, member: _Member) -> None:
        if member.stream_is_open:
            member.stream_is_open = False
            member.leave_by_s = time.monotonic() + LEAVE_TIMEOUT_S
            self._selector.unregister(member.process.socket)

    def _watch_socket(self, index: int) -> None:
        member = self._members[index]
        if member.stream_is_open:
            write = selectors.EVENT_WRITE if member.process.wants_to_write else 0
            self._selector.modify(member.process.socket, selectors.EVENT_READ | write, ("socket", index))

    def _fault(self, member: _Member, what: str) -> None:
        member.fault = member.fault or what
        member.process.kill()

    def _bury(self, index: int, events: list[FleetEvent]) -> None:
        """The process has ended: hears its last words, then tells how it ended."""
        member = self._members[index]
        if member.stream_is_open:
            self._listen(index, events, everything=True)
            self._end_stream(member)
        member.process.read_stderr()
        exit_code = member.process.reap(LEAVE_TIMEOUT_S)
        member.has_ended = True
        for fileobj in (member.process.pidfd, member.process.stderr):
            if fileobj in self._selector.get_map():
                self._selector.unregister(fileobj)
        if not member.has_said_goodbye:
            how = member.fault or member.process.epitaph(-9 if exit_code is None else exit_code)
            events.append(Died(index, how))
        member.process.close()

    def _kill_lingering(self) -> None:
        now_s = time.monotonic()
        for member in self._members:
            if member.leave_by_s is not None and now_s >= member.leave_by_s and not member.has_ended:
                member.leave_by_s = None
                self._fault(member, "it closed its connection to the controller and went on")


def _event_of(worker: int, kind: str, payload: bytes) -> FleetEvent:
    """Raises FrameError for what is not an event of the protocol."""
    if kind == frames.INTERVAL:
        return IntervalArrived(worker, payload)
    try:
        message = json.loads(payload)
        match message["is"]:
            case "ready":
                return Ready(worker, int(message["pid"]), str(message["version"]))
            case "prepared":
                return Prepared(worker)
            case "beat":
                return Beat(worker)
            case "stop":
                return StopAsked(worker, str(message["reason"]))
            case "done":
                return Done(worker)
            case "refused":
                return Refused(worker, str(message["code"]), str(message["message"]))
            case other:
                raise FrameError(f"it sent the unknown event {other!r}")
    except (ValueError, KeyError, TypeError) as error:
        raise FrameError(f"it sent an event that cannot be read: {error!r}") from error
