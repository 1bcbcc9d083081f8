"""The tables of the language and the typed document have the same keys."""

from __future__ import annotations

from dataclasses import fields

import pytest

from kilobar.model import scenario as document
from kilobar.scenario import tree
from kilobar.scenario.grammar import Record
from kilobar.scenario.language import records

PAIRS = {
    "scenario": document.Scenario, "data set": document.Data, "flow": document.Flow, "rate stage": document.Rate,
    "users stage": document.Users, "tls section": document.Tls, "limits section": document.Limits,
    "request step": document.Request, "think step": document.Think, "think law": document.ThinkLaw,
    "set step": document.Set, "if step": document.If, "repeat step": document.Repeat, "while step": document.While,
    "for_each step": document.ForEach, "group step": document.Group, "parallel step": document.Parallel,
    "fail step": document.Fail, "stop_user step": document.StopUser, "stop_run step": document.StopRun,
    "include step": document.Include, "save rule": document.Save, "matcher": document.Matcher,
    "check section": document.Check, "size bounds": document.Bounds, "time bounds": document.Bounds,
    "auth section": document.Auth, "basic section": document.Basic, "part": document.Part,
}  # fmt: skip


def test_every_record_has_its_class() -> None:
    names = {name for name, of in records().items() if isinstance(of, Record)}
    # Method and address are keys of the document's Request; an included file is a list of steps.
    assert names == set(PAIRS) | {"request line", "included file"}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_record_and_its_class_have_the_same_keys(name: str) -> None:
    record = records()[name]
    assert isinstance(record, Record)
    keys = {field.attribute for field in record.fields}
    if name == "request step":
        assert set(tree.METHOD_KEYS) < keys
        keys = keys - set(tree.METHOD_KEYS) - {"request"} | {"method", "url"}
    assert keys == {field.name for field in fields(PAIRS[name])}
