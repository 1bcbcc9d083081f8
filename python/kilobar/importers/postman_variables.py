"""The variables of a collection: `{{name}}` -> constants, values kept in the flow, functions or the environment."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kilobar.importers.names import VariableNames, variable_name
from kilobar.importers.outcome import Notes
from kilobar.importers.postman_dynamic import ALIKE, EXACT
from kilobar.importers.secrets import Secrets, is_secret_field
from kilobar.importers.templates import translate
from kilobar.model.scenario import Scalar, Text

MAX_NESTING = 20
"""Variables in the values of variables."""

MAX_INLINED_CHARACTERS = 4_000_000
"""What values that change during the run may add to the scenario in all."""


class Variables:
    """Values by name, as they are at one point of the flow.

    A variable that no script writes is a constant of the scenario. One that a script writes is a value of the flow:
    before it is written it has its initial value, which `initial` lists once it was needed.
    """

    def __init__(self, written: Iterable[str], names: VariableNames, secrets: Secrets, notes: Notes) -> None:
        self.constants: dict[str, Scalar] = {}
        """Those that were used, as the scenario defines them, in an order in which each uses only those above."""
        self.initial: dict[str, Scalar] = {}
        """Values that the flow has to set at its start."""
        self._given: dict[str, str] = {}
        self._secret: set[str] = set()
        self._written = frozenset(written)
        self._live: set[str] = set()
        self._unset: set[str] = set()
        self._resolved: dict[str, Text] = {}
        self._resolving: list[str] = []
        self._names = names
        self._secrets = secrets
        self._notes = notes
        self._used: set[str] = set()
        self._told: set[str] = set()
        self._steady: dict[str, bool] = {}
        self._inlined_characters = 0

    def give(self, name: str, value: Any, *, secret: bool = False) -> None:
        """The value that a collection or environment file has; a later one replaces an earlier one."""
        self._given[name] = value if isinstance(value, str) else "" if value is None else _json(value)
        self._secret.discard(name)
        if secret or is_secret_field(name):
            self._secret.add(name)

    def write(self, name: str) -> str:
        """A script gives the variable a value at this point of the flow; the name that it has in the scenario."""
        self._live.add(name)
        return self._names.of(name)

    def forget(self, name: str) -> None:
        """A script removes the variable."""
        self._live.discard(name)
        self._unset.add(name)

    def fresh(self, hint: str) -> str:
        """A name in the scenario that nothing else has."""
        number = 1
        while f"{hint} {number}" in self._live:
            number += 1
        return self.write(f"{hint} {number}")

    def unused(self) -> list[str]:
        """Names of the given variables that nothing used."""
        return [name for name in self._given if name not in self._used and name not in self._written]

    def text(self, text: str) -> Text:
        """Text of the collection as text of the scenario."""
        return translate(text, "{{", "}}", self.hole)

    def hole(self, name: str) -> Text:
        """What stands for `{{name}}` at this point of the flow."""
        name = name.strip()
        if name.startswith("$"):
            return self._dynamic(name)
        self._used.add(name)
        if name in self._live:
            return f"${{{self._names.of(name)}}}"
        if name not in self._given or name in self._unset:
            return self._from_environment(name)
        if name in self._written:
            return self._initial(name)
        return self._constant(name)

    def is_defined(self, name: str) -> bool:
        """Whether the variable has a value at this point of the flow."""
        return name in self._live or (name in self._given and name not in self._unset)

    def known(self, name: str) -> str | None:
        """The value of a variable that is known before the run, as it stands in its file."""
        name = name.strip()
        return None if name in self._live or name in self._unset or name in self._written else self._given.get(name)

    def _dynamic(self, name: str) -> Text:
        if name in EXACT:
            return EXACT[name]
        if name in ALIKE:
            self._notes.add(f"`{{{{{name}}}}}` draws from a shorter list than Postman's")
            return ALIKE[name]
        self._notes.add(f"`{{{{{name}}}}}` has no counterpart; a random text stands for it")
        return "${random.string(8)}"

    def _from_environment(self, name: str) -> Text:
        variable = variable_name(name)
        # A default lets the scenario be checked before the variable is set.
        default = "http://localhost" if _is_address(name) else "not-set"
        if name not in self._told:
            self._told.add(name)
            self._notes.add(f"`{{{{{name}}}}}` is not defined here: set the environment variable {variable}")
        return f"${{env.{variable}:-{default}}}"

    def _initial(self, name: str) -> Text:
        value = self._value(name)
        if self._secret_of(name):
            return value
        scenario_name = self.write(name)
        self.initial[scenario_name] = value
        return f"${{{scenario_name}}}"

    def _constant(self, name: str) -> Text:
        found = self._resolved.get(name)
        if found is None:
            value = self._value(name)
            if self._is_steady(name):
                scenario_name = self._names.of(name)
                self.constants[scenario_name] = value
                found = f"${{{scenario_name}}}"
            else:
                # A new random value, or what was written last, each time that it is used.
                self._inlined_characters += len(value)
                return value
            self._resolved[name] = found
        return found

    def _value(self, name: str) -> Text:
        value = self._given[name]
        if self._secret_of(name):
            return self._secrets.hide(value, name)
        if "{{" not in value:
            return translate(value, "{{", "}}", self.hole)
        endless = name in self._resolving or len(self._resolving) >= MAX_NESTING
        if endless or self._inlined_characters > MAX_INLINED_CHARACTERS:
            self._notes.add(f"the variable `{name}` is defined by itself or grows too long; its text is kept")
            return translate(value, "{{", "}}", lambda _: None)
        self._resolving.append(name)
        try:
            return self.text(value)
        finally:
            self._resolving.pop()

    def _secret_of(self, name: str) -> bool:
        value = self._given[name]
        return name in self._secret and bool(value) and "{{" not in value

    def _is_steady(self, name: str) -> bool:
        """Whether nothing in its value changes during the run."""
        found = self._steady.get(name)
        if found is None:
            # One that is defined by itself is a constant as far as this can tell.
            self._steady[name] = True
            holes: dict[str, None] = {}
            translate(self._given.get(name, ""), "{{", "}}", lambda hole: holes.setdefault(hole.strip()))
            found = all(
                not hole.startswith("$") and hole not in self._written and self._is_steady(hole) for hole in holes
            )
            self._steady[name] = found
        return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _is_address(name: str) -> bool:
    """Whether a variable without a value most likely holds an address."""
    word = name.lower().replace("-", "").replace("_", "")
    return word.endswith(("url", "uri", "host", "server", "endpoint", "baseurl", "domain")) or word == "base"
