"""Lowers steps: what is done, and how often, and what is known after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.conditions import AllOf, Condition, lower_condition, parse_condition
from kilobar.scenario.context import Context
from kilobar.scenario.encode import joined
from kilobar.scenario.findings import shorten
from kilobar.scenario.narrowing import is_constant, names_known
from kilobar.scenario.pieces import Template
from kilobar.scenario.requests import Requests
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
        if step.what == "stop_user" and not self._scope.has_row:
            hint = "use `fail`, or `stop_run`"
            self._context.findings.error(
                "no-user", "`setup` and `teardown` have no user that could stop", step.place, hint
            )
        return (*self._scope.take_calls(), plan.Exit(step.what, message))

    def _include(self, step: tree.IncludeStep) -> tuple[plan.Step, ...]:
        return self.lower(step.include or ())

    def _set(self, step: tree.SetStep) -> tuple[plan.Step, ...]:
        lowered: list[plan.Step] = []
        for key, value in step.set:
            template = self._scope.value(value)
            lowered.extend((*self._scope.take_calls(), plan.Set(self._scope.save(key), template)))
        return tuple(lowered)

    # Branches

    def _condition(self, node: Scalar) -> tuple[Condition, plan.Condition] | None:
        """As it was written and as it is in the plan; None with the reason among the findings."""
        regex_problem = self._context.engine.regex_problem or _no_problem
        condition = parse_condition(node, self._context.resolver, regex_problem, self._findings)
        if condition is None:
            return None
        if not isinstance(condition, AllOf):
            return condition, self._lowered(condition)
        # What one part of an `and` asks for is known to the parts after it.
        before = self._scope.state()
        parts = []
        for part in condition.conditions:
            parts.append(self._lowered(part))
            self._scope.assume(names_known(part, holds=True))
        self._scope.restore(before)
        return condition, plan.AllOf(tuple(parts))

    def _lowered(self, condition: Condition) -> plan.Condition:
        return lower_condition(condition, lambda template: self._scope.template(template.pieces), self._scope.ask)

    def _if(self, step: tree.IfStep) -> tuple[plan.Step, ...]:
        both = self._condition(step.if_)
        calls = self._scope.take_calls()
        if both is not None and is_constant(both[0]):
            hint = "use a value that is known only during the run, or remove the `if`"
            message = f"`{shorten(step.if_.text)}` is always the same: it uses only constants"
            self._findings.warning("constant-condition", message, step.if_.place, hint)
        before = self._scope.state()
        self._scope.assume(names_known(both[0], holds=True) if both else ())
        then = self.lower(step.then)
        after_then = self._scope.state()
        self._scope.restore(before)
        self._scope.assume(names_known(both[0], holds=False) if both else ())
        otherwise = self.lower(step.else_)
        self._scope.restore(after_branches([after_then, self._scope.state()]))
        return (*calls, plan.If(both[1], then, otherwise)) if both is not None else ()

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
        calls = self._scope.take_calls()
        variable = self._scope.save(step.as_) if step.as_ is not None else None
        before = self._scope.state()
        steps = self.lower(step.steps)
        self._scope.restore(after_loop(before, self._scope.state(), certain=bool(times)))
        return (*calls, plan.Repeat(template, variable, steps))

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
        both = self._condition(step.while_)
        if self._scope.take_calls():
            hint = "call it in a `set` before the loop and at the end of its steps, and compare the variable"
            message = "a Python function cannot be called in the condition of a `while`"
            self._findings.error("not-supported", message, step.while_.place, hint)
        before = self._scope.state()
        self._scope.assume(names_known(both[0], holds=True) if both else ())
        steps = self.lower(step.steps)
        self._scope.restore(after_loop(before, self._scope.state(), certain=False))
        return (plan.While(both[1], step.max, steps),) if both is not None else ()

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
        calls = self._scope.take_calls()
        before = self._scope.state()
        variable = self._scope.save(step.as_)
        steps = self.lower(step.steps)
        self._scope.restore(after_loop(before, self._scope.state(), certain))
        return (*calls, plan.ForEach(items, variable, steps))


def _no_problem(pattern: str) -> None:
    """Stands for the judgement of an engine that has none."""
