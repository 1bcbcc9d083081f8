"""Stand-in until the parser of conditions is merged: `${x}` and `${x} is set`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kilobar.model import template as model
from kilobar.scenario.findings import Findings
from kilobar.scenario.resolve import Reference, Resolver, Template
from kilobar.scenario.scope import Scope
from kilobar.scenario.yaml_nodes import Scalar


class Condition(NamedTuple):
    template: Template
    asked: bool

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(r for piece in self.template.pieces for r in getattr(piece, "references", ()))

    def lower(self, scope: Scope) -> model.Condition | None:
        if self.asked:
            return model.Condition({"is_set": 0}) if scope.ask(self.references[0]) else None
        return model.Condition({"truthy": scope.template(self.template.pieces).to_json()})

    def known_when(self, holds: bool) -> tuple[str, ...]:
        return tuple(r.name for r in self.references) if holds and self.asked else ()


def parse(
    node: Scalar,
    resolver: Resolver,
    regex_problem: Callable[[str], tuple[int, str] | None] | None,
    findings: Findings,
) -> Condition | None:
    asked = node.text.endswith(" is set")
    return Condition(resolver.template(node._replace(text=node.text.removesuffix(" is set"))), asked)
