"""HTML whose text is escaped by construction.

Only `tag` makes `Html` out of text, and it escapes everything that is not `Html` already: a step named `<script>`
has no way into a page.
"""

from __future__ import annotations

import html
from collections.abc import Iterable


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


_VOID = frozenset({"meta", "br", "input", "col"})


def tag(name: str, *children: str | Iterable[str] | None, **attributes: str | bool | None) -> Html:
    """An element. `class_` stands for `class`, underscores for hyphens; True gives a bare attribute, None none."""
    opened = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    if name in _VOID:
        return Html(f"<{name}{opened}>")
    return Html(f"<{name}{opened}>{joined(*children)}</{name}>")


def joined(*children: str | Iterable[str] | None) -> Html:
    """Children one after another, without an element around them."""
    return Html("".join(_child(child) for child in children if child is not None))


def _attribute(key: str, value: str | bool | None) -> str:
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{html.escape(str(value))}"'


def _child(child: str | Iterable[str]) -> str:
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return html.escape(child)
    return joined(*child)
