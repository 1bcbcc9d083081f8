"""YAML text -> a tree of nodes that know where they stand.

libyaml only splits the text into events; the tree is built here, without recursion, so that depth, size and what
aliases expand to have limits, and so that YAML 1.2 rules hold: `on`, `no` and `1_000` are text, a key may not
occur twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

import yaml

from kilobar.errors import Place
from kilobar.scenario.findings import Findings

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 1_000_000
MAX_ALIAS_WEIGHT = 100_000
"""Limit of what all aliases together add to the tree: nodes, and 64 characters of text count as one more."""

Kind = Literal["text", "int", "float", "bool", "null"]


class Limits(NamedTuple):
    """How large a file may be: bytes, values, and what all its aliases may add."""

    bytes: int = MAX_BYTES
    nodes: int = MAX_NODES
    alias_weight: int = MAX_ALIAS_WEIGHT


OF_SCENARIO = Limits()


class Scalar(NamedTuple):
    """A text, and what YAML 1.2 takes it for."""

    place: Place
    text: str
    kind: Kind = "text"
    inner: int | None = None
    """Columns from `place` to the first character of `text`; None when the source does not hold it verbatim."""

    def place_at(self, offset: int) -> Place:
        """Where the character at `offset` of the text stands."""
        if self.inner is None:
            return self.place
        return Place(self.place.file, self.place.line, self.place.column + self.inner + offset)


class Sequence(NamedTuple):
    """A list."""

    place: Place
    items: tuple[Node, ...]


class Entry(NamedTuple):
    """One key with its value."""

    key: Scalar
    value: Node


class Mapping(NamedTuple):
    """Keys with values, in the order of the file; no key occurs twice."""

    place: Place
    entries: tuple[Entry, ...]

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = frozenset(("true", "True", "TRUE", "false", "False", "FALSE"))
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMBER_START = frozenset("+-.0123456789")


_NO_KEY = -1
"""`inner` of what stands for a key that is none: its value is read and left out."""


class _AbortError(Exception):
    """The tree cannot be built any further; the reason is among the findings."""


def read_yaml(data: bytes, file: str, findings: Findings, limits: Limits = OF_SCENARIO) -> Node | None:
    """The tree of the one document in `data`, or None with the reason in `findings`."""
    try:
        text = _decode(data, file, findings, limits)
        root = _Builder(text, file, findings, limits).build()
    except _AbortError:
        return None
    except yaml.YAMLError as error:
        _report_syntax(error, data, file, findings)
        return None
    if root is None or (isinstance(root, Scalar) and root.kind == "null"):
        place = root.place if root else Place(file, 1, 1)
        hint = "a scenario needs at least `flows` or `steps`, and `target`"
        findings.error("empty-scenario", "the scenario is empty", place, hint)
        return None
    return root


def _decode(data: bytes, file: str, findings: Findings, limits: Limits) -> str:
    start = Place(file, 1, 1)
    if len(data) > limits.bytes:
        hint = "keep large bodies and data in files of their own"
        findings.error("too-large", f"the file has {len(data):,} bytes, more than {limits.bytes:,}", start, hint)
        raise _AbortError
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        findings.error("not-utf8", "the file is UTF-16, at byte 0", start, "save the file as UTF-8")
        raise _AbortError
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec that drops the byte order mark counts from after it.
        offset = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        message = f"byte 0x{data[offset]:02x} at byte position {offset} is not UTF-8"
        findings.error("not-utf8", message, _place_of_byte(data, offset, file), "save the file as UTF-8")
        raise _AbortError from None


def _place_of_byte(data: bytes, offset: int, file: str) -> Place:
    line_start = data.rfind(b"\n", 0, offset) + 1
    before = data[line_start:offset].decode("utf-8", "replace").removeprefix("\ufeff")
    return Place(file, data.count(b"\n", 0, offset) + 1, len(before) + 1)


def _report_syntax(error: yaml.YAMLError, data: bytes, file: str, findings: Findings) -> None:
    if isinstance(error, yaml.reader.ReaderError):
        bom = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        place = _place_of_byte(data, min(error.position + bom, len(data)), file)
        code = error.character if isinstance(error.character, int) else ord(error.character)
        message = f"the control character U+{code:04X} may not stand in YAML"
        findings.error("yaml-syntax", message, place, "remove it, or write it as an escape in double quotes")
        return
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    problem = str(getattr(error, "problem", None) or "the text is not YAML")
    context = getattr(error, "context", None)
    findings.error(
        "yaml-syntax", f"{context}: {problem}" if context else problem, place, _syntax_hint(f"{context} {problem}")
    )


def _syntax_hint(problem: str) -> str:
    if "tab" in problem or "cannot start any token" in problem:
        return "indent with spaces, and put quotes around a text that starts with a tab, @, ` or %"
    if "mapping values are not allowed" in problem:
        return "put quotes around a text that holds `: `, and indent keys of one mapping alike"
    if "flow" in problem or "expected ','" in problem:
        return "check that every [ and { is closed, and quote texts that hold , [ ] { or }"
    if "end of stream" in problem or "unexpected end" in problem:
        return "a quote or bracket is not closed"
    return "check indentation and quotes"


class _Open:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "entries", "height", "is_mapping", "items", "key", "keys", "place", "weight_before")

    def __init__(self, place: Place, anchor: str | None, is_mapping: bool, weight_before: int) -> None:
        self.place = place
        self.anchor = anchor
        self.is_mapping = is_mapping
        self.weight_before = weight_before
        self.height = 1
        """Levels from here down, this one included."""
        self.items: list[Node] = []
        self.entries: list[Entry] = []
        self.key: Scalar | None = None
        self.keys: dict[str, Place] = {}


class _Builder:
    """Turns the events of one document into its tree."""

    def __init__(self, text: str, file: str, findings: Findings, limits: Limits) -> None:
        self.text = text
        self.file = file
        self.findings = findings
        self.limits = limits
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}
        """Node, weight and height; None while the node is still open."""
        self.root: Node | None = None
        self.documents = 0
        self.nodes = 0
        self.weight = 0
        self.alias_weight = 0

    def build(self) -> Node | None:
        events: Iterator[Any] = yaml.parse(self.text, Loader=_LOADER)
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event, kind is yaml.MappingStartEvent)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._close()
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                self._document(event)
        return self.root

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _fail(self, code: str, message: str, place: Place, hint: str) -> None:
        self.findings.error(code, message, place, hint)
        raise _AbortError

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            hint = "remove the `---`: one file holds one scenario"
            self._fail("yaml-documents", "a second YAML document starts here", self._place(event), hint)

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        text: str = event.value
        plain = event.implicit[0]
        if event.tag is not None and event.tag != "!":
            self._reject_tag(event.tag, place)
        self.nodes += 1
        before = self.weight
        self.weight += 1 + len(text) // 64
        start = event.start_mark.index
        if "\n" in text:
            inner = None
        elif self.text.startswith(text, start):
            inner = 0
        else:
            # After the quote, if there are no escapes in the text.
            inner = 1 if self.text.startswith(text, start + 1) else None
        node = Scalar(place, text, kind_of(text) if plain else "text", inner)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.weight - before, 0)
        self._add(node, 0)

    def _open(self, event: Any, is_mapping: bool) -> None:
        place = self._place(event)
        if event.tag is not None and event.tag != "!":
            self._reject_tag(event.tag, place)
        if len(self.stack) >= MAX_DEPTH:
            self._too_deep(place)
        self.nodes += 1
        self.stack.append(_Open(place, event.anchor, is_mapping, self.weight))
        self.weight += 1
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    def _close(self) -> None:
        done = self.stack.pop()
        place = done.place
        node: Node = Mapping(place, tuple(done.entries)) if done.is_mapping else Sequence(place, tuple(done.items))
        if done.anchor is not None:
            self.anchors[done.anchor] = (node, self.weight - done.weight_before, done.height)
        self._add(node, done.height)

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        name: str = event.anchor
        if name not in self.anchors:
            hint = f"put quotes around it if `*{name}` is meant as text"
            self._fail("yaml-alias", f"there is no anchor `&{name}` before this alias", place, hint)
        anchored = self.anchors[name]
        if anchored is None:
            self._fail("yaml-alias", f"`*{name}` stands inside its own anchor", place, "a value cannot hold itself")
            return
        node, weight, height = anchored
        self.weight += weight
        self.alias_weight += weight
        if self.alias_weight > self.limits.alias_weight:
            message = f"the aliases of this file expand to more than {self.limits.alias_weight:,} values"
            self._fail("too-large", message, place, "use fewer or smaller aliases")
        if len(self.stack) + height > MAX_DEPTH:
            self._too_deep(place)
        self._add(node, height)

    def _too_deep(self, place: Place) -> None:
        hint = "flatten it; a deep JSON body can be given as text with `body`"
        self._fail("too-deep", f"nested deeper than {MAX_DEPTH} levels", place, hint)

    def _reject_tag(self, tag: str, place: Place) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        hint = 'remove it; put quotes around a number that is meant as text: "5"'
        self.findings.error("yaml-tag", f"the YAML tag `{shown}` is not part of the language", place, hint)

    def _add(self, node: Node, height: int) -> None:
        if self.nodes > self.limits.nodes:
            message = f"the file has more than {self.limits.nodes:,} values"
            self._fail("too-large", message, node.place, "split the scenario")
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.height = max(top.height, height + 1)
        if not top.is_mapping:
            top.items.append(node)
        elif top.key is not None:
            self._add_entry(top, top.key, node)
            top.key = None
        elif isinstance(node, Scalar):
            top.key = node
        else:
            self.findings.error("yaml-key", "a list or mapping cannot be a key", node.place, "use a text as the key")
            top.key = Scalar(node.place, "", inner=_NO_KEY)

    def _add_entry(self, top: _Open, key: Scalar, value: Node) -> None:
        if key.inner == _NO_KEY:
            return
        if key.text == "<<" and key.kind == "text" and key.inner == 0:
            hint = "write the keys out; an alias may stand for a whole value"
            self.findings.error("yaml-key", "the merge key `<<` is not part of YAML 1.2", key.place, hint)
            return
        first = top.keys.get(key.text)
        if first is not None:
            hint = f"it was first given at line {first.line}; remove one of them"
            self.findings.error("duplicate-key", f"the key `{key.text[:60]}` occurs twice", key.place, hint)
            return
        top.keys[key.text] = key.place
        top.entries.append(Entry(key, value))


def kind_of(text: str) -> Kind:
    """What a plain scalar is by the core schema of YAML 1.2."""
    if text in _NULL:
        return "null"
    if text[0] in _NUMBER_START:
        if _INT.fullmatch(text):
            return "int"
        if _FLOAT.fullmatch(text):
            return "float"
    return "bool" if text in _BOOL else "text"
