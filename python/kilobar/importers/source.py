"""The file that is imported: its text, and its content as JSON, YAML or XML; each with its position when malformed."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

from kilobar.errors import Place
from kilobar.importers.outcome import ImportFailed
from kilobar.importers.yaml_values import read_values

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 200
"""Levels of nested lists, mappings and elements."""

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_YAML_MARK = re.compile(r"^[\"']?(openapi|swagger)[\"']?\s*:", re.MULTILINE)


@dataclass
class Source:
    """A file to import."""

    file: str
    """Names it in messages."""
    directory: Path
    """Files that it names are relative to this."""
    data: bytes = field(repr=False)
    remarks: list[tuple[int, str]] = field(default_factory=list)
    """Line and words about each oddity of the file that did not stop it from being read."""

    def place(self, line: int = 1, column: int = 1) -> Place:
        """A position in this file."""
        return Place(self.file, line, column)

    def place_of(self, offset: int) -> Place:
        """The position of a character of `text`."""
        line = bisect_right(self._line_starts, offset)
        return self.place(line, offset - self._line_starts[line - 1] + 1)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def fail(self, message: str, place: Place | None = None, hint: str | None = None) -> NoReturn:
        """Raises ImportFailed for malformed input."""
        raise ImportFailed(message, place or self.place(), code="import-syntax", hint=hint)

    @cached_property
    def text(self) -> str:
        """The file as text with `\\n` after each line; a byte order mark is dropped. Raises ImportFailed."""
        encoding = "utf-16" if self.data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
        try:
            return self.data.decode(encoding).replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            before = self.data[: error.start]
            place = self.place(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
            self.fail(f"this is not {encoding.removesuffix('-sig').upper()} text", place, "save the file as UTF-8")

    @cached_property
    def json(self) -> Any:
        """The content of a JSON file. Raises ImportFailed with the position of what is wrong."""
        try:
            value = json.loads(self.text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            self.fail(f"this is not JSON: {error.msg}", self.place(error.lineno, error.colno))
        except (ValueError, RecursionError) as error:
            self.fail(f"this JSON cannot be read: {_reason(error)}")
        self._require_shallow([value], _inner_values)
        if _SURROGATE_ESCAPE.search(self.text):
            value = self._without_lone_surrogates(value)
        return value

    @cached_property
    def yaml(self) -> Any:
        """The content of a YAML (or JSON) file by the rules of YAML 1.2, as dict, list, str, int, float, bool, None.

        Keys are texts. Raises ImportFailed with the position of what is wrong.
        """
        if self.text.lstrip().startswith(("{", "[")):
            try:
                return self.json
            except ImportFailed:
                # YAML in flow style looks alike, but JSON says best what is wrong with JSON.
                if not _YAML_MARK.search(self.text):
                    raise
        value, remarks = read_values(self.text, self.file)
        self.remarks.extend(remarks)
        return value

    @cached_property
    def xml(self) -> ElementTree.Element:
        """The root of an XML file; document types are refused. Raises ImportFailed with the position."""
        parser = ElementTree.XMLParser(target=_Tree(self))
        try:
            parser.feed(self.data)
            root: ElementTree.Element = parser.close()
        except ElementTree.ParseError as error:
            line, column = error.position
            self.fail(f"this is not XML: {error.msg.partition(': line')[0]}", self.place(line, column + 1))
        except (ValueError, LookupError) as error:
            self.fail(f"this XML cannot be read: {_reason(error)}")
        self._require_shallow([root], _children)
        return root

    @cached_property
    def mapping(self) -> dict[str, Any] | None:
        """The content when the file is a JSON or YAML mapping, else None: for `recognises`. Raises nothing.

        YAML is tried only when it seems to be an API description: other formats are never written in it.
        """
        try:
            if self.text.lstrip().startswith("{"):
                value = self.json
            else:
                value = self.yaml if _YAML_MARK.search(self.text) else None
        except ImportFailed:
            return None
        return value if isinstance(value, dict) else None

    def explain(self) -> None:
        """Raises ImportFailed when the file is malformed JSON, YAML or XML, which is why no format recognised it."""
        start = self.text.lstrip()[:1]
        if start in ("{", "["):
            _ = self.json
        elif start == "<":
            _ = self.xml
        elif _YAML_MARK.search(self.text):
            _ = self.yaml

    def _require_shallow(self, level: list[Any], inner: Any) -> None:
        for _ in range(MAX_DEPTH):
            level = inner(level)
            if not level:
                return
        self.fail(f"nested deeper than {MAX_DEPTH} levels")

    def _without_lone_surrogates(self, value: Any) -> Any:
        """JSON can escape half a character; no text file can hold it."""
        if isinstance(value, str):
            if not any("\ud800" <= character <= "\udfff" for character in value):
                return value
            self.remarks.append((1, "half of a surrogate pair (`\\ud800` to `\\udfff`) became U+FFFD"))
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(value, list):
            return [self._without_lone_surrogates(item) for item in value]
        if isinstance(value, dict):
            fixed = self._without_lone_surrogates
            return {fixed(key): fixed(item) for key, item in value.items()}
        return value


class _Tree(ElementTree.TreeBuilder):
    """Builds elements, and refuses what could make a small file large."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        offset = self._source.data.find(b"<!DOCTYPE")
        before = self._source.data[: max(offset, 0)]
        place = self._source.place(before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        self._source.fail("a document type is not allowed", place, "remove the `<!DOCTYPE ...>`")


def _inner_values(level: list[Any]) -> list[Any]:
    containers = (value.values() if type(value) is dict else value for value in level if type(value) in (dict, list))
    return [inner for values in containers for inner in values if type(inner) in (dict, list)]


def _children(level: list[Iterable[Any]]) -> list[Any]:
    return [child for element in level for child in element]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
