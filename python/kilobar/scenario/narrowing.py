"""What a condition tells about variables: which have a value when it holds, and which when it does not."""

from __future__ import annotations

from kilobar.scenario.conditions import AllOf, AnyOf, Condition, IsSet, Not, templates_of


def names_known(condition: Condition, holds: bool) -> frozenset[str]:
    """Names that certainly have a value when the condition holds, or does not."""
    match condition:
        case IsSet(named):
            return frozenset((named.name,)) if holds else frozenset()
        case Not(inner):
            return names_known(inner, not holds)
        case AllOf(conditions) | AnyOf(conditions):
            each = [names_known(inner, holds) for inner in conditions]
            all_count = isinstance(condition, AllOf) == holds
            return frozenset().union(*each) if all_count else frozenset.intersection(*each)
    return frozenset()


def is_constant(condition: Condition) -> bool:
    """Whether it is the same in all iterations."""
    return not _asks(condition) and all(template.is_constant for template in templates_of(condition))


def _asks(condition: Condition) -> bool:
    match condition:
        case IsSet():
            return True
        case Not(inner):
            return _asks(inner)
        case AllOf(conditions) | AnyOf(conditions):
            return any(_asks(inner) for inner in conditions)
    return False
