"""What a person says on the command line to user code, besides the load."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kilobar.errors import InputError


@dataclass(frozen=True, slots=True)
class CodeOptions:
    """Goes to the code unchanged, as `source.options` of the plan."""

    settings: tuple[str, ...] = ()
    """`--set NAME=VALUE`, as they were typed."""
    tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    """What stands behind `--`: arguments that a locustfile defines."""
    fast_http: bool = False
    spawn_rate: str | None = None
    """Users of a locustfile that start per second."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return self == CodeOptions()

    def to_dict(self) -> dict[str, Any]:
        """Only what was said. Raises InputError for a setting that is none."""
        options: dict[str, Any] = dict(_pairs(self.settings))
        if self.tags:
            options["tags"] = _words(self.tags)
        if self.exclude_tags:
            options["exclude_tags"] = _words(self.exclude_tags)
        if self.arguments:
            options["arguments"] = list(self.arguments)
        if self.fast_http:
            options["fast_http"] = True
        if self.spawn_rate is not None:
            options["spawn_rate"] = self.spawn_rate
        return options


def _pairs(settings: Iterable[str]) -> Iterable[tuple[str, str]]:
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.strip():
            raise InputError(f"`--set {setting}` sets nothing", hint="write --set NAME=VALUE")
        yield name.strip(), value


def _words(texts: Iterable[str]) -> list[str]:
    """Several in one option may be separated by spaces or commas, as people are used to."""
    return [word for text in texts for word in text.replace(",", " ").split()]
