"""Names of other tools -> names that a scenario allows."""

from __future__ import annotations


class VariableNames:
    """Valid, unique names of variables; the same source name always gives the same variable."""

    def of(self, name: str) -> str:
        """`user-id` -> `user_id`."""
        raise NotImplementedError


class UniqueNames:
    """Step and flow names: trimmed to what a scenario allows; a repeated one gets a number behind it."""

    def of(self, name: str) -> str:
        """`list items`, then `list items (2)`."""
        raise NotImplementedError


def step_name(name: str) -> str:
    """A name of a step, group or flow as a scenario allows it: one line, bounded, without holes; not made unique."""
    raise NotImplementedError
