"""The typed document of a scenario <-> its YAML text, without loss either way.

Only the shape is judged here: which keys there are and what kind of value each has. `check_document` judges the rest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

from kilobar.errors import ScenarioError
from kilobar.model import scenario as model
from kilobar.scenario.check import Checked, check_text
from kilobar.scenario.document_reader import DocumentReader
from kilobar.scenario.document_shapes import METHOD_KEYS, keys_of
from kilobar.scenario.findings import Findings
from kilobar.scenario.yaml_nodes import read_yaml
from kilobar.scenario.yaml_text import Block, Lines, Plain, yaml_text

_BLOCKS = (*model.Step.__args__, model.Flow, model.Scenario)
"""Classes that are written with a line for each key."""


def to_yaml(scenario: model.Scenario, comments: Sequence[str] = ()) -> str:
    """The scenario file, with comments at its top. Half surrogates, which no file can hold, become U+FFFD."""
    root = _written(scenario)
    for key in ("load", "thresholds", "allow"):
        if isinstance(value := root.get(key), list):
            root[key] = Lines(value)
    return yaml_text(Block(root), comments)


def from_yaml(text: str | bytes, file: str = "scenario.yaml") -> model.Scenario:
    """The document of a scenario file; `file` names it in messages. Raises ScenarioError with places."""
    findings = Findings()
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    root = read_yaml(data, file, findings)
    scenario = DocumentReader(findings).scenario(root) if root is not None else None
    if scenario is None or findings.errors:
        raise ScenarioError(findings.sorted())
    return scenario


def check_document(
    scenario: model.Scenario, env: Mapping[str, str] | None = None, file: str = "scenario.yaml"
) -> Checked:
    """Checks a document as `kilobar check` does its YAML text; places are those of `to_yaml`.

    `env` is the environment of the process by default; files that the scenario names are relative to that of `file`.
    """
    return check_text(to_yaml(scenario).encode(), file, os.environ if env is None else env)


def _written(value: Any) -> dict[str, Plain]:
    """A document class as a mapping: its keys in order, without those that are not given."""
    written: dict[str, Plain] = {}
    if isinstance(value, model.Request):
        if value.method.lower() in METHOD_KEYS and value.method.isupper():
            written[value.method.lower()] = value.url
        else:
            written["request"] = {"method": value.method, "url": value.url}
    for key in keys_of(type(value)):
        if key.name in written or (isinstance(value, model.Request) and key.name in ("method", "url")):
            continue
        inner = getattr(value, key.attribute)
        if inner is None or (not inner and key.empty_is_absent and isinstance(inner, list | dict)):
            continue
        if key.maps_to_matcher:
            inner = {name: _unmistakable(matched) for name, matched in inner.items()}
        written[key.name] = _plain(inner)
    return written


def _plain(value: object) -> Plain:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if is_dataclass(value):
        written = _written(value)
        return Block(written) if isinstance(value, _BLOCKS) else written
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} cannot stand in a scenario")


def _unmistakable(matched: object) -> object:
    """A mapping is a matcher, so that a JSON object needs `equals`."""
    return {"equals": matched} if isinstance(matched, dict) else matched
