"""YAML text -> plain values by the rules of YAML 1.2, for API descriptions."""

from __future__ import annotations

from typing import Any

from kilobar.importers.outcome import ImportFailed
from kilobar.scenario.findings import Findings
from kilobar.scenario.garbage import without_garbage_collection
from kilobar.scenario.yaml_nodes import Limits, Mapping, Node, Scalar, Sequence, read_yaml

LIMITS = Limits(bytes=64 * 1024 * 1024, nodes=2_000_000, alias_weight=1_000_000)


def read_values(text: str, file: str) -> tuple[Any, list[tuple[int, str]]]:
    """The content as dict, list, str, int, float, bool and None, and (line, words) for each oddity passed over.

    Raises ImportFailed with the position when the text is not YAML.
    """
    findings = Findings()
    with without_garbage_collection():
        root = read_yaml(text.encode(), file, findings, LIMITS)
    found = findings.sorted()
    if root is None:
        fatal = found[-1]
        assert fatal.place is not None
        raise ImportFailed(fatal.message, fatal.place, code="import-syntax", hint=fatal.hint)
    return _value(root), [(finding.place.line, finding.message) for finding in found if finding.place is not None]


def _value(node: Node) -> Any:
    match node:
        case Mapping():
            return {entry.key.text: _value(entry.value) for entry in node.entries}
        case Sequence():
            return [_value(item) for item in node.items]
    return _scalar(node)


def _scalar(node: Scalar) -> str | int | float | bool | None:
    text = node.text
    match node.kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            try:
                return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
            except ValueError:
                # More digits than Python converts.
                return text
        case "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
