"""Servers of an API description -> `target`, constants for their variables, and absolute addresses."""

from __future__ import annotations

import re
from typing import Any

from kilobar.importers.names import variable_name
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import joined, literal
from kilobar.importers.untyped import mapping_at, mappings_at, text_of
from kilobar.model.scenario import Scalar, Text

_UNKNOWN: Text = "${env.BASE_URL:-http://127.0.0.1:8080}"
_VARIABLE = re.compile(r"(\{[^{}]*\})")
_ABSOLUTE = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)


class Servers:
    """Translates addresses of servers."""

    def __init__(self, remarks: Remarks, notes: Notes) -> None:
        self._remarks = remarks
        self._notes = notes
        self.variables: dict[str, Scalar] = {}
        """Constants that the addresses use."""
        self.target: Text | None = None

    def read_target(self, root: dict[str, Any]) -> None:
        """The first server of the description, which is where paths lead."""
        address = self._first(root)
        self.target = address if address is not None else self._below_unknown("")

    def prefix(self, operation: dict[str, Any], path_item: dict[str, Any]) -> Text:
        """What stands before the path of an operation that has servers of its own; else nothing."""
        for owner in (operation, path_item):
            if owner.get("servers"):
                address = self._first(owner)
                if address is not None and address != self.target:
                    return address
                return ""
        return ""

    def _first(self, owner: dict[str, Any]) -> Text | None:
        servers = [server for _, server in mappings_at(owner, "servers", self._notes)]
        if not servers:
            return None
        if len(servers) > 1:
            others = ", ".join(text_of(server.get("url"))[:60] for server in servers[1:4])
            self._notes.add(f"the first of {len(servers)} servers is taken; the others: {others}", "servers")
        with self._notes.at("servers", 0):
            return self._address(servers[0])

    def _address(self, server: dict[str, Any]) -> Text:
        url = text_of(server.get("url")).strip()
        for mark in "?#":
            if mark in url:
                self._notes.add(f"what follows the `{mark}` is left out", "url")
                url = url.partition(mark)[0]
        variables = mapping_at(server, "variables", self._notes)
        plain = _VARIABLE.sub(lambda found: self._default(variables, found[0][1:-1]), url)
        if _ABSOLUTE.match(plain) is None:
            if "://" in plain:
                self._notes.add(f"`{url[:80]}` is no address of HTTP", "url")
                return self._below_unknown("")
            return self._below_unknown(self._filled(url, variables).rstrip("/"))
        return self._filled(url, variables).rstrip("/")

    def _below_unknown(self, base: Text) -> Text:
        """The description does not say on which host it is."""
        self._remarks.once("the description does not say where the server is: set the environment variable BASE_URL")
        if base.startswith("//"):
            return f"http:{base}"
        base = re.sub(r"^(\.{0,2}/)*", "", base)
        return f"{_UNKNOWN}/{base}" if base else _UNKNOWN

    def _filled(self, url: str, variables: dict[str, Any]) -> Text:
        """The address with constants in place of its variables."""
        parts: list[Text] = []
        for number, part in enumerate(_VARIABLE.split(url)):
            if number % 2 == 0:
                parts.append(re.sub(r"[\x00-\x20\\\"<>^`|]", "", literal(part)))
                continue
            default = self._default(variables, part[1:-1])
            if default:
                parts.append(f"${{{self._constant(part[1:-1], default)}}}")
        return joined(parts)

    def _constant(self, name: str, default: str) -> str:
        """The constant with this value; two servers may have variables of one name with different values."""
        wanted = name = variable_name(name)
        number = 2
        while self.variables.get(name, literal(default)) != literal(default):
            name = f"{wanted}_{number}"
            number += 1
        self.variables[name] = literal(default)
        return name

    def _default(self, variables: dict[str, Any], name: str) -> str:
        variable = variables.get(name)
        variable = variable if isinstance(variable, dict) else {}
        default = text_of(variable.get("default")).strip()
        allowed = variable.get("enum")
        if not default and isinstance(allowed, list) and allowed:
            default = text_of(allowed[0])
        if not default:
            self._notes.add(f"the variable `{name}` has no default; left out", "variables")
        return re.sub(r"[\x00-\x20\\\"<>^`|?#{}$]", "", default)
