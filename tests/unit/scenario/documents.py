"""Random documents of all classes, made from their shapes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from kilobar.model import scenario as model
from kilobar.scenario.document_shapes import METHOD_KEYS, Shape, keys_of

ODD = [
    "", " ", "no", "1e3", "007", "0x1f", "2026-01-31", "12:30:45", "~", "null", "true", ".inf", "<<", "=", "- a",
    "a: b",
    "a #b", "a:", "#a", "${x}", "$${", "{a}", "[a]", "a, b", "'", '"', "\\", "it's \"so\"", "?", "!t", "&a", "*a", "%a",
    "@a", "`", "|", ">", "...", "---", "a\nb", "a\n", "\na", " a\n b", "a\n\n", "\n", "\t", "a\tb\nc", "a\r\nb", "\x00",
    "\x85", "\u2028", "\ufeff", "\u00a0", "é", "漢字", "😀", "\U0010ffff", "\ufffe", "x" * 130, "x " * 600,
    "  \n  a\n ",
    "1_000", "+1", "-", ".5", "1.", "1:2", "http://a/b?c=d&e#f", "a\n  \nb", "a \nb",
]  # fmt: skip
TEXT = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
INT = st.integers(-(10**20), 10**20)
FLOAT = st.floats(allow_nan=False)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXT, INT, FLOAT, st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
_SCALARS = {"text": TEXT, "int": INT, "float": FLOAT, "bool": st.booleans()}


def documents(of: type = model.Scenario, depth: int = 4) -> st.SearchStrategy[Any]:
    """Objects of a class of the document."""
    required = {}
    optional = {}
    for key in keys_of(of):
        values = _values(key.shape, depth)
        if key.maps_to_matcher:
            values = values.filter(lambda found: not any(isinstance(value, dict) for value in found.values()))
        if of is model.Request and key.name == "method":
            values = st.sampled_from([*(name.upper() for name in METHOD_KEYS), "PURGE", "GET1"])
        (required if key.required else optional)[key.attribute] = values

    def some(names: list[str]) -> st.SearchStrategy[Any]:
        return st.builds(of, **required, **{name: optional[name] for name in names})

    if not optional:
        return st.builds(of, **required)
    return st.lists(st.sampled_from(sorted(optional)), max_size=5, unique=True).flatmap(some)


def _values(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    if "json" in shape.kinds and not shape.records:
        return JSON.filter(lambda value: value is not None)
    choices: list[st.SearchStrategy[Any]] = [_SCALARS[kind] for kind in sorted(shape.kinds & _SCALARS.keys())]
    if "json" in shape.kinds:
        choices.append(JSON)
    if shape.items is not None:
        items = shape.items
        choices.append(st.deferred(lambda: st.lists(_values(items, depth - 1), max_size=3 if depth > 0 else 0)))
    if shape.values is not None:
        values = shape.values
        choices.append(st.deferred(lambda: st.dictionaries(TEXT, _values(values, depth - 1), max_size=3)))
    leaves = (model.Fail, model.Matcher, model.Basic, model.Bounds, model.ThinkLaw)
    for record in shape.records:
        if depth > 0 or record in leaves or not choices:
            choices.append(st.deferred(lambda record=record: documents(record, depth - 1)))
    return st.one_of(choices)
