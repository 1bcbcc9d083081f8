"""Lowers check sections: each entry becomes a check with a name of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from kilobar.errors import Place
from kilobar.model import plan
from kilobar.model.units import format_duration, format_size
from kilobar.scenario import tree
from kilobar.scenario.context import Context
from kilobar.scenario.encode import joined
from kilobar.scenario.findings import shorten
from kilobar.scenario.grammar import MAX_NAME
from kilobar.scenario.headers import is_token
from kilobar.scenario.pieces import Template
from kilobar.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence

DEFAULT_STATUS = ((200, 399),)
SIGNS: dict[plan.CompareOperator, str] = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
MAX_CHECKS = 1_000
"""Checks of one request."""

_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class _Named(NamedTuple):
    """A check before it has its index."""

    words: str
    rule: plan.CheckRule
    negated: bool = False


class Checked(NamedTuple):
    """What a response must be."""

    expect_status: plan.Ranges
    checks: tuple[plan.Check, ...]


def lower_checks(step: tree.RequestStep, series: int, context: Context) -> Checked:
    """The checks of a request; without one on the status, the usual successes are expected."""
    checks: list[plan.Check] = []
    taken: dict[str, int] = {}
    for section in step.check:
        for named, warn in _Lowering(context).section(section, "", warn=False):
            words = f"{named.words} (warning)" if warn else named.words
            name = shorten(words, MAX_NAME - 8)
            taken[name] = taken.get(name, 0) + 1
            if taken[name] > 1:
                name = f"{name} ({taken[name]})"
            index = context.checks.setdefault((series, name), len(context.checks))
            checks.append(plan.Check(index, named.rule, named.negated, warn))
    if len(checks) > MAX_CHECKS:
        message = f"the request has {len(checks):,} checks, more than {MAX_CHECKS:,}"
        context.findings.error("too-large", message, step.place, "check less, or in several requests")
    looks_at_status = any(isinstance(check.rule, plan.StatusRule) for check in checks)
    return Checked(() if looks_at_status else DEFAULT_STATUS, tuple(checks))


class _Lowering:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._scope = context.scope

    def section(self, check: tree.Check, prefix: str, warn: bool) -> Iterator[tuple[_Named, bool]]:
        """Each check of a section, and whether a failure is only counted."""
        if check.name is not None:
            prefix = f"{prefix}{check.name.text().strip()}: "
        for named in self._own(check):
            yield named._replace(words=prefix + named.words), warn
        for inner in check.not_:
            for named, inner_warn in self.section(inner, "", warn):
                yield named._replace(words=f"{prefix}not {named.words}", negated=not named.negated), inner_warn
        for inner in check.warn:
            yield from self.section(inner, prefix, warn=True)

    def _own(self, check: tree.Check) -> Iterator[_Named]:
        if check.status is not None:
            words = " or ".join(_status_words(*bounds) for bounds in check.status)
            yield _Named(f"status is {words}", plan.StatusRule(check.status))
        for operator, size_bytes in _bounds(check.size):
            words = f"size {SIGNS[operator]} {_spaced(format_size(size_bytes))}"
            yield _Named(words, plan.SizeRule(operator, size_bytes))
        for operator, duration_ns in _bounds(check.time):
            words = f"time {SIGNS[operator]} {_spaced(format_duration(duration_ns))}"
            yield _Named(words, plan.TimeRule(operator, duration_ns))
        for what, wanted_values in (
            ("header", check.header), ("json", check.json), ("xpath", check.xpath), ("css", check.css)
        ):  # fmt: skip
            for key, wanted in wanted_values:
                yield from self._values(self._source(what, key), key, wanted)
        for pattern in check.regex:
            yield _Named(f'matches "{pattern.shown()}"', plan.RegexRule(self._regex(pattern)))
        for text in check.contains:
            yield _Named(f'contains "{text.shown()}"', plan.ContainsRule(self._scope.template(text.pieces)))

    def _source(self, what: str, key: Scalar) -> plan.Extract:
        if what != "header":
            language = "json_path" if what == "json" else what
            self._context.check_expression(language, key.text, shorten(key.text), key.place_at)
        elif not is_token(key.text):
            message = f"`{shorten(key.text)}` is no header name"
            self._context.findings.error("bad-header", message, key.place, "use letters, digits and hyphens")
        return plan.Extract(what, key.text)  # type: ignore[arg-type]

    def _regex(self, pattern: Template) -> str:
        self._context.check_expression("regex", pattern.text(), pattern.shown(), pattern.place_at)
        return pattern.text()

    def _values(self, source: plan.Extract, key: Scalar, wanted: tree.JsonValue | tree.Matcher) -> Iterator[_Named]:
        # A JSON path is known by its `$`; the others say what they are.
        what = shorten(key.text) if source.what == "json" else f"{source.what} {shorten(key.text)}"
        matcher = tree.Matcher(wanted.node.place, equals=wanted) if isinstance(wanted, tree.JsonValue) else wanted

        def named(words: str, kind: str, operand: plan.Template | str | None = None, negated: bool = False) -> _Named:
            rule = plan.ValueRule(source, plan.Matcher(kind, operand))  # type: ignore[arg-type]
            return _Named(f"{what} {words}", rule, negated)

        if matcher.equals is not None:
            yield named(f"is {_shown(matcher.equals.node)}", "equals", self._json(matcher.equals))
        if matcher.ne is not None:
            yield named(f"is not {_shown(matcher.ne.node)}", "equals", self._json(matcher.ne), negated=True)
        if matcher.exists is not None:
            yield named("exists" if matcher.exists else "does not exist", "exists", negated=not matcher.exists)
        if matcher.contains is not None:
            words = f"contains {matcher.contains.shown()}"
            yield named(words, "contains", self._scope.template(matcher.contains.pieces))
        if matcher.matches is not None:
            yield named(f"matches {matcher.matches.shown()}", "matches", self._regex(matcher.matches))
        for operator in ("lt", "le", "gt", "ge"):
            bound: Template | None = getattr(matcher, operator)
            if bound is not None:
                words = f"{SIGNS[operator]} {bound.shown()}"
                yield named(words, operator, self._number(bound))

    def _json(self, value: tree.JsonValue) -> plan.Template:
        return joined(self._scope.encoded(value.encoded))

    def _number(self, bound: Template) -> plan.Template:
        if bound.is_constant and not _NUMBER.fullmatch(bound.text().strip()):
            self._not_a_number(bound, bound.place)
        return self._scope.template(bound.pieces)

    def _not_a_number(self, bound: Template, place: Place) -> None:
        message = f"`{bound.shown()}` is no number, so nothing is below or above it"
        self._context.findings.error("bad-number", message, place, "write a number, or use `equals`")


def _bounds(bounds: tree.Bounds | None) -> Iterator[tuple[plan.CompareOperator, int]]:
    if bounds is None:
        return
    operators: tuple[plan.CompareOperator, ...] = ("lt", "le", "eq", "ge", "gt")
    for operator in operators:
        value = getattr(bounds, operator)
        if value is not None:
            yield operator, value


def _status_words(low: int, high: int) -> str:
    if low == high:
        return str(low)
    return f"{low // 100}xx" if low % 100 == 0 and high == low + 99 else f"{low}-{high}"


def _spaced(text: str) -> str:
    """`500ms` as `500 ms`; what has several units stays together."""
    return re.sub(r"^([0-9]+)([A-Za-z]+)$", r"\1 \2", text)


def _shown(node: Node) -> str:
    """A value in the name of a check: as it was written, short."""
    match node:
        case Scalar(text=text):
            return shorten(text) if text else '""'
        case Sequence(items=items):
            return shorten(f"[{', '.join(map(_shown, items[:20]))}]")
        case Mapping(entries=entries):
            return shorten(json.dumps({key.text: _shown(value) for key, value in entries[:20]}, ensure_ascii=False))
