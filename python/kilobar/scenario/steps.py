"""Lowers steps: what is done, and how often, and what is known after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kilobar.model import plan
from kilobar.scenario import conditions, tree
from kilobar.scenario.context import Context
from kilobar.scenario.encode import joined
from kilobar.scenario.findings import shorten
from kilobar.scenario.requests import Requests
from kilobar.scenario.resolve import Template
from kilobar.scenario.scope import State, after_branches, after_loop, after_parallel
from kilobar.scenario.yaml_nodes import Scalar, Sequence

MAX_TURNS = 1_000_000
MAX_ENTRIES = 100_000
EXPONENTIAL_MAX = 10
"""The longest exponential wait, in means."""


class Steps:
    """Lowers lists of steps."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scope = context.scope
        self._findings = context.findings
        self._requests = Requests(context)
        self._lowerings: Mapping[type, Callable[[Any], tuple[plan.Step, ...]]] = {
            tree.RequestStep: self._request,
            tree.ThinkStep: self._think,
            tree.SetStep: self._set,
            tree.IfStep: self._if,
            tree.RepeatStep: self._repeat,
            tree.WhileStep: self._while,
            tree.ForEachStep: self._for_each,
            tree.GroupStep: self._group,
            tree.ParallelStep: self._parallel,
            tree.ExitStep: self._exit,
            tree.IncludeStep: self._include,
        }

    def lower(self, steps: tuple[tree.Step, ...]) -> tuple[plan.Step, ...]:
        """Steps in order; those that nothing leads to are among the findings."""
        lowered: list[plan.Step] = []
        reachable = not self._scope.ended
        for step in steps:
            if reachable and self._scope.ended:
                hint = "remove it, or let the step before it end only under an `if`"
                message = "this step is never reached: the one before it ends the iteration"
                self._findings.warning("unreachable-step", message, step.place, hint)
                reachable = False
            lowered.extend(self._lowerings[type(step)](step))
        return tuple(lowered)

    def _request(self, step: tree.RequestStep) -> tuple[plan.Step, ...]:
        return self._requests.lower(step)

    def _think(self, step: tree.ThinkStep) -> tuple[plan.Step, ...]:
        think = step.think
        if not isinstance(think, tree.ThinkLaw):
            return (plan.Think(*think),)
        if think.pacing is not None:
            return (plan.Pacing(think.pacing),)
        if think.exponential is None:
            message = "`max` only means something beside `exponential`"
            self._findings.error("missing-key", message, think.place, "write {exponential: 1s, max: 5s}")
        mean_ns = think.exponential or 0
        return (plan.ExponentialThink(mean_ns, think.max if think.max is not None else EXPONENTIAL_MAX * mean_ns),)

    def _group(self, step: tree.GroupStep) -> tuple[plan.Step, ...]:
        series = self._context.series_index(step.group.text().strip(), "group")
        return (plan.Group(series, self.lower(step.steps)),)

    def _exit(self, step: tree.ExitStep) -> tuple[plan.Step, ...]:
        message = self._scope.template(step.message.pieces)
        self._scope.ended = True
        return (plan.Exit(step.what, message),)

    def _include(self, step: tree.IncludeStep) -> tuple[plan.Step, ...]:
        return self.lower(step.include or ())

    def _set(self, step: tree.SetStep) -> tuple[plan.Step, ...]:
        sets = []
        for key, value in step.set:
            template = self._scope.value(value)
            sets.append(plan.Set(self._scope.save(key), template))
        return tuple(sets)

    # Branches

    def _condition(self, node: Scalar) -> conditions.Condition | None:
        return conditions.parse(node, self._context.resolver, self._context.engine.regex_problem, self._findings)

    def _if(self, step: tree.IfStep) -> tuple[plan.Step, ...]:
        condition = self._condition(step.if_)
        lowered = condition and condition.lower(self._scope)
        if condition is not None and not condition.references:
            hint = "use a value that is known only during the run, or remove the `if`"
            message = f"`{shorten(step.if_.text)}` is always the same: it uses only constants"
            self._findings.warning("constant-condition", message, step.if_.place, hint)
        before = self._scope.state()
        self._scope.assume(condition.known_when(True) if condition else ())
        then = self.lower(step.then)
        after_then = self._scope.state()
        self._scope.restore(before)
        self._scope.assume(condition.known_when(False) if condition else ())
        otherwise = self.lower(step.else_)
        self._scope.restore(after_branches([after_then, self._scope.state()]))
        return (plan.If(lowered, then, otherwise),) if lowered is not None else ()

    def _parallel(self, step: tree.ParallelStep) -> tuple[plan.Step, ...]:
        before = self._scope.state()
        branches = []
        after: list[State] = []
        for branch in step.parallel:
            self._scope.restore(before)
            branches.append(self.lower((branch,)))
            after.append(self._scope.state())
        if after:
            self._scope.restore(after_parallel(after))
        return (plan.Parallel(step.max, tuple(branch for branch in branches if branch)),)

    # Loops

    def _repeat(self, step: tree.RepeatStep) -> tuple[plan.Step, ...]:
        times = self._turns(step.repeat)
        template = self._scope.template(step.repeat.pieces)
        variable = self._scope.save(step.as_) if step.as_ is not None else None
        before = self._scope.state()
        steps = self.lower(step.steps)
        self._scope.restore(after_loop(before, self._scope.state(), certain=bool(times)))
        return (plan.Repeat(template, variable, steps),)

    def _turns(self, template: Template) -> int | None:
        """How often, when that is known."""
        if not template.is_constant:
            return None
        text = template.text().strip()
        if re.fullmatch(r"[0-9]{1,7}", text) and int(text) <= MAX_TURNS:
            return int(text)
        message = f"`{template.shown()}` is no whole number from 0 to {MAX_TURNS:,}"
        self._findings.error("bad-number", message, template.place, "write for example 3")
        return None

    def _while(self, step: tree.WhileStep) -> tuple[plan.Step, ...]:
        condition = self._condition(step.while_)
        lowered = condition and condition.lower(self._scope)
        before = self._scope.state()
        self._scope.assume(condition.known_when(True) if condition else ())
        steps = self.lower(step.steps)
        self._scope.restore(after_loop(before, self._scope.state(), certain=False))
        return (plan.While(lowered, step.max, steps),) if lowered is not None else ()

    def _for_each(self, step: tree.ForEachStep) -> tuple[plan.Step, ...]:
        certain = False
        if isinstance(step.for_each, Template):
            items = self._scope.template(step.for_each.pieces)
        else:
            node = step.for_each.node
            entries = len(node.items) if isinstance(node, Sequence) else 0
            certain = entries > 0
            if entries > MAX_ENTRIES:
                message = f"the list has {entries:,} entries, more than {MAX_ENTRIES:,}"
                self._findings.error("too-large", message, node.place, "use `data` for so many values")
            items = joined(self._scope.encoded(step.for_each.encoded))
        before = self._scope.state()
        variable = self._scope.save(step.as_)
        steps = self.lower(step.steps)
        self._scope.restore(after_loop(before, self._scope.state(), certain))
        return (plan.ForEach(items, variable, steps),)
