"""The odd shapes of a collection: what may be a list or a mapping, a text or an object, there or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """The value when it is a list; a single mapping as a list of it; else an empty one."""
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []


def text(value: Any) -> str:
    """A scalar as text; a missing one as the empty text. A description may be `{"content": text}`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        content = value.get("content")
        return content if isinstance(content, str) else ""
    return ""


def entries(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Mappings of a list such as headers or variables, each with its index."""
    for index, entry in enumerate(listing(value)):
        if isinstance(entry, dict):
            yield index, entry


def is_disabled(entry: dict[str, Any]) -> bool:
    """Whether a header, parameter or variable is switched off."""
    return entry.get("disabled") is True or entry.get("enabled") is False


def pairs(value: Any) -> dict[str, Any]:
    """Settings as v2.0 writes them, `{"token": "x"}`, or v2.1, `[{"key": "token", "value": "x"}]`."""
    if isinstance(value, dict):
        return value
    return {text(entry.get("key")): entry.get("value") for _, entry in entries(value) if "key" in entry}
