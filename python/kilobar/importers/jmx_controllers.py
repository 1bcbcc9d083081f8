"""Logic controllers of JMeter -> steps."""

from __future__ import annotations

import re
from collections.abc import Callable

from kilobar.importers.jmx_conditions import Conditions
from kilobar.importers.jmx_functions import Unsupported
from kilobar.importers.jmx_holes import names_in, parse_text
from kilobar.importers.jmx_scope import Scope
from kilobar.importers.jmx_steps import Conversion, JmxSteps
from kilobar.importers.jmx_tree import Node
from kilobar.importers.names import step_name
from kilobar.model.scenario import ForEach, Group, If, Parallel, Repeat, Set, Step, Think, While

MAX_TURNS = 1_000_000
"""Of `repeat`; stands for "for ever"."""
MAX_WHILE = 1_000
_MAX_MODULES = 1_000
_MAX_DEPTH = 30
_WHOLE = re.compile(r"[0-9]{1,9}")


class JmxControllers:
    """Converts everything below thread groups."""

    def __init__(self, conversion: Conversion, plan: Node) -> None:
        self._all = conversion
        self._plan = plan
        self._notes = conversion.notes
        self._ledger = conversion.ledger
        self._texts = conversion.texts
        self._steps = JmxSteps(conversion)
        self._conditions = Conditions(conversion.texts)
        self._once: list[Step] | None = None
        self._modules = 0
        self._open: list[Node] = []
        self._has_rows = True

    def flow(self, nodes: list[Node], scope: Scope, once: list[Step] | None) -> list[Step]:
        """The steps of a thread group; what is done once per user goes to `once`.

        None for `once`: all of it is done once per run, where there are no rows of data.
        """
        self._once = once
        self._has_rows = once is not None
        if once is not None:
            return self._below(nodes, scope)
        with self._texts.without_columns():
            return self._below(nodes, scope)

    def _below(self, nodes: list[Node], scope: Scope) -> list[Step]:
        """The steps of elements beside each other, and of what is below them."""
        scope = scope.within(nodes)
        configured = self._steps.configured(nodes, self._has_rows)
        steps = list(configured.steps)
        with self._texts.with_columns(configured.columns):
            for node in nodes:
                if node.enabled:
                    steps += self._one(node, scope)
        return steps

    def _one(self, node: Node, scope: Scope) -> list[Step]:
        sampled = self._steps.sampler(node, scope, self._has_rows)
        if sampled is not None:
            return sampled
        convert = _CONTROLLERS.get(node.kind)
        if convert is None:
            return []
        self._open.append(node)
        try:
            with self._ledger.visit(node):
                return convert(self, node, scope)
        finally:
            self._open.pop()

    def _inner(self, node: Node, scope: Scope) -> list[Step]:
        steps = self._below(node.children, scope)
        if not steps:
            self._notes.add("there is nothing to do in it; left out")
        return steps

    # Controllers that keep their steps together

    def _inline(self, node: Node, scope: Scope) -> list[Step]:
        return self._below(node.children, scope)

    def _inline_noted(self, node: Node, scope: Scope) -> list[Step]:
        self._notes.add(_INLINE_NOTES[node.kind])
        return self._below(node.children, scope)

    def _transaction(self, node: Node, scope: Scope) -> list[Step]:
        if node.properties.flag("TransactionController.includeTimers"):
            self._notes.add("waits do not count in the time of a group", "includeTimers")
        steps = self._inner(node, scope)
        return [Group(group=step_name(node.name), steps=steps)] if steps else []

    def _parallel(self, node: Node, scope: Scope) -> list[Step]:
        steps = self._inner(node, scope)
        return [Parallel(parallel=steps)] if steps else []

    # Loops

    def _loop(self, node: Node, scope: Scope) -> list[Step]:
        given = node.properties.text("LoopController.loops").strip()
        value = self._texts.value(given)
        with self._texts.collected() as used:
            times: int | str = self._texts.text(given)
        unknown = value is None and not self._all.variables.are_saved(names_in(parse_text(given)))
        if given in ("", "-1") or (value is not None and value.strip().startswith("-")):
            self._notes.add(f"for ever became {MAX_TURNS:,} turns")
            times = MAX_TURNS
        elif _WHOLE.fullmatch(given):
            times = int(given)
        elif unknown or (value is not None and not _WHOLE.fullmatch(value.strip())):
            self._notes.add(f"`{given[:60]}` is no number of turns; 1 is taken")
            times = 1
        if isinstance(times, int) and times > MAX_TURNS:
            self._notes.add(f"{times:,} turns became {MAX_TURNS:,}")
            times = MAX_TURNS
        if times == 0:
            self._notes.add("there is no turn; left out")
            self._ledger.cover(node)
            return []
        steps = self._inner(node, scope)
        if not steps or times == 1:
            return steps
        return [self._remembered(Repeat(repeat=times, steps=steps), used)]

    def _while(self, node: Node, scope: Scope) -> list[Step]:
        given = node.properties.text("WhileController.condition")
        steps = self._inner(node, scope)
        if not steps:
            return []
        try:
            with self._texts.collected() as used:
                condition = self._conditions.of_while(given)
        except Unsupported as reason:
            self._notes.add(f"`{given[:80]}`: {reason}; the steps are done once", "condition")
            return steps
        self._notes.add(f"the loop has at most {MAX_WHILE:,} turns", "condition")
        return [self._remembered(While(while_=condition, max=MAX_WHILE, steps=steps), used)]

    def _for_each(self, node: Node, scope: Scope) -> list[Step]:
        source = node.properties.text("ForeachController.inputVal").strip()
        name = node.properties.text("ForeachController.returnVal").strip()
        steps = self._inner(node, scope)
        if not steps:
            return []
        if not name or source not in self._texts.arrays:
            self._notes.add(f"no extractor gives all matches in `{source[:60]}`; the steps are done once")
            if not name:
                return steps
            with self._texts.collected() as used:
                step = Set(set={self._texts.names.of(name): self._texts.text(f"${{{source}_1}}")})
            return [self._remembered(step, used), *steps]
        for bound in ("startIndex", "endIndex"):
            if node.properties.text(f"ForeachController.{bound}").strip() not in ("", "0"):
                self._notes.add("all entries of the list are taken", bound)
        with self._texts.collected() as used:
            items = f"${{{self._texts.use(source)}}}"
        return [self._remembered(ForEach(for_each=items, as_=self._texts.names.of(name), steps=steps), used)]

    # Choices

    def _if(self, node: Node, scope: Scope) -> list[Step]:
        given = node.properties.text("IfController.condition")
        steps = self._inner(node, scope)
        if not steps:
            return []
        try:
            with self._texts.collected() as used:
                condition = self._conditions.of_if(given, node.properties.flag("IfController.useExpression"))
        except Unsupported as reason:
            self._notes.add(f"`{given[:80]}`: {reason}; the steps are always done", "condition")
            return steps
        if node.properties.flag("IfController.evaluateAll"):
            self._notes.add("the condition is looked at once, not before each step", "evaluateAll")
        return [self._remembered(If(if_=condition, then=steps), used)]

    def _once_only(self, node: Node, scope: Scope) -> list[Step]:
        if self._once is None:
            return self._below(node.children, scope)
        if any(outer.kind not in _TRANSPARENT for outer in self._open[:-1]):
            self._notes.add("inside loops and choices it is once per user too, and before everything else")
        self._once += self._below(node.children, scope)
        return []

    def _random(self, node: Node, scope: Scope) -> list[Step]:
        if node.kind == "InterleaveControl":
            self._notes.add("one of them each time, in turn, became one of them at random")
        choices = self._choices(node, scope)
        if len(choices) < 2:
            return choices[0][1] if choices else []
        chosen = self._texts.names.of(f"{node.name} choice\n{len(self._open)}")
        ways = [If(if_=f"${{{chosen}}} == {number}", then=steps) for number, (_, steps) in enumerate(choices, 1)]
        for way in ways:
            self._all.variables.remember(way, {chosen})
        return [Set(set={chosen: f"${{random.int(1, {len(choices)})}}"}), *ways]

    def _choices(self, node: Node, scope: Scope) -> list[tuple[str, list[Step]]]:
        """The steps of each element below, with its name; what has none is no choice."""
        scope = scope.within(node.children)
        configured = self._steps.configured(node.children, self._has_rows)
        found: list[tuple[str, list[Step]]] = []
        with self._texts.with_columns(configured.columns):
            for child in node.children:
                steps = self._one(child, scope) if child.enabled else []
                if steps:
                    found.append((child.name, [*configured.steps, *steps]))
        return found

    def _switch(self, node: Node, scope: Scope) -> list[Step]:
        given = node.properties.text("SwitchController.value").strip()
        choices = self._choices(node, scope)
        with self._texts.collected() as used:
            value = self._texts.text(given or "0")
        self._notes.add("a value that names none of them does nothing; in JMeter it takes the first or `default`")
        ways: list[Step] = []
        for number, (name, steps) in enumerate(choices):
            quoted = step_name(name).replace("\\", "\\\\").replace('"', '\\"')
            operand = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
            condition = f'({operand} == "{number}" or {operand} == "{quoted}")'
            ways.append(self._remembered(If(if_=condition, then=steps), used))
        return ways

    def _share(self, node: Node, scope: Scope) -> list[Step]:
        """A Throughput Controller: a share of the iterations, or a number of them."""
        properties = node.properties
        if properties.text("ThroughputController.style", "0").strip() != "1":
            most = self._texts.value(properties.text("ThroughputController.maxThroughput"))
            self._notes.add(f"at most {(most or '?')[:20]} executions became one in each iteration")
            return self._below(node.children, scope)
        percent = self._texts.value(properties.text("ThroughputController.percentThroughput")) or ""
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})?", percent.strip()):
            self._notes.add(f"`{percent[:40]}` is no share that is known before the run; the steps are always done")
            return self._below(node.children, scope)
        steps = self._inner(node, scope)
        share = round(float(percent) * 100)
        if not steps or share >= 10_000:
            return steps
        drawn = self._texts.names.of(f"{node.name} share\n{len(self._open)}")
        way = If(if_=f"${{{drawn}}} <= {share}", then=steps)
        return [Set(set={drawn: "${random.int(1, 10000)}"}), self._remembered(way, {drawn})]

    # Parts of the plan that stand elsewhere

    def _module(self, node: Node, scope: Scope) -> list[Step]:
        path = node.properties.texts("ModuleController.node_path")
        target = self._found(path)
        if node.children:
            self._notes.add("what is below a module controller has no meaning, in JMeter neither; left out")
            self._ledger.cover(node)
        self._modules += 1
        if target is None or target in self._open or self._modules > _MAX_MODULES or len(self._open) > _MAX_DEPTH:
            shown = "/".join(path)[:80]
            self._notes.add(f"`{shown}` is not there, or holds this element itself; left out")
            return []
        return self._one(target, scope) if target.kind in _CONTROLLERS else self._below([target], scope)

    def _found(self, path: list[str]) -> Node | None:
        """The element with this path of names; the first of them is the root of the tree in JMeter's window."""
        for start in range(min(len(path), 3)):
            node: Node | None = self._plan
            for name in path[start:]:
                node = next((child for child in node.children if child.name == name), None) if node else None
            if node is not None and node is not self._plan:
                return node
        return None

    def _fragment(self, node: Node, scope: Scope) -> list[Step]:
        """Done only where a module says so."""
        is_wanted = any(outer.kind == "ModuleController" for outer in self._open)
        return self._below(node.children, scope) if is_wanted else []

    def _include(self, node: Node, scope: Scope) -> list[Step]:
        path = node.properties.text("IncludeController.includepath").strip()
        self._notes.add(f"the plan `{path[:100] or '(no name)'}` is not read: import it on its own; left out")
        self._ledger.cover(node)
        return []

    def _remembered(self, step: Step, used: set[str]) -> Step:
        self._all.variables.remember(step, used)
        return step


def counted_requests(steps: list[Step], is_request: Callable[[Step], bool]) -> int | None:
    """How many requests an iteration has; None when that is known only during the run."""
    count = 0
    for step in steps:
        if is_request(step):
            count += 1
        elif isinstance(step, Group):
            inner = counted_requests(step.steps, is_request)
            if inner is None:
                return None
            count += inner
        elif isinstance(step, Repeat) and isinstance(step.repeat, int) and step.repeat < MAX_TURNS:
            inner = counted_requests(step.steps, is_request)
            if inner is None:
                return None
            count += inner * step.repeat
        elif not isinstance(step, Think | Set):
            return None
    return count


_TRANSPARENT = frozenset(("GenericController", "TransactionController", "RecordingController", "OnceOnlyController"))
_INLINE_NOTES = {
    "CriticalSectionController": "users do not wait for each other here",
    "RunTime": "the steps were repeated for a time; here they are done once",
    "RandomOrderController": "the steps are done in their order, not in a random one",
}
_CONTROLLERS: dict[str, Callable[[JmxControllers, Node, Scope], list[Step]]] = {
    "GenericController": JmxControllers._inline,
    "RecordingController": JmxControllers._inline,
    "TestFragmentController": JmxControllers._fragment,
    "TransactionController": JmxControllers._transaction,
    "LoopController": JmxControllers._loop,
    "WhileController": JmxControllers._while,
    "ForeachController": JmxControllers._for_each,
    "IfController": JmxControllers._if,
    "OnceOnlyController": JmxControllers._once_only,
    "InterleaveControl": JmxControllers._random,
    "RandomController": JmxControllers._random,
    "SwitchController": JmxControllers._switch,
    "ThroughputController": JmxControllers._share,
    "ModuleController": JmxControllers._module,
    "IncludeController": JmxControllers._include,
    "ParallelSampler": JmxControllers._parallel,
    "CriticalSectionController": JmxControllers._inline_noted,
    "RunTime": JmxControllers._inline_noted,
    "RandomOrderController": JmxControllers._inline_noted,
}
"""By kind of the element."""
