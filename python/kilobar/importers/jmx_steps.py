"""Samplers and configuration elements of JMeter -> steps, by the elements that are in force at their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kilobar.importers.jmx_checks import JmxChecks
from kilobar.importers.jmx_data import JmxData
from kilobar.importers.jmx_ledger import Ledger
from kilobar.importers.jmx_requests import JmxRequests
from kilobar.importers.jmx_saves import JmxSaves
from kilobar.importers.jmx_scope import Scope
from kilobar.importers.jmx_texts import Texts
from kilobar.importers.jmx_timers import JmxTimers
from kilobar.importers.jmx_tree import Node
from kilobar.importers.jmx_variables import Variables
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Scalar, Set, Step, StopRun, StopUser, Text

HTTP_SAMPLERS = frozenset(("HTTPSamplerProxy", "HTTPSampler", "HTTPSampler2"))
_PAUSES = frozenset(("TestAction", "FlowControlAction"))


@dataclass
class Conversion:
    """What the parts of the conversion share."""

    notes: Notes
    ledger: Ledger
    texts: Texts
    variables: Variables
    requests: JmxRequests
    data: JmxData
    saves: JmxSaves
    timers: JmxTimers


@dataclass
class Configured:
    """What configuration elements do besides being in force."""

    steps: list[Step] = field(default_factory=list)
    """To be done before the steps that they act on."""
    columns: dict[str, Text] = field(default_factory=dict)
    """Variables that are columns."""


class JmxSteps:
    """Converts samplers and configuration elements, but no controllers."""

    def __init__(self, conversion: Conversion) -> None:
        self._all = conversion
        self._notes = conversion.notes
        self._ledger = conversion.ledger

    def configured(self, nodes: list[Node], has_rows: bool) -> Configured:
        """Data sets, counters and random variables among elements; `has_rows`: the steps are those of a user."""
        found = Configured()
        for node in nodes:
            if not node.enabled:
                continue
            if node.kind in ("CSVDataSet", "UserParameters"):
                self._columns(node, found, has_rows)
            elif node.kind in _COMPUTED:
                with self._ledger.visit(node), self._all.texts.collected() as used:
                    values = _COMPUTED[node.kind](self, node)
                if values:
                    step = Set(set=values)
                    self._all.variables.remember(step, used)
                    found.steps.append(step)
        return found

    def _columns(self, node: Node, found: Configured, has_rows: bool) -> None:
        if not has_rows:
            self._ledger.leave_out(node, "what is done once per run belongs to no user, so it has no row")
            return
        with self._ledger.visit(node):
            data = self._all.data
            columns = data.csv(node) if node.kind == "CSVDataSet" else data.parameters(node)
            found.columns.update(columns)

    def _counter(self, node: Node) -> dict[str, Scalar]:
        properties = node.properties
        name = properties.text("CounterConfig.name").strip()
        start = self._whole(properties.text("CounterConfig.start"), 0)
        step = self._whole(properties.text("CounterConfig.incr"), 1)
        if not name:
            self._notes.add("the counter has no variable; left out")
            return {}
        if properties.text("CounterConfig.end").strip():
            self._notes.add("the counter does not begin again at its maximum", "CounterConfig.end")
        if properties.text("CounterConfig.format").strip():
            self._notes.add("the number is written without leading zeros", "CounterConfig.format")
        if properties.flag("CounterConfig.per_user"):
            self._notes.add("each user counted for itself; here all count together", "CounterConfig.per_user")
        return {self._all.texts.names.of(name): f"${{counter({start}, {step})}}"}

    def _random_variable(self, node: Node) -> dict[str, Scalar]:
        properties = node.properties
        name = properties.text("variableName").strip()
        low = self._whole(properties.text("minimumValue"), 0)
        high = self._whole(properties.text("maximumValue"), low)
        if not name:
            self._notes.add("the random number has no variable; left out")
            return {}
        if properties.text("outputFormat").strip():
            self._notes.add("the number is written as it is", "outputFormat")
        return {self._all.texts.names.of(name): f"${{random.int({min(low, high)}, {max(low, high)})}}"}

    def _whole(self, text: str, default: int) -> int:
        value = (self._all.texts.value(text.strip()) or "").strip()
        if value.removeprefix("-").isascii() and value.removeprefix("-").isdecimal() and len(value) <= 18:
            return int(value)
        if text.strip():
            self._notes.add(f"`{text[:60]}` is no whole number that is known before the run; {default} is taken")
        return default

    # Samplers

    def sampler(self, node: Node, scope: Scope, has_rows: bool) -> list[Step] | None:
        """The steps of a sampler; None when the element is none that is known."""
        if node.kind not in HTTP_SAMPLERS and node.kind not in _PAUSES:
            return None
        inner = scope.within(node.children, of_request=True)
        with self._ledger.visit(node):
            configured = self.configured(node.children, has_rows)
            with self._all.texts.with_columns(configured.columns):
                done = self._request(node, inner) if node.kind in HTTP_SAMPLERS else self._action(node)
                if node.kind in HTTP_SAMPLERS and not done:
                    return []
                waits = self._waits(inner)
        return [*configured.steps, *waits, *done]

    def _waits(self, scope: Scope) -> list[Step]:
        """The timers in force, which all wait before every sampler."""
        waits: list[Step] = []
        for timer in scope.timers:
            with self._ledger.visit(timer):
                wait = self._all.timers.of(timer)
                if wait is not None:
                    waits.append(wait)
        return waits

    def _request(self, node: Node, scope: Scope) -> list[Step]:
        with self._all.texts.collected() as used:
            request = self._all.requests.of(node, scope)
            if request is None:
                return []
            for each in (*scope.headers, *scope.defaults, *scope.cookies, *scope.authorizations):
                self._ledger.used.add(each)
            checks = JmxChecks(self._notes, self._all.texts, self._all.saves)
            for assertion in scope.assertions:
                with self._ledger.visit(assertion):
                    checks.add(assertion)
            request.check = checks.result()
            for extractor in scope.extractors:
                with self._ledger.visit(extractor):
                    request.save |= self._all.saves.of(extractor, extractor in scope.shared)
        self._all.variables.remember(request, used)
        return [request]

    def _action(self, node: Node) -> list[Step]:
        action = node.properties.text("ActionProcessor.action", "1").strip()
        whole_test = node.properties.text("ActionProcessor.target").strip() == "2"
        if action == "1":
            wait = self._all.timers.constant(node.properties.text("ActionProcessor.duration"))
            # Without a pause of its own it is there for the timers below it.
            return [] if wait is None else [wait]
        if action in ("0", "2"):
            return [StopRun(stop_run=node.name)] if whole_test else [StopUser(stop_user=node.name)]
        self._notes.add("going on with another iteration or loop from here is not known; left out")
        return []


_COMPUTED: dict[str, Callable[[JmxSteps, Node], dict[str, Scalar]]] = {
    "CounterConfig": JmxSteps._counter,
    "RandomVariableConfig": JmxSteps._random_variable,
}
