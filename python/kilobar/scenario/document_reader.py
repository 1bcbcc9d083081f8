"""A tree of YAML nodes -> the typed document of a scenario."""

from __future__ import annotations

from typing import Any

from kilobar.model import scenario as model
from kilobar.scenario.document_shapes import METHOD_KEYS, Key, Shape, keys_of, selector_of
from kilobar.scenario.findings import Findings, did_you_mean, listing, shorten
from kilobar.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence

_WORDS = {
    "text": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "json": "any value",
}
_REQUEST_LINE = ("method", "url")


class _Bad:
    """Stands for a value with an error, which is among the findings."""


_BAD = _Bad()


class DocumentReader:
    """Reads what the shapes of the document allow, and reports everything else with its place."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def scenario(self, root: Node) -> model.Scenario | None:
        """The document, or None with the reasons among the findings."""
        if not isinstance(root, Mapping):
            self._wrong(root, "a scenario is a mapping with keys such as `target` and `flows`")
            return None
        scenario = self._record(root, model.Scenario)
        return scenario if isinstance(scenario, model.Scenario) else None

    def _read(self, node: Node, shape: Shape, what: str) -> Any:
        if isinstance(node, Scalar):
            return self._scalar(node, shape, what)
        if isinstance(node, Mapping):
            return self._mapping(node, shape, what)
        if shape.items is not None:
            return [self._read(item, shape.items, what) for item in node.items]
        if "json" in shape.kinds:
            return self._json(node)
        return self._wrong(node, f"{what} is {_expected(shape)}, not a list")

    def _scalar(self, node: Scalar, shape: Shape, what: str) -> Any:
        kinds = shape.kinds
        if "json" in kinds:
            return self._json(node)
        if node.kind == "null":
            return None if "none" in kinds else self._wrong(node, f"{what} is {_expected(shape)}, but nothing is given")
        if node.kind in ("int", "float") and node.kind in kinds:
            number = self._number(node)
            # A text such as 1.10 keeps its digits where a text is allowed.
            return node.text if "text" in kinds and _digits_change(node.text, number) else number
        if node.kind == "int" and "float" in kinds:
            return float(self._number(node))
        if node.kind == "bool" and "bool" in kinds:
            return node.text.lower() == "true"
        if "text" in kinds:
            return node.text
        if shape.records == (model.Save,) and node.text.startswith("$"):
            return model.Save(json=node.text)
        if shape.items is not None:
            # One entry may stand without a list.
            return [self._scalar(node, shape.items, what)]
        return self._wrong(node, f"{what} is {_expected(shape)}, not `{shorten(node.text)}`")

    def _mapping(self, node: Mapping, shape: Shape, what: str) -> Any:
        if shape.records:
            chosen = self._chosen(node, shape, what)
            return _BAD if chosen is None else self._record(node, chosen)
        if shape.values is not None:
            return {key.text: self._read(value, shape.values, f"`{shorten(key.text)}`") for key, value in node.entries}
        if "json" in shape.kinds:
            return self._json(node)
        if shape.items is not None:
            return [self._mapping(node, shape.items, what)]
        return self._wrong(node, f"{what} is {_expected(shape)}, not a mapping")

    def _chosen(self, node: Mapping, shape: Shape, what: str) -> type | None:
        """The class that the keys tell. Reports when there is none."""
        if len(shape.records) == 1:
            return shape.records[0]
        given = {entry.key.text for entry in node.entries}
        found = [kind for kind in shape.records if _selectors(kind) & given]
        if len(found) == 1:
            return found[0]
        if not found:
            known = [selector for kind in shape.records for selector in sorted(_selectors(kind))]
            first = node.entries[0].key if node.entries else None
            hint = did_you_mean(first.text, known) if first else None
            self._findings.error(
                "missing-key", f"{what} needs one of {listing(known)}", first.place if first else node.place, hint
            )
        else:
            names = [name for name in (entry.key.text for entry in node.entries) if name in _all_selectors(found)]
            message = f"`{names[1]}` cannot stand beside `{names[0]}`"
            self._findings.error("conflicting-keys", message, node.place, "make a step of its own from it")
        return None

    def _record(self, node: Mapping, of: type) -> Any:
        known = {key.name: key for key in keys_of(of)}
        values: dict[str, Any] = {}
        for name, value in node.entries:
            if of is model.Request and (name.text in METHOD_KEYS or name.text == "request"):
                self._request_line(name, value, values)
                continue
            key = known.get(name.text)
            if key is None or (of is model.Request and name.text in _REQUEST_LINE):
                hint = did_you_mean(name.text, known, f"known keys: {', '.join(known)}")
                self._findings.error("unknown-key", f"unknown key `{shorten(name.text)}`", name.place, hint)
                continue
            values[key.attribute] = self._value(value, key)
        missing = [key for key in known.values() if key.required and key.attribute not in values]
        for key in missing:
            self._findings.error("missing-key", f"`{key.name}` is missing", node.place, f"add `{key.name}`")
        return _BAD if missing else of(**values)

    def _value(self, node: Node, key: Key) -> Any:
        if key.empty_is_absent and isinstance(node, Scalar) and node.kind == "null":
            return [] if key.shape.items is not None else {}
        return self._read(node, key.shape, f"`{key.name}`")

    def _request_line(self, name: Scalar, value: Node, values: dict[str, Any]) -> None:
        if "method" in values:
            message = f"`{name.text}` cannot stand beside another method in one step"
            self._findings.error("conflicting-keys", message, name.place, "make a step of its own from it")
        elif name.text != "request":
            values["method"] = name.text.upper()
            values["url"] = self._read(value, Shape(frozenset(("text",))), f"`{name.text}`")
        elif isinstance(value, Mapping) and {entry.key.text for entry in value.entries} == set(_REQUEST_LINE):
            for entry in value.entries:
                inner = self._read(entry.value, Shape(frozenset(("text",))), f"`{entry.key.text}`")
                values[entry.key.text] = inner
            if isinstance(values["method"], str):
                values["method"] = values["method"].upper()
        else:
            values.update(method="GET", url="")
            self._wrong(value, "`request` is a mapping {method: ..., url: ...}")

    def _json(self, node: Node) -> Any:
        """Recursion is bounded by the depth of the YAML file."""
        if isinstance(node, Mapping):
            return {entry.key.text: self._json(entry.value) for entry in node.entries}
        if isinstance(node, Sequence):
            return [self._json(item) for item in node.items]
        match node.kind:
            case "null":
                return None
            case "bool":
                return node.text.lower() == "true"
            case "int" | "float":
                return self._number(node)
        return node.text

    def _number(self, node: Scalar) -> int | float:
        text = node.text
        try:
            if node.kind == "int":
                return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            hint = "put quotes around it, if it is meant as text"
            self._findings.error("bad-number", f"`{shorten(text)}` has too many digits", node.place, hint)
            return 0

    def _wrong(self, node: Node, message: str) -> _Bad:
        self._findings.error("wrong-type", message, node.place)
        return _BAD


def _selectors(kind: type) -> set[str]:
    return {*METHOD_KEYS, "request"} if kind is model.Request else {selector_of(kind)}


def _all_selectors(kinds: list[type]) -> set[str]:
    return {selector for kind in kinds for selector in _selectors(kind)}


def _digits_change(text: str, number: int | float) -> bool:
    return str(number) != text


def _expected(shape: Shape) -> str:
    words = [_WORDS[kind] for kind in ("text", "int", "float", "bool", "json") if kind in shape.kinds]
    if shape.items is not None:
        words.append("a list")
    if shape.records or shape.values is not None:
        words.append("a mapping")
    return " or ".join(words)
