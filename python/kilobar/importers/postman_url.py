"""The address of a request: a text, or an object of parts."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import quote

from kilobar.importers.outcome import Notes
from kilobar.importers.postman_source import entries, is_disabled, listing, mapping, text
from kilobar.importers.postman_variables import Variables
from kilobar.importers.secrets import Secrets, is_secret_field
from kilobar.model.scenario import Fields, Text

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LEADING_HOLE = re.compile(r"\{\{([^{}]*)\}\}")
_PATH_VARIABLE = re.compile(r"(?<=/):([^/?#:{}]+)")
_HOLES = re.compile(r"(\$\{(?:[^{}]|\{[^{}]*\})*\})")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
_KEPT = "!#$%&'()*+,-./:;=?@[]_~\\"


class Address(NamedTuple):
    """An address as the scenario has it."""

    url: Text
    """With scheme and host; the query too, when `params` cannot say it in the same bytes."""
    params: Fields
    source: str
    """Path as it stands in the collection, for a name."""


def read(value: Any, variables: Variables, secrets: Secrets, notes: Notes) -> Address | None:
    """The address; None when there is none."""
    parts = mapping(value)
    raw = value if isinstance(value, str) else _assembled(parts) or text(parts.get("raw"))
    raw = raw.strip()
    if not raw:
        return None
    raw, _, fragment = raw.partition("#") if "{{" not in raw.partition("#")[2] else (raw, "", "")
    if fragment:
        notes.add("the fragment of the address is never sent", "url")
    before, question, query = raw.partition("?")
    before = _filled(before, parts, variables, notes)
    fields = _query_of(parts, query if question else "", isinstance(value, str), notes)
    url = _encoded(variables.text(_with_scheme(before, variables)))
    params, inline = _params(fields, variables, secrets)
    if inline:
        url = f"{url}?{inline}"
    return Address(url, params, before)


def _assembled(parts: dict[str, Any]) -> str:
    """Scheme, host, port and path of an address given in parts; empty when there is no host."""
    host = parts.get("host")
    host = ".".join(text(label) for label in host) if isinstance(host, list) else text(host)
    if not host:
        return ""
    protocol = text(parts.get("protocol")).removesuffix("://").removesuffix(":")
    port = text(parts.get("port"))
    path = parts.get("path")
    if isinstance(path, list):
        # A segment may be `{"type": "string", "value": "users"}`.
        path = "/".join(text(mapping(segment).get("value")) if isinstance(segment, dict) else text(segment)
                        for segment in path)  # fmt: skip
    path = text(path).removeprefix("/")
    raw = text(parts.get("raw"))
    slash = "/" if path or raw.partition("?")[0].endswith("/") else ""
    return f"{protocol}://{host}"[0 if protocol else 3 :] + (f":{port}" if port else "") + slash + path


def _with_scheme(address: str, variables: Variables) -> str:
    """Postman adds http:// to an address without a scheme."""
    if _SCHEME.match(address):
        return address
    hole = _LEADING_HOLE.match(address)
    if hole:
        if address.startswith("://", hole.end()):
            return address
        known = variables.known(hole[1])
        for _ in range(5):
            inner = _LEADING_HOLE.match(known) if known else None
            known = variables.known(inner[1]) if inner else known
        # A value that is not known is an address as a rule.
        return f"http://{address}" if known and not _SCHEME.match(known) and "{{" not in known else address
    return f"http://{address.lstrip('/')}"


def _filled(address: str, parts: dict[str, Any], variables: Variables, notes: Notes) -> str:
    """`:name` in the path replaced by the value that the collection gives."""
    given = {text(entry.get("key", entry.get("id"))): entry.get("value") for _, entry in entries(parts.get("variable"))}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in given:
            return match[0]
        if given[name] in (None, ""):
            notes.add(f"the path variable `{name}` has no value: it is taken as a variable", "url", "variable")
            return f"{{{{{name}}}}}"
        return text(given[name])

    scheme = _SCHEME.match(address)
    start = scheme.end() if scheme else 0
    return address[:start] + _PATH_VARIABLE.sub(value, address[start:]) if given else address


def _query_of(parts: dict[str, Any], query: str, is_text: bool, notes: Notes) -> list[tuple[str, str | None]]:
    """Names and values, as they stand in the collection; a value of None has no `=`."""
    listed = parts.get("query")
    if isinstance(listed, str):
        query = listed.removeprefix("?")
    elif isinstance(listed, list) or (not is_text and listing(listed)):
        found: list[tuple[str, str | None]] = []
        for index, entry in entries(listed):
            name, value = text(entry.get("key")), entry.get("value")
            if is_disabled(entry):
                if name:
                    notes.add(f"the parameter `{name}` is disabled and left out", "url", "query", index)
            elif name or value not in (None, ""):
                found.append((name, None if value is None else text(value)))
        return found
    elif not is_text and not query:
        query = text(parts.get("raw")).partition("#")[0].partition("?")[2]
    pieces = [piece.partition("=") for piece in query.split("&") if piece]
    return [(name, value if equals else None) for name, equals, value in pieces]


def _params(fields: list[tuple[str, str | None]], variables: Variables, secrets: Secrets) -> tuple[Fields, str]:
    """The query as `params` when that sends the same bytes, else as text."""
    ready: list[tuple[Text, Text | None]] = []
    plain = True
    names: list[Text] = []
    for name, value in fields:
        key = variables.text(name)
        if value is not None and "{{" not in value and is_secret_field(name):
            shown: Text | None = secrets.field(name, value)
        else:
            shown = None if value is None else variables.text(value)
        plain = plain and shown is not None and _is_plain(key) and _is_plain(shown)
        # A name that comes again later, with others between, would move.
        plain = plain and not (key in names and names[-1] != key)
        names.append(key)
        ready.append((key, shown))
    if not plain:
        return {}, "&".join(_pair(key, value) for key, value in ready)
    params: Fields = {}
    for key, value in ready:
        before = params.get(key)
        given = value or ""
        params[key] = given if before is None else [*before, given] if isinstance(before, list) else [before, given]
    return params, ""


def _pair(key: Text, value: Text | None) -> Text:
    name = _encoded(key, also="&=#+")
    return name if value is None else f"{name}={_encoded(value, also='&#')}"


def _is_plain(value: Text) -> bool:
    """Whether all known bytes mean themselves in a query."""
    return all(piece.startswith("${") or _PLAIN.fullmatch(piece) for piece in _HOLES.split(value))


def _encoded(value: Text, also: str = "") -> Text:
    """What cannot stand in an address is percent-encoded, as Postman does; holes are left alone."""
    kept = "".join(character for character in _KEPT if character not in also and character not in "'")
    return "".join(piece if piece.startswith("${") else quote(piece, safe=kept) for piece in _HOLES.split(value))
