"""Texts with shell variables -> texts of a scenario: a variable comes from the environment."""

from __future__ import annotations

from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets, is_secret_field
from kilobar.importers.shell_words import COMMAND_OUTPUT, END, VARIABLE
from kilobar.importers.templates import translate
from kilobar.model.scenario import Text


class ShellTexts:
    """Translates words; `assigned` are the variables that the source itself sets."""

    def __init__(self, notes: Notes, secrets: Secrets, assigned: dict[str, str]) -> None:
        self._notes = notes
        self._secrets = secrets
        self._assigned = assigned

    def text(self, text: str) -> Text:
        """A text with its variables."""
        return translate(text, VARIABLE, END, self._variable)

    def header(self, name: str, value: str) -> Text:
        """The value of a header; a secret is hidden unless it comes from a variable anyway."""
        return self.text(value) if VARIABLE in value else self._secrets.header(name, value)

    def cookie(self, name: str, value: str) -> Text:
        """The value of a cookie."""
        return self.text(value) if VARIABLE in value else self._secrets.cookie(name, value)

    def field(self, name: str, value: str) -> Text:
        """The value of a form field or parameter."""
        return self.text(value) if VARIABLE in value else self._secrets.field(name, value)

    def secret(self, value: str, name: str) -> Text:
        """A password or token."""
        return self.text(value) if VARIABLE in value else self._secrets.hide(value, name)

    def query(self, url: str) -> Text:
        """An address with the secrets of its query hidden."""
        return self.text(url) if VARIABLE in url else self._secrets.query(url)

    def _variable(self, name: str) -> Text:
        default = self._assigned.get(name, "")
        if VARIABLE in default or "}" in default or is_secret_field(name):
            default = ""
        if name == COMMAND_OUTPUT:
            self._notes.add(f"the output of a command is not known: set the environment variable {COMMAND_OUTPUT}")
        elif not default:
            self._notes.add(f"the shell variable {name} is taken from the environment: set it")
        return f"${{env.{name}:-{default or 'not-set'}}}"
