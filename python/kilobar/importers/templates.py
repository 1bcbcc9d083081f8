"""Text of other tools -> text of a scenario, where `${` opens a hole."""

from __future__ import annotations

from collections.abc import Callable

from kilobar.model.scenario import Text


def literal(text: str) -> Text:
    """Text that means itself: `${` is escaped."""
    raise NotImplementedError


def translate(text: str, opening: str, closing: str, hole: Callable[[str], Text | None]) -> Text:
    """Text with holes such as `{{name}}`: `hole` gives scenario text for what stands between, or None to keep it.

    Everything outside holes is escaped.
    """
    raise NotImplementedError


def translate_json(value: object, text: Callable[[str], Text]) -> object:
    """A JSON value with each text in it (values, not keys) translated."""
    raise NotImplementedError
