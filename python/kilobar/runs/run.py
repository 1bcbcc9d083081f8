"""A run: a plan executed by a fleet, from `start` to the verdict.

    with LocalFleet(workers) as fleet:
        fleet.start()                                     # workers get ready while the caller does other things
        run = Run(plan, fleet, thresholds=..., run_id=...)
        for live in run.execute({stdin_fd: on_key}):      # a Live about every second, and when something happens
            show(live)
        report(run.summary)

`stop` and `scale` may be called at any time from the same thread: from a signal handler, from a callback of `execute`,
or between two looks. They take effect within a tenth of a second; a callback makes that immediate, so a caller that
handles signals gives the socket of `signal.set_wakeup_fd` among the inputs.

Each worker is `starting`, then `preparing` while it reads the plan and the files of its data, then `ready`, `working`
from the command `start` on, and ends as `done` or `lost`. It is lost when it dies, or when it is silent for
`SILENCE_NS` while it works; then it is killed first, so that nothing is fired twice. The run starts when all workers
are ready and ends when none is working any more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from kilobar._native import Interval, once
from kilobar.errors import FleetError, InputError
from kilobar.model.data import DataFile
from kilobar.model.fleet import (
    Died,
    Done,
    Fleet,
    FleetEvent,
    IntervalArrived,
    Prepared,
    Readable,
    Ready,
    Refused,
    StopAsked,
)
from kilobar.model.live import Live, Phase
from kilobar.model.plan import Plan
from kilobar.model.summary import Event, State, Summary
from kilobar.model.threshold import Threshold
from kilobar.runs.asked import SECOND_NS, AskedLoad
from kilobar.runs.environment import environment
from kilobar.runs.measurement import Measurement
from kilobar.runs.members import Members, parts_of
from kilobar.runs.occasion import Mishap, Occasion, Perform
from kilobar.runs.summary import Particulars, summarise
from kilobar.runs.verdict import Loss

MS = 1_000_000

READY_TIMEOUT_NS = 10 * SECOND_NS
READY_TIMEOUT_OF_A_DATA_BYTE_NS = 20
"""Each worker reads the files of the data once: a gigabyte takes it about a second, on a busy machine several."""
START_LEAD_NS = 30 * MS
START_LEAD_OF_A_WORKER_NS = 1 * MS
"""All workers must have their start command before the run starts."""
LEASE_NS = 500 * MS
SILENCE_NS = 1_500 * MS
"""Six beats: a worker that is silent for so long does not hold its load."""
MOVE_LEAD_NS = 150 * MS
SCALE_LEAD_NS = 200 * MS
STOP_LEAD_NS = 100 * MS
"""Commands must have arrived everywhere before they take effect."""
OVERDUE_NS = 5 * SECOND_NS
"""Past its grace, a worker that has not ended is killed."""
UNDO_TIMEOUT_S = 30.0
"""Of a teardown after workers that could not start."""
POLL_S = 0.1
LOOK_NS = 1_500 * MS
"""A look at the latest after this time; sooner when a second was closed or something happened."""

MAX_EVENTS = 1_000
"""Of a run; a person who holds a key down makes many."""

WorkerState = Literal["starting", "preparing", "ready", "working", "done", "lost"]

Input = Callable[[], bool]
"""Called when its file descriptor can be read, which it must do; False ends the watching."""


@dataclass(slots=True)
class _Worker:
    state: WorkerState = "starting"
    heard_ns: int = 0
    """When it last said something, on the clock."""


def ready_timeout_ns(plan: Plan) -> int:
    """How long workers may take until they are ready for this plan."""
    files = (data.source for data in plan.data if isinstance(data.source, DataFile))
    return READY_TIMEOUT_NS + READY_TIMEOUT_OF_A_DATA_BYTE_NS * sum(file.bytes for file in files)


class Run:
    """One execution of a plan on a started fleet. See the module."""

    def __init__(
        self,
        plan: Plan,
        fleet: Fleet,
        *,
        thresholds: Sequence[Threshold] = (),
        run_id: str = "",
        command: str = "",
        now: Callable[[], int] = time.monotonic_ns,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
        perform: Perform = once,
    ) -> None:
        """`now` is the clock of the workers, in ns. Raises InputError for more workers than iterations in flight."""
        if plan.is_open and fleet.workers > plan.max_in_flight:
            raise InputError(f"{fleet.workers} workers cannot share {plan.max_in_flight} iterations in flight")
        self._plan = plan
        self._fleet = fleet
        self._now = now
        self._asked = AskedLoad(plan)
        self._members = Members(fleet.workers)
        self._measurement = Measurement(fleet.workers, self._asked)
        self._workers = [_Worker() for _ in range(fleet.workers)]
        self._plan_json = plan.to_dict()
        self._ready_timeout_ns = ready_timeout_ns(plan)
        self._ready_by_ns = now() + self._ready_timeout_ns
        self._perform = perform
        self._setup: Occasion | None = None
        self._teardown: Occasion | None = None
        self._given: Any = None
        self._mishap: Mishap | None = None
        self._start_ns: int | None = None
        self._grace_ns = plan.grace_ns
        self._lease_at_ns = 0
        self._stops_asked = 0
        self._stops_done = 0
        self._stopped_by_step = False
        self._scales_asked: list[float] = []
        self._state: State = "finished"
        self._losses: list[Loss] = []
        self._heal_at_ns: dict[int, int] = {}
        """By index into the losses: when others take over, for those that are not healed yet."""
        self._events: list[Event] = []
        self._abort_by_ns: int | None = None
        self._ended_ns: int | None = None
        self._is_news = False
        self._look_at_ns = 0
        self._particulars = Particulars(
            run_id, plan.name, utc_now().isoformat(timespec="milliseconds"), fleet.workers, tuple(thresholds),
            environment(plan, command), plan.users_may_leave, plan.code is not None, plan.unmeasured,
        )  # fmt: skip

    @property
    def summary(self) -> Summary:
        """Of what was measured so far; the last word when `execute` has ended."""
        return summarise(
            self._particulars,
            self._measurement,
            self._asked,
            self._state,
            self._losses,
            self._events,
            self._mishap,
            is_over=self._ended_ns is not None,
        )

    def stop(self) -> None:
        """The first call lets work in flight end within the plan's grace, the second one ends it at once."""
        self._stops_asked += 1

    def scale(self, factor: float) -> None:
        """Multiplies the load from now on. Raises ValueError for a factor that is not positive and finite."""
        if not (math.isfinite(factor) and factor > 0):
            raise ValueError(f"the load cannot be multiplied by {factor}")
        self._scales_asked.append(factor)

    def execute(self, inputs: Mapping[int, Input] | None = None) -> Iterator[Live]:
        """Runs the plan, once. `inputs` are more file descriptors to wait for.

        Raises FleetError when the workers do not get ready, InputError when they refuse the plan. Losing workers later
        is no error: it is in the summary.
        """
        watched = dict(inputs or {})
        for fd in watched:
            self._fleet.watch(fd)
        try:
            while self._ended_ns is None:
                for event in self._fleet.poll(POLL_S):
                    if not isinstance(event, Readable):
                        self._hear(event, self._now())
                    elif not watched[event.fd]():
                        self._fleet.unwatch(event.fd)
                        del watched[event.fd]
                now_ns = self._now()
                self._go_on(now_ns)
                if self._is_news or (self._start_ns is not None and now_ns >= self._look_at_ns):
                    self._is_news = False
                    self._look_at_ns = now_ns + LOOK_NS
                    yield self._look(now_ns)
        except (FleetError, InputError):
            self._undo_setup()
            raise
        finally:
            for fd in watched:
                self._fleet.unwatch(fd)

    def _undo_setup(self) -> None:
        """The load cannot even start: what setup did is undone nevertheless."""
        if self._given is not None and self._start_ns is None and self._plan.teardown:
            Occasion(self._plan, "teardown", self._given, self._perform).outcome(UNDO_TIMEOUT_S)

    def _hear(self, event: FleetEvent, now_ns: int) -> None:
        assert not isinstance(event, Readable)
        worker = self._workers[event.worker]
        if worker.state in ("lost", "done"):
            return  # it was written off: what a killed worker had still sent is lost, and counted so
        worker.heard_ns = now_ns
        match event:
            case Ready(index):
                worker.state = "preparing"
                place = {"worker": index, "workers": self._fleet.workers}
                self._fleet.send(index, {"do": "prepare", **place, "plan": self._plan_json})
            case Prepared():
                worker.state = "ready"
            case IntervalArrived(index, encoded):
                self._take(index, encoded, now_ns)
            case Done():
                worker.state = "done"
                self._dismiss_idle(now_ns)
            case StopAsked(_, reason):
                self._stop_for(reason, now_ns)
            case Refused(_, code, message):
                raise InputError(f"the workers cannot run this plan: {message}", code=code)
            case Died(index, how):
                if self._start_ns is None:
                    raise FleetError(f"worker {index} could not start: {how}")
                self._lose(index, how, now_ns)

    def _take(self, index: int, encoded: bytes, now_ns: int) -> None:
        try:
            interval = Interval.decode(encoded)
        except ValueError as error:
            self._lose(index, f"it sent an interval that cannot be read: {error}", now_ns)
        else:
            self._measurement.add(index, interval)

    def _dismiss_idle(self, now_ns: int) -> None:
        """Users have left before the end of their load: workers that have no users at all only wait for its end."""
        time_ns = max(self._time_ns(now_ns), 0)
        if not self._plan.users_may_leave or self._asked.kinds != {"users"} or time_ns >= self._asked.end_ns:
            return
        owners = self._members.owners
        with_users = {owners[user % len(owners)] for user in range(self._asked.peak_users(self._asked.end_ns) or 0)}
        for index in self._working():
            if index not in with_users:
                self._fleet.send(index, {"do": "stop", "effective_at_ns": time_ns, "grace_ns": self._grace_ns})

    def _stop_for(self, reason: str, now_ns: int) -> None:
        """A step asks for it: as a person would, and only once however many users get to that step."""
        if not self._stops_asked:
            self._stops_asked = 1
            self._stopped_by_step = True
            self._note(max(self._time_ns(now_ns), 0), f"a step stops the run: {reason}")

    def _go_on(self, now_ns: int) -> None:
        """Does everything that is due at this time."""
        if self._teardown is not None:
            self._wait_for_teardown(now_ns)
            return
        if self._start_ns is None:
            if self._stops_asked:
                self._stop_before_start(now_ns)
            elif not self._is_set_up(now_ns):
                return
            elif all(worker.state == "ready" for worker in self._workers):
                self._begin(now_ns)
            elif now_ns > self._ready_by_ns:
                late = [index for index, worker in enumerate(self._workers) if worker.state != "ready"]
                raise FleetError(
                    f"{len(late)} of {len(self._workers)} workers were not ready within "
                    f"{self._ready_timeout_ns / SECOND_NS:.0f} s (the first one is worker {late[0]})",
                    hint="the machine may be overloaded: use fewer workers",
                )
            return
        self._lose_silent(now_ns)
        self._obey(now_ns)
        self._lease(now_ns)
        self._heal(now_ns)
        self._is_news |= self._measurement.close_seconds(max(self._time_ns(now_ns), 0), self._working())
        if not self._working():
            self._close_load(now_ns)
            self._tear_down(now_ns)

    def _stop_before_start(self, now_ns: int) -> None:
        """A setup that goes on is waited for when it can be undone: nothing else knows what it has done by then."""
        self._state = "stopped"
        self._stops_done = self._stops_asked
        if self._setup is not None and self._given is None and self._plan.teardown and self._stops_done < 2:
            outcome = self._setup.outcome()
            if outcome is None:
                return
            self._given, self._mishap = outcome.given, outcome.mishap
        if self._given is None:
            self._end(now_ns)
        else:
            self._tear_down(now_ns)

    def _close_load(self, now_ns: int) -> None:
        """When all users left before the end of the load, it ends there: what was asked of nobody is nobody's fault."""
        if self._state == "finished" and self._plan.users_may_leave:
            self._asked.stop(min(self._asked.end_ns, max(self._time_ns(now_ns), 0)))

    def _is_set_up(self, now_ns: int) -> bool:
        """Whether workers may be started. A setup that fails ends the run."""
        if not self._plan.setup or self._given is not None:
            return True
        if self._setup is None:
            self._setup = Occasion(self._plan, "setup", None, self._perform)
            self._is_news = True
        outcome = self._setup.outcome()
        if outcome is None:
            self._ready_by_ns = now_ns + self._ready_timeout_ns
            return False
        self._given = outcome.given
        if outcome.mishap is None:
            return True
        self._state = "failed"
        self._mishap = outcome.mishap
        self._tear_down(now_ns)
        return False

    def _tear_down(self, now_ns: int) -> None:
        """What must be undone is undone also when the load was stopped or setup failed halfway; not after an abort."""
        if self._plan.teardown and self._stops_done < 2:
            self._teardown = Occasion(self._plan, "teardown", self._given, self._perform)
            self._is_news = True
        else:
            self._end(now_ns)

    def _wait_for_teardown(self, now_ns: int) -> None:
        assert self._teardown is not None
        outcome = self._teardown.outcome()
        is_aborted = self._stops_asked >= 2
        if outcome is not None and outcome.mishap is not None:
            self._note(self._event_ns(now_ns), f"teardown failed: {outcome.mishap}")
        elif outcome is None and is_aborted:
            self._note(self._event_ns(now_ns), "teardown was aborted by hand")
        if outcome is not None or is_aborted:
            self._end(now_ns)

    def _begin(self, now_ns: int) -> None:
        count = len(self._workers)
        self._start_ns = now_ns + START_LEAD_NS + count * START_LEAD_OF_A_WORKER_NS
        parts = parts_of(self._plan.max_in_flight, range(count))
        for index, worker in enumerate(self._workers):
            worker.state = "working"
            worker.heard_ns = self._start_ns
            self._fleet.send(
                index,
                {
                    "do": "start",
                    "owners": self._members.owners,
                    "max_in_flight": parts[index],
                    "start_at_ns": self._start_ns,
                    "given": self._given,
                },
            )
        self._lease_at_ns = now_ns + LEASE_NS
        self._is_news = True

    def _lease(self, now_ns: int) -> None:
        if now_ns >= self._lease_at_ns:
            self._lease_at_ns = now_ns + LEASE_NS
            self._tell_all({"do": "lease"})

    def _lose_silent(self, now_ns: int) -> None:
        """Called after everything that had come was heard: if this process itself was slow, nobody is lost for that."""
        overdue_ns = self._asked.end_ns + self._grace_ns + OVERDUE_NS
        is_overdue = self._time_ns(now_ns) > overdue_ns or (
            self._abort_by_ns is not None and now_ns > self._abort_by_ns
        )
        for index in self._working():
            silence_ns = now_ns - self._workers[index].heard_ns
            if silence_ns > SILENCE_NS:
                self._lose(index, f"silent for {silence_ns / SECOND_NS:.1f} s", now_ns)
            elif is_overdue:
                self._lose(index, "it did not end when it should have", now_ns)

    def _lose(self, index: int, how: str, now_ns: int) -> None:
        """Writes a worker off and lets the others take over what it would have done."""
        worker = self._workers[index]
        worker.state = "lost"
        self._fleet.kill(index)
        at_ns = max(self._time_ns(now_ns), 0)
        survivors = self._working()
        was_draining = at_ns >= self._asked.end_ns
        until_ns = self._asked.end_ns
        if not was_draining and survivors:
            until_ns = min(self._members.replace(index, survivors, at_ns + MOVE_LEAD_NS), self._asked.end_ns)
            self._tell_members(survivors, until_ns)
        elif not was_draining:
            self._state = "failed"
            # A worker that was lost just before is written off until then.
            until_ns = max(at_ns, self._members.changed_ns)
            self._asked.stop(until_ns)
        lost = self._measurement.lose(index, self._never_reported(index, until_ns), max(until_ns, at_ns))
        if not was_draining and survivors:
            self._heal_at_ns[len(self._losses)] = until_ns
            gap_ns = until_ns - max(self._time_ns(worker.heard_ns), 0)
            moved = f"its share moved to the others after {gap_ns / SECOND_NS:.2f} s"
        else:
            moved = "the load had ended" if was_draining else "no worker is left"
        self._losses.append(Loss(index, how, lost, healed=was_draining))
        self._note(at_ns, f"worker {index} lost ({how}); {moved}; {lost:,} iterations lost")

    def _tell_members(self, members: Sequence[int], effective_at_ns: int) -> None:
        """The dead worker's part of the limit is dealt anew with its slots: survivors that kept only theirs would drop
        arrivals that the plan has room for."""
        for index, part in parts_of(self._plan.max_in_flight, members).items():
            self._fleet.send(
                index,
                {
                    "do": "members",
                    "owners": self._members.owners,
                    "max_in_flight": part,
                    "effective_at_ns": effective_at_ns,
                },
            )

    def _never_reported(self, index: int, until_ns: int) -> int:
        """Arrivals that were due on a worker before `until_ns` and of which it has not said anything."""
        if self._asked.kinds == {"rate"}:
            # Exact: what was due on it from the start, minus what it reported as having been due.
            due = self._members.planned_of(index, self._asked, 0, until_ns)
            return max(due - self._measurement.reported(index).planned, 0)
        # Its reports mix arrivals with iterations of closed users, which nobody planned: only the time is known.
        return self._members.planned_of(index, self._asked, self._measurement.reported_ns(index), until_ns)

    def _heal(self, now_ns: int) -> None:
        """A loss is healed when its heirs, or those of them that live, have taken over."""
        for number, at_ns in list(self._heal_at_ns.items()):
            if self._time_ns(now_ns) >= min(at_ns, self._asked.end_ns) and self._state != "failed":
                loss = self._losses[number]
                self._losses[number] = Loss(loss.worker, loss.how, loss.lost, healed=True)
                del self._heal_at_ns[number]

    def _obey(self, now_ns: int) -> None:
        """Carries out what was asked for by hand."""
        at_ns = max(self._time_ns(now_ns), 0)
        while self._stops_done < self._stops_asked:
            self._stops_done += 1
            self._state = "stopped"
            if self._stops_done == 1:
                self._asked.stop(max(at_ns + STOP_LEAD_NS, self._members.changed_ns))
                command = {"do": "stop", "effective_at_ns": self._asked.end_ns, "grace_ns": self._grace_ns}
                self._tell_all(command)
                if not self._stopped_by_step:
                    self._note(at_ns, "stopped by hand; work in flight may end")
            elif self._stops_done == 2:
                self._asked.stop(at_ns)
                self._abort_by_ns = now_ns + OVERDUE_NS
                self._tell_all({"do": "abort"})
                self._note(at_ns, "aborted by hand")
        while self._scales_asked:
            factor = self._scales_asked.pop(0)
            effective_ns = at_ns + SCALE_LEAD_NS
            if effective_ns < self._asked.end_ns:
                self._asked.scale(effective_ns, factor)
                self._tell_all({"do": "scale", "factor": factor, "effective_at_ns": effective_ns})
                self._note(effective_ns, f"load changed by hand to {self._asked.factor:.4g} times the plan")

    def _end(self, now_ns: int) -> None:
        self._measurement.close_all()
        self._ended_ns = now_ns
        self._is_news = True

    def _note(self, at_ns: int, text: str) -> None:
        if len(self._events) < MAX_EVENTS:
            self._events.append(Event(at_ns / SECOND_NS, text))
        self._is_news = True

    def _tell_all(self, command: Mapping[str, Any]) -> None:
        for index in self._working():
            self._fleet.send(index, command)

    def _working(self) -> list[int]:
        return [index for index, worker in enumerate(self._workers) if worker.state == "working"]

    def _event_ns(self, now_ns: int) -> int:
        """The time of what happens now; 0 when there was no load."""
        return max(self._time_ns(now_ns), 0) if self._start_ns is not None else 0

    def _time_ns(self, now_ns: int) -> int:
        """Time from the start of the run; negative before it."""
        assert self._start_ns is not None
        return now_ns - self._start_ns

    def _look(self, now_ns: int) -> Live:
        time_ns = max(self._time_ns(now_ns), 0) if self._start_ns is not None else 0
        phase = self._phase(now_ns)
        grace_left_ns = self._asked.end_ns + self._grace_ns - time_ns
        return Live(
            phase=phase,
            elapsed_s=time_ns / SECOND_NS,
            load_s=self._plan.duration_ns / SECOND_NS,
            grace_left_s=max(grace_left_ns, 0) / SECOND_NS if phase == "draining" else None,
            scale=self._asked.factor,
            workers_alive=len(self._working()),
            so_far=self.summary,
            latest=self._measurement.timeline.latest,
        )

    def _phase(self, now_ns: int) -> Phase:
        if self._ended_ns is not None:
            return "ended"
        if self._teardown is not None:
            return "teardown"
        if self._start_ns is None or self._time_ns(now_ns) < 0:
            return "starting" if self._setup is None or self._given is not None else "setup"
        return "running" if self._time_ns(now_ns) < self._asked.end_ns else "draining"
