"""Texts, assertions and saved values of locust-hazard, and which variables a step knows."""

from __future__ import annotations

import re
from typing import Any

from kilobar.importers.names import VariableNames
from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets
from kilobar.importers.templates import literal, translate
from kilobar.importers.untyped import mappings_at, text_of
from kilobar.model.scenario import Bounds, Check, Save, Scalar, Text

_HOLE = re.compile(r"\{@[^@]+@\}")
_RANGE = re.compile(r"\s*(-?[0-9]{1,18})\s*-\s*(-?[0-9]{1,18})\s*")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNITS = ((1 << 20, "MiB"), (1_000_000, "MB"), (1 << 10, "KiB"), (1_000, "kB"))
_STATUS, _LONGER, _LENGTH, _SHORTER = range(4)
_XPATH, _JSON, _REGEX, _CONSTANT, _RANDOM_INT, _RANDOM_CHOICE = range(6)


class HazardValues:
    """Translates values, and follows what is saved: the worker filled in nothing for what was never saved."""

    def __init__(self, notes: Notes, secrets: Secrets) -> None:
        self._notes = notes
        self._secrets = secrets
        self._names = VariableNames()
        self._known: set[str] = set()

    def known(self) -> frozenset[str]:
        """Names, as in the source, of all that is saved so far."""
        return frozenset(self._known)

    def restart(self, known: frozenset[str]) -> None:
        """An iteration of another task begins: only this is saved."""
        self._known = set(known)

    # Texts

    def has_holes(self, text: str) -> bool:
        """Whether there is any `{@name@}` in it."""
        return _HOLE.search(text) is not None

    def text(self, text: str, *path: str | int) -> Text:
        """A text with its holes."""

        def hole(name: str) -> Text | None:
            if not name or "@" in name:
                return None
            if name not in self._known:
                message = f"`{name}` is not saved before; the worker filled in nothing, so it is left out"
                self._notes.add(message, *path)
                return ""
            return f"${{{self._names.of(name)}}}"

        return translate(text, "{@", "@}", hole)

    def address(self, url: str) -> Text:
        """An address; a secret in its query is hidden."""
        return self.text(url, "UrlPath") if self.has_holes(url) else self._secrets.query(url)

    def header(self, name: str, value: Any) -> Text:
        """The value of a header."""
        text = text_of(value)
        return self.text(text, "Headers", name) if self.has_holes(text) else self._secrets.header(name, text)

    def key(self, name: str) -> Text:
        """The name of a parameter or form field; the worker fills in nothing there."""
        return literal(name)

    def field(self, name: str, value: Any) -> Text:
        """The value of a parameter or form field."""
        text = text_of(value)
        return self.text(text, name) if self.has_holes(text) else self._secrets.field(name, text)

    # Assertions

    def checks(self, content: dict[str, Any]) -> Check | list[Check] | None:
        """All must hold; a second assertion about the same thing is a check of its own."""
        checks: list[Check] = []
        for index, rule in mappings_at(content, "AssertChain", self._notes):
            with self._notes.at("AssertChain", index):
                self._add_check(checks, rule)
        return checks[0] if len(checks) == 1 else checks or None

    def _add_check(self, checks: list[Check], rule: dict[str, Any]) -> None:
        kind = rule.get("AssertType")
        number = self._number(rule.get("RuleValue"))
        if kind == _STATUS:
            if not 100 <= number <= 599:
                self._notes.add(f"{number} is no status; left out")
                return
            if number >= 400:
                self._notes.add(f"the worker fails every status from 400 on; here {number} is what is expected")
            given = next((check for check in checks if check.status is None), None)
            if given is None:
                checks.append(Check(status=number))
            else:
                given.status = number
            return
        operator = {_LONGER: "gt", _LENGTH: "eq", _SHORTER: "lt"}.get(kind) if isinstance(kind, int) else None
        if operator is None:
            self._notes.add(f"there is no assertion of type {text_of(kind)}; left out")
        elif number < 0:
            self._notes.add("no body has a negative length; left out")
        else:
            self._add_size(checks, operator, _size(number))

    def _add_size(self, checks: list[Check], operator: str, size: str) -> None:
        for check in checks:
            if check.size is None or getattr(check.size, operator) is None:
                check.size = check.size or Bounds()
                setattr(check.size, operator, size)
                return
        bounds = Bounds()
        setattr(bounds, operator, size)
        checks.append(Check(size=bounds))

    def _number(self, value: Any) -> int:
        """What is no number counts as 0, as in the worker."""
        if isinstance(value, float) and value.is_integer():
            return int(value)
        text = text_of(value).strip()
        if re.fullmatch(r"-?[0-9]{1,15}", text):
            return int(text)
        self._notes.add("this is no whole number; the worker takes it for 0", "RuleValue")
        return 0

    # Saved values

    def saves(self, content: dict[str, Any]) -> dict[str, Save]:
        """What a request saves."""
        found: dict[str, Save] = {}
        for index, rule in mappings_at(content, "SaveParamChain", self._notes):
            with self._notes.at("SaveParamChain", index):
                save = self._place(rule) or self._constant_save(rule)
                self._keep(found, rule, save)
        return found

    def constants(self, content: dict[str, Any]) -> dict[str, Scalar]:
        """What a step without a request sets: there is no response to look into."""
        found: dict[str, Scalar] = {}
        for index, rule in mappings_at(content, "SaveParamChain", self._notes):
            with self._notes.at("SaveParamChain", index):
                if self._place(rule) is not None:
                    self._notes.add("there is no request here to save a value from; left out")
                else:
                    self._keep(found, rule, self._constant(rule))
        return found

    def _keep(self, found: dict[str, Any], rule: dict[str, Any], value: Any) -> None:
        name = text_of(rule.get("ParamName"))
        if value is None:
            return
        if not name:
            self._notes.add("the variable has no name; left out", "ParamName")
            return
        self._known.add(name)
        # The last one wins, and comes last.
        found.pop(self._names.of(name), None)
        found[self._names.of(name)] = value

    def _place(self, rule: dict[str, Any]) -> Save | None:
        value = text_of(rule.get("RuleValue"))
        match rule.get("SaveType"):
            case 0:
                save = Save(xpath=literal(value))
            case 1:
                save = Save(json=literal(_json_path(value)))
            case 2:
                save = Save(regex=literal(value))
            case _:
                return None
        if not value:
            self._notes.add("the rule is empty; left out", "RuleValue")
            return None
        return save

    def _constant_save(self, rule: dict[str, Any]) -> Save | None:
        value = self._constant(rule)
        return None if value is None else Save(value=value)

    def _constant(self, rule: dict[str, Any]) -> Text | None:
        kind = rule.get("SaveType")
        value = text_of(rule.get("RuleValue"))
        if kind == _CONSTANT:
            return self._secrets.field(text_of(rule.get("ParamName")), value)
        if kind == _RANDOM_INT:
            bounds = _RANGE.fullmatch(value)
            if bounds:
                low, high = sorted((int(bounds[1]), int(bounds[2])))
                return f"${{random.int({low}, {high})}}"
            self._notes.add("this is no range such as 1-50; left out", "RuleValue")
        elif kind == _RANDOM_CHOICE:
            return self._choice(value)
        else:
            self._notes.add(f"there is no way of saving of type {text_of(kind)}; left out")
        return None

    def _choice(self, value: str) -> Text | None:
        """The first character separates."""
        choices = value[1:].split(value[0]) if value else []
        if not choices:
            self._notes.add("there is nothing to choose from; left out", "RuleValue")
            return None
        if len(set(choices)) == 1:
            return literal(choices[0])
        quoted = [_quoted(choice) for choice in choices]
        kept = [choice for choice in quoted if choice is not None]
        if len(kept) < len(quoted):
            self._notes.add("choices with both kinds of quotes or a backslash are left out", "RuleValue")
        return f"${{random.choice({', '.join(kept)})}}" if kept else None


def _quoted(text: str) -> str | None:
    if "\\" in text or ('"' in text and "'" in text):
        return None
    escaped = literal(text)
    return f"'{escaped}'" if '"' in escaped else f'"{escaped}"'


def _size(size_bytes: int) -> str:
    """The number of bytes in the largest unit that keeps it whole."""
    for unit, name in _UNITS:
        if size_bytes and size_bytes % unit == 0:
            return f"{size_bytes // unit}{name}"
    return f"{size_bytes}B"


def _json_path(dotted: str) -> str:
    """`data.0.id` -> `$.data[0].id`."""
    path = "$"
    for part in dotted.split(".") if dotted else []:
        if re.fullmatch(r"[0-9]{1,9}", part):
            path += f"[{int(part)}]"
        elif _PLAIN_KEY.fullmatch(part):
            path += f".{part}"
        else:
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            path += f'["{escaped}"]'
    return path
