"""A fleet of simulated workers on a clock that the test owns: they follow the worker protocol, and can die or hang."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kilobar._native import Schedule
from kilobar.model.fleet import Beat, Died, Done, FleetEvent, IntervalArrived, Prepared, Ready, Refused

from .intervals import MS, SECOND_NS, encoded, series

BEAT_NS = 250 * MS
NEVER = 10**19


class Clock:
    def __init__(self) -> None:
        self.now_ns = 5_000 * SECOND_NS

    def __call__(self) -> int:
        return self.now_ns


@dataclass
class Fate:
    """What befalls a worker; times are ns from the start of the run."""

    dies_at_ns: int = NEVER
    how: str = "killed by signal 9"
    hangs_at_ns: int = NEVER
    delays_ns: dict[int, int] = field(default_factory=dict)
    """How much later than cut an interval is sent, by second."""
    never_ready: bool = False
    prepares_for_ns: int = 0
    """How long it reads files before it is prepared; it is silent meanwhile."""
    refuses: bool = False
    never_done: bool = False
    loses_in_books: int = 0
    """A bug: so many started iterations are forgotten."""


class SimulatedWorker:
    """Executes its share with a constant response time, in zero time of its own."""

    def __init__(self, index: int, fate: Fate, response_ns: int) -> None:
        self.index = index
        self.fate = fate
        self.response_ns = response_ns
        self.plan: dict[str, Any] | None = None
        self.schedule: Schedule | None = None
        self.start_ns = NEVER
        self.epochs: list[tuple[int, list[int]]] = []
        self.max_in_flight = 0
        self.is_open = True
        self.end_ns = NEVER
        self.abort_ns = NEVER
        self.cut_ns = 0
        self.beat_ns = 0
        self.reported = dict.fromkeys(("planned", "started", "ok"), 0)
        self.lost_books = 0
        self.late: list[tuple[int, FleetEvent]] = []
        self.is_over = False
        self.commands: list[Mapping[str, Any]] = []

    def obey(self, command: Mapping[str, Any]) -> None:
        self.commands.append(command)
        match command["do"]:
            case "prepare":
                self.plan = command["plan"]
            case "start":
                assert self.plan is not None
                self.schedule = Schedule(json.dumps(self.plan))
                self.end_ns = self.schedule.duration_ns
                self.is_open = self.plan["load"][0]["kind"] == "rate"
                self.start_ns = command["start_at_ns"]
                self.epochs = [(0, list(command["owners"]))]
                self.max_in_flight = command["max_in_flight"]
            case "members":
                self.epochs.append((command["effective_at_ns"], list(command["owners"])))
                assert command["max_in_flight"] >= self.max_in_flight, "a survivor's part never shrinks"
                self.max_in_flight = command["max_in_flight"]
            case "scale":
                assert self.schedule is not None
                self.schedule.rescale(command["effective_at_ns"], command["factor"])
            case "stop":
                self.end_ns = min(self.end_ns, command["effective_at_ns"])
            case "abort" if not self.fate.never_done:
                self.abort_ns = self.cut_ns  # at once: whatever comes next is the end

    @property
    def over_ns(self) -> int:
        """When it is drained."""
        return min(self.end_ns + self.response_ns, self.abort_ns)

    def next_ns(self) -> int:
        """When it will say something next, from the start of the run."""
        if self.is_over or self.schedule is None:
            return NEVER
        if self.abort_ns != NEVER:
            return 0
        after_end = NEVER if self.fate.never_done else self.over_ns
        late_ns = min((at_ns for at_ns, _ in self.late), default=NEVER)
        return min(self.beat_ns + BEAT_NS, self.cut_ns + SECOND_NS, after_end, late_ns, self.fate.dies_at_ns)

    def speak(self, time_ns: int) -> list[FleetEvent]:
        """What it says at this time."""
        if time_ns >= self.fate.dies_at_ns:
            self.is_over = True
            return [Died(self.index, self.fate.how)]
        said: list[FleetEvent] = []
        while self.beat_ns + BEAT_NS <= time_ns:
            self.beat_ns += BEAT_NS
            said.append(Beat(self.index))
        while self.cut_ns + SECOND_NS <= time_ns:
            second = self.cut_ns // SECOND_NS
            event = self._cut(self.cut_ns + SECOND_NS)
            delay_ns = self.fate.delays_ns.get(second, 0)
            if delay_ns or self.late:
                # A stream keeps its order: what comes behind something that is late is late too.
                behind_ns = self.late[-1][0] if self.late else 0
                self.late.append((max(time_ns + delay_ns, behind_ns), event))
            else:
                said.append(event)
        said += [event for at_ns, event in self.late if at_ns <= time_ns]
        self.late = [(at_ns, event) for at_ns, event in self.late if at_ns > time_ns]
        if (self.abort_ns != NEVER or time_ns >= self.over_ns) and not self.fate.never_done:
            said += [event for _, event in self.late]
            said += [self._cut(max(time_ns, self.cut_ns)), Done(self.index)]
            self.is_over = True
        return [] if time_ns >= self.fate.hangs_at_ns else said

    def _due(self, until_ns: int) -> int:
        """Arrivals of its own before that time."""
        assert self.schedule is not None
        until_ns = min(max(until_ns, 0), self.end_ns)
        ends = [at_ns for at_ns, _ in self.epochs[1:]] + [until_ns]
        return sum(
            self.schedule.planned_of([owner == self.index for owner in owners], begin_ns, min(end_ns, until_ns))
            for (begin_ns, owners), end_ns in zip(self.epochs, ends, strict=True)
            if begin_ns < min(end_ns, until_ns)
        )

    def _users(self, time_ns: int) -> int:
        assert self.schedule is not None
        owners = [owners for at_ns, owners in self.epochs if at_ns <= time_ns][-1]
        wanted = self.schedule.users_at(min(time_ns, self.end_ns - 1))
        return sum(owners[user % len(owners)] == self.index for user in range(wanted))

    def _cut(self, at_ns: int) -> IntervalArrived:
        if self.is_open:
            started = self._due(at_ns)
            ended = self._due(at_ns - self.response_ns)
            active = started - ended
        else:
            # Every user has started ten iterations by the first cut, another ten by the next one, and so on.
            active = self._users(at_ns) if at_ns < self.over_ns else 0
            ended = self.reported["ok"] + 10 * self._users(at_ns)
            started = ended + active
        now = {"planned": started, "started": started, "ok": ended}
        books = {name: now[name] - self.reported[name] for name in now}
        self.reported = now
        if self.fate.loses_in_books and books["ok"] > self.fate.loses_in_books:
            books["ok"] -= self.fate.loses_in_books
            self.fate.loses_in_books = 0
        data = encoded(
            self.cut_ns,
            at_ns - self.cut_ns,
            series=[series("GET /", [self.response_ns] * min(books["ok"], 3))],
            start_lag_ns=[50_000],
            in_flight=active,
            rss_bytes=10_000_000,
            **books,
        )
        self.cut_ns = at_ns
        return IntervalArrived(self.index, data)


class FakeFleet:
    def __init__(
        self, workers: int, clock: Clock, fates: Mapping[int, Fate] | None = None, response_ns: int = 20 * MS
    ) -> None:
        self.clock = clock
        fates = fates or {}
        self.members = [SimulatedWorker(index, fates.get(index, Fate()), response_ns) for index in range(workers)]
        self.queue: list[FleetEvent] = [
            Ready(member.index, 1000 + member.index, "test") for member in self.members if not member.fate.never_ready
        ]
        self.preparing: list[tuple[int, Prepared]] = []
        """(time of the clock, what is said then)."""
        self.killed: list[int] = []
        self.stalls_ns: list[tuple[int, int]] = []
        """(time of the clock, length): the controller itself is not scheduled for so long."""
        self.watched: set[int] = set()

    @property
    def workers(self) -> int:
        return len(self.members)

    def start(self) -> None:
        pass

    def send(self, worker: int, command: Mapping[str, Any]) -> None:
        member = self.members[worker]
        json.dumps(command)
        if member.is_over:
            return
        member.obey(command)
        if command["do"] == "prepare" and member.fate.refuses:
            member.is_over = True
            self.queue.append(Refused(worker, "plan-refused", "there is no such thing"))
        elif command["do"] == "prepare":
            self.preparing.append((self.clock.now_ns + member.fate.prepares_for_ns, Prepared(worker)))

    def poll(self, timeout_s: float) -> list[FleetEvent]:
        if self.stalls_ns and self.clock.now_ns >= self.stalls_ns[0][0]:
            self.clock.now_ns += self.stalls_ns.pop(0)[1]
            return self._collect()
        if self.queue:
            said, self.queue = self.queue, []
            return said
        wake_ns = self.clock.now_ns + int(timeout_s * SECOND_NS)
        next_ns = min(
            *(member.start_ns + member.next_ns() for member in self.members),
            *(at_ns for at_ns, _ in self.preparing),
            NEVER,
        )
        self.clock.now_ns = max(self.clock.now_ns, min(wake_ns, next_ns))
        return self._collect()

    def _collect(self) -> list[FleetEvent]:
        now_ns = self.clock.now_ns
        said: list[FleetEvent] = [event for at_ns, event in self.preparing if at_ns <= now_ns]
        self.preparing = [(at_ns, event) for at_ns, event in self.preparing if at_ns > now_ns]
        for member in self.members:
            # Step by step, so that nothing is said about a later time than it belongs to.
            while member.start_ns + member.next_ns() <= self.clock.now_ns:
                due_ns = member.next_ns()
                said += member.speak(max(due_ns, 0) if member.abort_ns == NEVER else self._time_ns(member))
        return said

    def _time_ns(self, member: SimulatedWorker) -> int:
        return max(self.clock.now_ns - member.start_ns, 0)

    def watch(self, fd: int) -> None:
        self.watched.add(fd)

    def unwatch(self, fd: int) -> None:
        self.watched.remove(fd)

    def kill(self, worker: int) -> None:
        self.killed.append(worker)
        if not self.members[worker].is_over:
            self.members[worker].is_over = True
            self.queue.append(Died(worker, "killed by signal 9"))

    def close(self) -> None:
        pass
