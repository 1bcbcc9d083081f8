"""Plain values -> YAML text as a person would write it.

Mappings and lists that fit stand on one line, steps and flows have a line for each key, texts of several lines are
literal blocks. What is read back by `yaml_nodes` is what was written.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TypeAlias

from kilobar.scenario.yaml_scalars import MAX_SIMPLE_KEY, literal_lines, scalar, text

WIDTH = 100
"""Columns within which a mapping or list stays on one line."""

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


class Block(dict[str, Plain]):
    """A mapping with a line for each key, however small it is."""


class Lines(list[Plain]):
    """A list with a line for each entry, however short they are."""


def yaml_text(root: Block, comments: Sequence[str] = ()) -> str:
    """The document, with comments at its top."""
    writer = _Writer()
    for comment in comments:
        writer.lines.extend(_comment(comment))
    if root:
        writer.mapping(root, 0, "")
    else:
        writer.lines.append("{}")
    return "\n".join(writer.lines) + "\n"


def _comment(comment: str) -> list[str]:
    line = "".join(character if character.isprintable() else " " for character in comment)
    indent = "    " if line.startswith("- ") else "  "
    wrapped = textwrap.wrap(line, WIDTH + 10, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
    return [f"# {part}".rstrip() for part in wrapped] or ["#"]


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def mapping(self, entries: dict[str, Plain], indent: int, first: str) -> None:
        """The keys of a mapping at this column; `first` stands before the first of them."""
        start = first
        for key, value in entries.items():
            if len(key) <= MAX_SIMPLE_KEY:
                head = f"{start}{text(key, in_flow=False)}:"
            else:
                self.lines.append(f"{start}? {text(key, in_flow=False)}")
                head = f"{' ' * indent}:"
            self._value(head, value, indent)
            start = " " * indent

    def _value(self, head: str, value: Plain, indent: int) -> None:
        """A value behind `key:` or `-`, which stand at the column `indent`."""
        if isinstance(value, dict | list):
            short = _one_line(value, WIDTH - len(head) - 1)
            if short is not None:
                self.lines.append(f"{head} {short}")
            elif isinstance(value, dict):
                self.lines.append(head)
                self.mapping(value, indent + 2, " " * (indent + 2))
            else:
                self.lines.append(head)
                self._items(value, indent + 2)
            return
        block = literal_lines(value) if isinstance(value, str) else None
        if block is None:
            self.lines.append(f"{head} {scalar(value, in_flow=False)}")
            return
        header, lines = block
        self.lines.append(f"{head} {header}")
        inner = " " * (indent + 2)
        self.lines.extend(inner + line if line else "" for line in lines)

    def _items(self, items: list[Plain], indent: int) -> None:
        head = f"{' ' * indent}-"
        for item in items:
            if isinstance(item, dict) and item and _one_line(item, WIDTH - len(head) - 1) is None:
                self.mapping(item, indent + 2, f"{head} ")
            else:
                self._value(head, item, indent)


def _one_line(value: Plain, room: int) -> str | None:
    """The value in flow style, or None when it has to be, or is better, in lines of its own."""
    if isinstance(value, dict):
        if not value:
            return "{}"
        # The shortest entry is `a: 1, `.
        return None if isinstance(value, Block) or 6 * len(value) > room + 2 else _mapping_in_line(value, room)
    if isinstance(value, list):
        if not value:
            return "[]"
        return None if isinstance(value, Lines) or 3 * len(value) > room + 2 else _list_in_line(value, room)
    if isinstance(value, str) and (len(value) > room or literal_lines(value) is not None):
        return None
    return scalar(value, in_flow=True)


def _mapping_in_line(value: dict[str, Plain], room: int) -> str | None:
    parts: list[str] = []
    left = room
    for key, inner in value.items():
        # An explicit size test first: a flow key may be as little as 1024 characters long.
        if len(key) > left:
            return None
        short_key = text(key, in_flow=True)
        short = _one_line(inner, left - len(short_key))
        if short is None:
            return None
        parts.append(f"{short_key}: {short}")
        left -= len(parts[-1]) + 2
        if left < 0:
            return None
    return f"{{{', '.join(parts)}}}"


def _list_in_line(value: list[Plain], room: int) -> str | None:
    parts: list[str] = []
    left = room
    for inner in value:
        short = _one_line(inner, left)
        if short is None:
            return None
        parts.append(short)
        left -= len(short) + 2
        if left < 0:
            return None
    return f"[{', '.join(parts)}]"
