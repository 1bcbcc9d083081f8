"""Thread groups of JMeter -> flows, `setup`, `teardown` and the load."""

from __future__ import annotations

from collections.abc import Iterator

from kilobar.importers.bounds import inner_lists
from kilobar.importers.jmx_controllers import JmxControllers
from kilobar.importers.jmx_load import JmxLoad, Profile, stages, total
from kilobar.importers.jmx_scope import Scope
from kilobar.importers.jmx_steps import Configured, Conversion, JmxSteps
from kilobar.importers.jmx_throughput import JmxThroughput
from kilobar.importers.jmx_tree import Node
from kilobar.importers.names import UniqueNames
from kilobar.model.scenario import Flow, Request, Scenario, Step

_ONCE = {"SetupThreadGroup": "setup", "PostThreadGroup": "teardown"}
_LARGEST_WEIGHT = 100_000


class JmxGroups:
    """Converts the thread groups of a plan."""

    def __init__(self, conversion: Conversion, controllers: JmxControllers, load: JmxLoad, scenario: Scenario) -> None:
        self._all = conversion
        self._notes = conversion.notes
        self._controllers = controllers
        self._load = load
        self._scenario = scenario
        self._steps = JmxSteps(conversion)
        self._throughput = JmxThroughput(conversion.notes, conversion.ledger, load)
        self._names = UniqueNames()
        self._profiles: list[Profile] = []

    def convert(self, plan: Node) -> None:
        """Sets flows, `setup`, `teardown` and the load."""
        for node in plan.children:
            if node.kind == "TestPlan" and node.enabled:
                with self._all.ledger.visit(node):
                    self._plan(node)
        if self._profiles:
            self._set_load()

    def _plan(self, plan: Node) -> None:
        if plan.properties.text("TestPlan.user_define_classpath").strip():
            self._notes.add("libraries are not loaded", "TestPlan.user_define_classpath")
        scope = Scope().within(plan.children)
        groups = [node for node in plan.children if node.enabled and _is_group(node)]
        loaded = [group for group in groups if group.kind not in _ONCE]
        if plan.properties.flag("TestPlan.serialize_threadgroups") and len(loaded) > 1:
            message = "thread groups ran one after the other; here their flows run at the same time, by weight"
            self._notes.add(message, "TestPlan.serialize_threadgroups")
        configured = self._steps.configured(plan.children, has_rows=True)
        profiles = {group: self._profile(group) for group in loaded}
        all_users = sum(profile.peak for profile in profiles.values() if not profile.is_rate)
        for group in groups:
            with self._all.ledger.visit(group):
                self._note_errors(group)
                if group.kind in _ONCE:
                    self._once(group, scope, _ONCE[group.kind])
                else:
                    self._flow(plan, group, scope, configured, profiles[group], all_users)

    def _profile(self, group: Node) -> Profile:
        with self._notes.at(group.label):
            return self._load.of(group)

    def _note_errors(self, group: Node) -> None:
        action = group.properties.text("ThreadGroup.on_sample_error", "continue")
        if action == "continue":
            self._notes.add("JMeter goes on after a request that fails; here it ends the iteration")
        elif action != "startnextloop":
            self._notes.add(f"a request that fails ends the iteration, and no more (`{action[:20]}`)")

    def _once(self, group: Node, scope: Scope, place: str) -> None:
        users = self._load.number(group.properties.text("ThreadGroup.num_threads"), 1)
        loops = group.properties.inner("ThreadGroup.main_controller").text("LoopController.loops", "1")
        if users > 1 or self._load.number(loops, 1) != 1:
            self._notes.add(f"`{place}` is done once, by one user")
        steps = self._controllers.flow(group.children, scope, None)
        target = self._scenario.setup if place == "setup" else self._scenario.teardown
        target.extend(steps)

    def _flow(
        self, plan: Node, group: Node, scope: Scope, configured: Configured, profile: Profile, all_users: float
    ) -> None:
        before: list[Step] = []
        with self._all.texts.with_columns(configured.columns):
            steps = self._controllers.flow(group.children, scope, before)
        if not any(_requests(before + steps)):
            self._notes.add("nothing in it sends an HTTP request; left out")
            return
        if not any(_requests(steps)):
            self._notes.add("all of it is once only; it is done in each iteration")
            before, steps = [], before
        self._throughput.apply([*plan.children, *group.children], steps, profile, all_users)
        steps[:0] = configured.steps
        self._profiles.append(profile)
        self._scenario.flows.append(Flow(name=self._names.of(group.name), before=before, steps=steps))

    def _set_load(self) -> None:
        rates = [profile for profile in self._profiles if profile.is_rate]
        if rates and len(rates) < len(self._profiles):
            self._notes.add("loads of users and of rates cannot be mixed: all thread groups share the rates")
            self._scenario.load = stages(total(rates))
        else:
            self._scenario.load = stages(total(self._profiles))
        if len(self._profiles) == 1:
            return
        peaks = [profile.peak for profile in self._profiles]
        for flow, peak in zip(self._scenario.flows, peaks, strict=True):
            flow.weight = _weight(peak)
        self._notes.add(
            "users of several thread groups became one set of users, who choose a flow for each iteration by the "
            "peak of its group"
        )


def _weight(peak: float) -> int | float:
    bounded = min(max(round(peak, 3), 0.001), _LARGEST_WEIGHT)
    return int(bounded) if bounded == int(bounded) else bounded


def _is_group(node: Node) -> bool:
    return node.kind.endswith("ThreadGroup")


def _requests(steps: list[Step]) -> Iterator[Request]:
    for step in steps:
        if isinstance(step, Request):
            yield step
        for inner in inner_lists(step):
            yield from _requests(inner)
