"""Conditions of `if` and `while`: `${n} > 3`, `not (${state} == done or ${token} is set)`.

Operands are texts with holes: in quotes, or bare words. A condition is read into nodes with templates, and lowered when
it is known what the names in them stand for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from kilobar.model import plan
from kilobar.model.template import CompareOperator
from kilobar.scenario.expressions import ExpressionError, Hole, Parser
from kilobar.scenario.findings import Findings, shorten
from kilobar.scenario.pieces import Live, Named, Template
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.yaml_nodes import Scalar

MAX_CONDITION = 10_000
"""Characters of a condition."""

MAX_CONDITION_NESTING = 16
"""Parentheses and `not` in one another."""

CONDITION_HINT = "write for example ${n} > 3, ${state} == done or ${token} is set; put quotes around texts with spaces"

_OPERATORS: dict[str, CompareOperator] = {"==": "eq", "!=": "ne", "<=": "le", ">=": "ge", "<": "lt", ">": "gt"}
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>")
_WORD_END = re.compile(r"[\s()<>]|[=!]=|&&|\|\|")
_KEYWORD = re.compile(r"(and|or|not|contains|matches|is)(?=[\s()\"'$]|$)")
_IS_SET = re.compile(r"is\s+(not\s+)?set(?=[\s()]|$)")
_FOREIGN = {"&&": "and", "||": "or", "=~": "matches", "!": "not", "=": "=="}


class AllOf(NamedTuple):
    """All hold."""

    conditions: tuple[Condition, ...]


class AnyOf(NamedTuple):
    """At least one holds."""

    conditions: tuple[Condition, ...]


class Not(NamedTuple):
    """It does not hold."""

    condition: Condition


class IsSet(NamedTuple):
    """A variable has a value."""

    named: Named


class Truthy(NamedTuple):
    """Neither empty, `0`, `false` nor `null`."""

    value: Template


class Compare(NamedTuple):
    """Two values compared."""

    left: Template
    operator: CompareOperator
    right: Template


class Contains(NamedTuple):
    """A text contains another."""

    text: Template
    part: Template


class Matches(NamedTuple):
    """A regular expression matches somewhere in a text."""

    text: Template
    pattern: str


Condition: TypeAlias = AllOf | AnyOf | Not | IsSet | Truthy | Compare | Contains | Matches
RegexProblem: TypeAlias = Callable[[str], tuple[int, str] | None]
"""None for a valid expression, else the offset in characters and what is wrong."""


def parse_condition(
    node: Scalar, resolver: Resolver, regex_problem: RegexProblem, findings: Findings
) -> Condition | None:
    """The condition, or None with the reason among the findings."""
    before = findings.errors
    try:
        if len(node.text) > MAX_CONDITION:
            hint = "compute parts of it with `set` first"
            raise ExpressionError(0, f"more than {MAX_CONDITION:,} characters", hint, "too-large")
        condition = _Reader(node, resolver, regex_problem, findings).whole()
    except ExpressionError as problem:
        resolver.report(problem, node)
        return None
    return condition if findings.errors == before else None


def templates_of(condition: Condition) -> tuple[Template, ...]:
    """All texts in it, in order, for checks of the names they use. `is set` uses no value."""
    match condition:
        case AllOf(conditions) | AnyOf(conditions):
            return tuple(template for inner in conditions for template in templates_of(inner))
        case Not(inner):
            return templates_of(inner)
        case IsSet():
            return ()
        case Truthy(value):
            return (value,)
        case Compare(left, _, right):
            return (left, right)
        case Contains(text, part):
            return (text, part)
        case Matches(text, _):
            return (text,)


def lower_condition(
    condition: Condition, template: Callable[[Template], plan.Template], variable: Callable[[Named], int]
) -> plan.Condition:
    """The condition of a plan; `template` lowers the texts in it, `variable` gives the index of a saved value."""

    def lower(inner: Condition) -> plan.Condition:
        match inner:
            case AllOf(conditions):
                return plan.AllOf(tuple(lower(one) for one in conditions))
            case AnyOf(conditions):
                return plan.AnyOf(tuple(lower(one) for one in conditions))
            case Not(one):
                return plan.Not(lower(one))
            case IsSet(named):
                return plan.IsSet(variable(named))
            case Truthy(value):
                return plan.Truthy(template(value))
            case Compare(left, operator, right):
                return plan.Compare(template(left), operator, template(right))
            case Contains(text, part):
                return plan.Contains(template(text), template(part))
            case Matches(text, pattern):
                return plan.Matches(template(text), pattern)

    return lower(condition)


class _Reader:
    """Reads by recursive descent; `or` binds weaker than `and`, `not` strongest."""

    def __init__(self, node: Scalar, resolver: Resolver, regex_problem: RegexProblem, findings: Findings) -> None:
        self._node = node
        self._resolver = resolver
        self._regex_problem = regex_problem
        self._findings = findings
        self._parser = Parser(node.text)
        self._depth = 0

    def whole(self) -> Condition:
        condition = self._any()
        if not self._at_end():
            rest = self._rest()
            word = next((word for word in _FOREIGN if rest.startswith(word)), None)
            hint = f"write `{_FOREIGN[word]}` instead of `{word}`" if word else "join two conditions by `and` or `or`"
            raise self._problem(f"`{shorten(rest)}` cannot follow here", hint)
        return condition

    def _any(self) -> Condition:
        conditions = [self._all()]
        while self._keyword("or"):
            conditions.append(self._all())
        return conditions[0] if len(conditions) == 1 else AnyOf(tuple(conditions))

    def _all(self) -> Condition:
        conditions = [self._one()]
        while self._keyword("and"):
            conditions.append(self._one())
        return conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions))

    def _one(self) -> Condition:
        self._depth += 1
        self._parser.skip_space()
        if self._depth > MAX_CONDITION_NESTING:
            hint = "compute parts of it with `set` first"
            raise self._problem(f"a condition is nested deeper than {MAX_CONDITION_NESTING} levels", hint)
        condition = self._negated() if self._keyword("not") else self._parenthesised() or self._comparison()
        self._depth -= 1
        return condition

    def _negated(self) -> Condition:
        return Not(self._one())

    def _parenthesised(self) -> Condition | None:
        self._parser.skip_space()
        start = self._parser.at
        if not self._rest().startswith("("):
            return None
        self._parser.at += 1
        condition = self._any()
        self._parser.skip_space()
        if not self._rest().startswith(")"):
            self._parser.at = start
            raise self._problem("the parenthesis is not closed", "add a `)`")
        self._parser.at += 1
        return condition

    def _comparison(self) -> Condition:
        left = self._operand()
        self._parser.skip_space()
        if match := _IS_SET.match(self._node.text, self._parser.at):
            is_set = self._is_set(left)
            self._parser.at = match.end()
            return Not(is_set) if match.group(1) else is_set
        if match := _OPERATOR.match(self._node.text, self._parser.at):
            self._parser.at = match.end()
            return Compare(left, _OPERATORS[match.group()], self._operand())
        if self._keyword("contains"):
            return Contains(left, self._operand())
        if self._keyword("matches"):
            return Matches(left, self._pattern())
        return Truthy(left)

    def _operand(self) -> Template:
        self._parser.skip_space()
        start = self._parser.at
        rest = self._rest()
        if rest[:1] in ('"', "'"):
            parts = self._parser.quoted(rest[0])
            inner = 1
        else:
            if not rest or _WORD_END.match(rest) or _KEYWORD.match(rest) or rest[0] in "=!":
                found = "the end" if not rest else f"`{shorten(rest)}`"
                raise self._problem(f"a value is missing before {found}", CONDITION_HINT)
            parts = self._parser.text(_WORD_END)
            inner = 0
        return self._template(parts, start, inner)

    def _template(self, parts: list[str | Hole], start: int, inner: int) -> Template:
        source = self._node.text[start : self._parser.at]
        template = self._resolver.assembled(parts, self._node)
        kind = self._node.kind if source == self._node.text else "text"
        place = self._node.place_at(start)
        verbatim = None if self._node.inner is None else inner
        return template._replace(node=Scalar(place, source[inner : len(source) - inner], kind, verbatim))

    def _pattern(self) -> str:
        template = self._operand()
        if not template.is_constant:
            hint = "write the expression itself, or use a constant; `contains` compares with values of the run"
            message = "a regular expression must be known before the run"
            self._findings.error("not-constant", message, template.place, hint)
            return ""
        pattern = template.text()
        if problem := self._regex_problem(pattern):
            offset, message = problem
            shown = f"`{template.shown()}` is no regular expression: {message}"
            hint = "put a \\ before characters that stand for themselves, and quotes around the expression"
            self._findings.error("bad-regex", shown, template.place_at(offset), hint)
        return pattern

    def _is_set(self, left: Template) -> IsSet:
        piece = left.pieces[0] if len(left.pieces) == 1 else None
        if left.is_hole and isinstance(piece, Live) and isinstance(piece.value, Named) and not piece.value.path:
            return IsSet(piece.value)
        raise self._problem("only a saved value can be asked whether it `is set`", "write ${name} is set")

    def _keyword(self, word: str) -> bool:
        self._parser.skip_space()
        match = _KEYWORD.match(self._node.text, self._parser.at)
        if match is None or match.group(1) != word:
            return False
        self._parser.at = match.end()
        return True

    def _at_end(self) -> bool:
        self._parser.skip_space()
        return self._parser.at >= len(self._node.text)

    def _rest(self) -> str:
        return self._node.text[self._parser.at :]

    def _problem(self, message: str, hint: str) -> ExpressionError:
        return ExpressionError(self._parser.at, message, hint, "bad-condition")
