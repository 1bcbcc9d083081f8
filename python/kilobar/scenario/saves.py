"""Lowers what a request keeps of its response."""

from __future__ import annotations

import re
from typing import NamedTuple

from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.context import Context
from kilobar.scenario.headers import is_token
from kilobar.scenario.pieces import Template
from kilobar.scenario.yaml_nodes import Scalar


class Saved(NamedTuple):
    """The values of a response that are kept, and those made of other values, which a step of its own sets."""

    calls: tuple[plan.Step, ...]
    """Of Python functions, before the request."""
    saves: tuple[plan.Save, ...]
    sets: tuple[plan.Step, ...]


def lower_saves(step: tree.RequestStep, context: Context) -> Saved:
    """From here on the variables have values."""
    saves = []
    made: list[tuple[Scalar, Template]] = []
    for key, rule in step.save:
        if isinstance(rule, Template):
            rule = tree.SaveRule(rule.place, json=rule)
        if rule.value is not None:
            made.append((key, rule.value))
            continue
        default = context.scope.template(rule.default.pieces) if rule.default is not None else None
        source = _source(rule, context)
        variable = context.scope.save(key)
        if source is not None:
            saves.append(plan.Save(variable, source, "first" if rule.pick is None else rule.pick, default))
    sets: list[plan.Step] = []
    calls = context.scope.take_calls()
    for key, value in made:
        template = context.scope.value(value)
        sets.extend((*context.scope.take_calls(), plan.Set(context.scope.save(key), template)))
    return Saved(calls, tuple(saves), tuple(sets))


def _source(rule: tree.SaveRule, context: Context) -> plan.Extract | None:
    """None when the rule had errors."""
    _check_companions(rule, context)
    if rule.status:
        return plan.Extract("status")
    if rule.body:
        return plan.Extract("body")
    for what in ("json", "xpath", "css", "regex"):
        template: Template | None = getattr(rule, what)
        if template is not None:
            text = template.text()
            language = "json_path" if what == "json" else what
            context.check_expression(language, text, template.shown(), template.place_at)
            if what == "regex" and rule.group:
                _check_group(text, rule.group, template, context)
            attribute = rule.attribute.text() if rule.attribute is not None else None
            return plan.Extract(what, text, attribute, rule.group)
    if rule.header is not None:
        return plan.Extract("header", _token(rule.header, "header", context))
    return plan.Extract("cookie", _token(rule.cookie, "cookie", context)) if rule.cookie is not None else None


def _token(template: Template, what: str, context: Context) -> str:
    if not is_token(template.text()):
        message = f"`{template.shown()}` is no {what} name"
        context.findings.error("bad-header", message, template.place, "use letters, digits and hyphens")
    return template.text()


def _check_group(pattern: str, group: int, template: Template, context: Context) -> None:
    """What cannot be counted here, because Python reads expressions a little differently, the engine counts."""
    try:
        groups = re.compile(pattern).groups
    except re.error:
        return
    if group > groups:
        has = f"has {groups} group{'s' if groups != 1 else ''}" if groups else "has no groups"
        hint = "put parentheses around what is to be saved"
        message = f"there is no group {group}: `{template.shown()}` {has}"
        context.findings.error("bad-regex", message, template.place, hint)


def _check_companions(rule: tree.SaveRule, context: Context) -> None:
    """Keys that only mean something beside another one."""
    for key, beside, given in (
        ("attribute", "css", rule.attribute is not None and rule.css is None),
        ("group", "regex", rule.group is not None and rule.regex is None),
    ):
        if given:
            message = f"`{key}` only means something beside `{beside}`"
            context.findings.error("conflicting-keys", message, rule.place, f"remove `{key}`")
