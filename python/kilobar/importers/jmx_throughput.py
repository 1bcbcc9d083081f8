"""Throughput timers of JMeter -> pacing of the users of a thread group, or the stages of a rate."""

from __future__ import annotations

from kilobar.importers.jmx_controllers import counted_requests
from kilobar.importers.jmx_ledger import Ledger
from kilobar.importers.jmx_load import MAX_POINTS, JmxLoad, Profile
from kilobar.importers.jmx_tree import Node
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Request, Step, Think, ThinkLaw

_OF_ONE_USER = "0"
_OF_ALL = ("1", "3")
_LONGEST_MS = 24 * 3_600_000


class JmxThroughput:
    """Applies the throughput timers that act on a whole thread group."""

    def __init__(self, notes: Notes, ledger: Ledger, load: JmxLoad) -> None:
        self._notes = notes
        self._ledger = ledger
        self._load = load

    def apply(self, nodes: list[Node], steps: list[Step], profile: Profile, all_users: float) -> None:
        """Adds pacing to the steps of a group, or changes its profile to a rate."""
        for node in nodes:
            if not node.enabled or node.kind not in _KINDS:
                continue
            with self._ledger.visit(node):
                requests = counted_requests(steps, lambda step: isinstance(step, Request))
                if not requests:
                    self._notes.add("how many requests an iteration sends is known only during the run; left out")
                elif node.kind == "VariableThroughputTimer":
                    self._shape(node, profile, requests)
                elif not profile.is_rate:
                    self._pace(node, steps, requests, profile.peak, all_users)

    def _pace(self, node: Node, steps: list[Step], requests: int, users: float, all_users: float) -> None:
        per_minute = self._per_minute(node)
        mode = node.properties.text("calcMode", _OF_ONE_USER).strip()
        if node.kind == "ConstantThroughputTimer" and mode == _OF_ONE_USER:
            sharing = 1.0
        else:
            sharing = all_users if mode in _OF_ALL else users
        if per_minute <= 0:
            self._notes.add("there is no throughput that is known before the run; left out")
            return
        pacing_ms = round(requests * 60_000 * sharing / per_minute)
        if not 1 <= pacing_ms <= _LONGEST_MS:
            self._notes.add("an iteration would be shorter than 1ms or longer than a day; left out")
            return
        self._notes.add(
            f"a limit of {per_minute:g} requests a minute became an iteration every {pacing_ms}ms of each user"
        )
        steps.append(Think(think=ThinkLaw(pacing=f"{pacing_ms}ms")))

    def _per_minute(self, node: Node) -> float:
        throughput = self._load.number(node.properties.text("throughput"))
        if node.kind == "PreciseThroughputTimer":
            period_s = self._load.number(node.properties.text("throughputPeriod"), 3600) or 3600
            return throughput * 60 / period_s
        return throughput

    def _shape(self, node: Node, profile: Profile, requests: int) -> None:
        """Rows of requests per second at start and end, and seconds."""
        points: list[tuple[int, float]] = []
        time_ms = 0
        for row in node.properties.collection("load_profile")[:MAX_POINTS]:
            if isinstance(row, list) and len(row) >= 3:
                start, end, lasts_s = (self._load.number(cell) if isinstance(cell, str) else 0 for cell in row[:3])
                points += [(time_ms, start / requests), (time_ms + round(lasts_s * 1000), end / requests)]
                time_ms = points[-1][0]
        shaped = Profile(points, is_rate=True)
        if shaped.peak <= 0 or shaped.end_ms <= 0:
            self._notes.add("there is no load in it; left out")
            return
        self._notes.add("the rate is kept whatever the number of users; JMeter only slows its threads down to it")
        profile.points, profile.is_rate = points, True


_KINDS = frozenset(("ConstantThroughputTimer", "PreciseThroughputTimer", "VariableThroughputTimer"))
