"""Secrets in a source: the scenario takes them from the environment instead, so that the file can be shared."""

from __future__ import annotations

from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Text


class Secrets:
    """Names an environment variable for each secret value; the same value gets the same variable.

    Values are given as they are in the source, before any escaping; what is returned is text of a scenario.
    A value that holds a variable (`{{token}}`) is not a secret of the file: translate it, do not hide it.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def hide(self, value: str, name: str) -> Text:
        """`${env.NAME:-not-set}` in place of a value; `name` says what it is, for example "shop password".

        The default lets the file pass `kilobar check` at once; a note tells the person to set the variable.
        """
        raise NotImplementedError

    def header(self, name: str, value: str) -> Text:
        """The value of a header as scenario text: `Bearer ${env...}` for credentials, escaped for others."""
        raise NotImplementedError

    def field(self, name: str, value: str) -> Text:
        """The value of a query or body field as scenario text: hidden when the name says that it is a secret."""
        raise NotImplementedError


def is_secret_header(name: str) -> bool:
    """Whether a header carries credentials: authorization, cookie, x-api-key and the like."""
    raise NotImplementedError


def is_secret_field(name: str) -> bool:
    """Whether the name of a field says password, token, secret or key."""
    raise NotImplementedError
