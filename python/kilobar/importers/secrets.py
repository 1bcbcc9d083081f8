"""Secrets in a source: the scenario takes them from the environment instead, so that the file can be shared."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import unquote_plus

from kilobar.importers.names import variable_name
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import joined, literal
from kilobar.model.scenario import JsonValue, Text

_SECRET_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "authentication"))
_SECRET_WORD = re.compile(
    r"pass(word|wd|phrase|code)?|pwd|pin|token|secret|api_?key|access_?key|private_?key|auth_?key|subscription_?key"
    r"|credentials?|jwt|signature|session_?id|sid|jsessionid|phpsessid|otp|x_?auth|authorization|client_?secret"
)
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_SCHEME = re.compile(r"(Bearer|Token|Basic|Digest|Negotiate|ApiKey|JWT|OAuth)\s+(?=\S)", re.IGNORECASE)
_MAX_NAME = 60


class Secrets:
    """Names an environment variable for each secret value; the same value of the same name gets the same variable.

    Values are given as they are in the source, before any escaping; what is returned is text of a scenario.
    A value that holds a variable (`{{token}}`) is not a secret of the file: translate it, do not hide it.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._variables: dict[tuple[str, str], str] = {}
        self._taken: dict[str, int] = {}

    def hide(self, value: str, name: str) -> Text:
        """`${env.NAME:-not-set}` in place of a value; `name` says what it is, for example "shop password".

        The default lets the file pass `kilobar check` at once; a note tells the person to set the variable.
        """
        if not value:
            return ""
        wanted = variable_name("_".join(_words(name)).upper())[:_MAX_NAME]
        variable = self._variables.get((wanted, value))
        if variable is None:
            count = self._taken[wanted] = self._taken.get(wanted, 0) + 1
            variable = wanted if count == 1 else f"{wanted}_{count}"
            self._variables[wanted, value] = variable
            self._notes.add(f"a secret is left out of the scenario: set the environment variable {variable}")
        return f"${{env.{variable}:-not-set}}"

    def header(self, name: str, value: str) -> Text:
        """The value of a header as scenario text: `Bearer ${env...}` for credentials, escaped for others."""
        if not is_secret_header(name) or not value:
            return literal(value)
        if name.lower() == "cookie":
            return self._cookies(value)
        scheme = _SCHEME.match(value)
        if scheme is None:
            return self.hide(value, name)
        return joined([scheme.group(), self.hide(value[scheme.end() :], f"{name} {scheme.group(1)}")])

    def field(self, name: str, value: str) -> Text:
        """The value of a query or body field as scenario text: hidden when the name says that it is a secret."""
        return self.hide(value, name) if is_secret_field(name) else literal(value)

    def cookie(self, name: str, value: str) -> Text:
        """The value of a cookie: always hidden, because any of them may be a session."""
        return self.hide(value, f"cookie {name}")

    def query(self, url: str) -> Text:
        """An address as scenario text, with the secrets of its query hidden."""
        path, mark, query = url.partition("?")
        parts: list[Text] = [literal(path) + mark]
        for number, pair in enumerate(query.split("&") if mark else []):
            name, equals, value = pair.partition("=")
            parts.append(literal(("&" if number else "") + name + equals))
            secret = is_secret_field(unquote_plus(name)) and value
            parts.append(self.hide(unquote_plus(value), unquote_plus(name)) if secret else literal(value))
        return joined(parts)

    def json(self, value: JsonValue, text: Callable[[str], Text] = literal) -> JsonValue:
        """A JSON value with texts as scenario text (by `text`), and those under a secret name hidden."""
        if isinstance(value, dict):
            return {literal(key): self._member(key, inner, text) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.json(inner, text) for inner in value]
        return text(value) if isinstance(value, str) else value

    def _member(self, key: str, value: JsonValue, text: Callable[[str], Text]) -> JsonValue:
        if not isinstance(value, str) or not is_secret_field(key):
            return self.json(value, text)
        # What is translated to holes is no secret of the file.
        return text(value) if text(value) != literal(value) else self.hide(value, key)

    def _cookies(self, value: str) -> Text:
        parts: list[Text] = []
        for pair in value.split(";"):
            name, equals, content = pair.partition("=")
            separator = "; " if parts else ""
            parts.append(separator + literal(name.strip() + equals))
            parts.append(self.cookie(name.strip(), content.strip()))
        return joined(parts)


def is_secret_header(name: str) -> bool:
    """Whether a header carries credentials: authorization, cookie, x-api-key and the like."""
    return name.strip().lower() in _SECRET_HEADERS or is_secret_field(name)


def is_secret_field(name: str) -> bool:
    """Whether the name of a field says password, token, secret or key."""
    words = _words(name)
    candidates = [*words, *(f"{first}_{second}" for first, second in pairwise(words))]
    return any(_SECRET_WORD.fullmatch(word) for word in candidates)


def _words(name: str) -> list[str]:
    """`apiKey`, `api-key` and `API_KEY` -> ["api", "key"]."""
    return [word.lower() for word in _SPLIT.split(name[:200]) if word]
