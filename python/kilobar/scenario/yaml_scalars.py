"""How a text or number is written in YAML: plain where that is safe, in quotes where it must be.

Texts that YAML 1.1 takes for something else (`no`, `12:30:45`, `2026-01-31`) are quoted too: our own loader would
not need it, editors and other tools do.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from yaml.resolver import Resolver

from kilobar.scenario.yaml_nodes import kind_of

MAX_SIMPLE_KEY = 120
"""Longer keys are written with `? `; YAML itself allows 1024 characters."""

_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`=")
_IN_BLOCK = re.compile(r": |:$| #")
_IN_FLOW = re.compile(r"[,\[\]{}]|: |:$| #")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def scalar(value: str | int | float | bool | None, *, in_flow: bool) -> str:
    """The value on one line. In flow style brackets and commas need quotes too."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
    return text(value, in_flow=in_flow)


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"


@lru_cache(maxsize=8192)
def text(value: str, *, in_flow: bool) -> str:
    """A text on one line, in quotes if it must be."""
    if _may_be_plain(value, _IN_FLOW if in_flow else _IN_BLOCK):
        return value
    if not value.isprintable():
        return f'"{"".join(map(_escaped, value))}"'
    if "\\" in value or '"' in value:
        return "'" + value.replace("'", "''") + "'"
    return f'"{value}"'


def _may_be_plain(value: str, special: re.Pattern[str]) -> bool:
    if not value or value[0] in _INDICATORS or value[0] == " " or value[-1] == " " or not value.isprintable():
        return False
    if special.search(value) or value.startswith("..."):
        return False
    return kind_of(value) == "text" and not _is_other_in_yaml_1_1(value)


def _is_other_in_yaml_1_1(value: str) -> bool:
    resolvers: list[tuple[str, re.Pattern[str]]] = Resolver.yaml_implicit_resolvers.get(value[0], [])
    return any(pattern.match(value) for _, pattern in resolvers)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "\\uFFFD"
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def literal_lines(value: str) -> tuple[str, list[str]] | None:
    """Header and lines of a text as a literal block, or None when it cannot or need not be one."""
    if "\n" not in value or not value.strip() or value.endswith("\n\n"):
        return None
    if not value.replace("\n", "").replace("\t", "").isprintable():
        return None
    # Where the first line starts with white space, its depth must be told.
    depth = "2" if value[0] in " \t\n" else ""
    chomping = "" if value.endswith("\n") else "-"
    return f"|{depth}{chomping}", value.removesuffix("\n").split("\n")
