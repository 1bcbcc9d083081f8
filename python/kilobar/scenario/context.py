"""What all modules that lower a scenario share: the tables of the plan that grow while its steps are lowered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from kilobar.errors import Place
from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.data import Inspect
from kilobar.scenario.findings import Findings
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.scope import Scope

Problem: TypeAlias = Callable[[str], tuple[int, str] | None]
"""None for a valid expression, else the offset in characters and what is wrong."""


class EngineChecks(NamedTuple):
    """What only the engine can judge, injected so that the rest is pure Python."""

    json_path_problem: Problem
    check_plan: Callable[[str], None]
    """Raises ValueError when an engine would refuse the plan."""
    css_problem: Problem | None = None
    xpath_problem: Problem | None = None
    regex_problem: Problem | None = None
    inspect_data: Inspect | None = None
    """Without it, files with data cannot be read."""
    python_problem: Callable[[str, str, int], str | None] | None = None
    """What is wrong with a Python function: directory, name, number of arguments."""


@dataclass(frozen=True, slots=True)
class Context:
    """The scenario, its scope, and what its steps have been lowered to so far."""

    scenario: tree.Scenario
    engine: EngineChecks
    resolver: Resolver
    findings: Findings
    scope: Scope
    checks: dict[tuple[int, str], int] = field(default_factory=dict)
    """(series, name) -> index."""
    origins: dict[plan.Origin, int] = field(default_factory=dict)
    bases: set[int] = field(default_factory=set)
    """Index of the target's origin, once an address that is only known at run time may be a path of it."""

    def series_index(self, name: str, kind: str) -> int:
        """Steps with one name are counted together."""
        return self.scope.series_index(name, kind)

    def check_expression(self, language: str, text: str, shown: str, place_at: Callable[[int], Place]) -> None:
        """A JSON path, XPath, CSS selector or regular expression, as the engine judges it; what is wrong is told."""
        code, words, hint = _EXPRESSIONS[language]
        problem_of: Problem | None = getattr(self.engine, f"{language}_problem")
        problem = problem_of(text) if problem_of is not None else None
        if problem is not None:
            offset, reason = problem
            self.findings.error(code, f"`{shown}` is no {words}: {reason}", place_at(offset), hint)


_EXPRESSIONS = {
    "json_path": ("bad-json-path", "JSON path", 'write for example "$.items[0].id"'),
    "xpath": ("bad-xpath", "XPath", 'write for example "//title"'),
    "css": ("bad-css", "CSS selector", 'write for example "a.next"'),
    "regex": ("bad-regex", "regular expression", 'write for example "id=([0-9]+)"'),
}
"""Kind of expression -> code of its diagnostic, what it is called, and a hint."""
