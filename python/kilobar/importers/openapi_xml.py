"""An example value as XML, by the `xml` keywords of its schema."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from kilobar.importers.openapi_schema import Examples, as_text
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import JsonValue, Text

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_ALLOWED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class XmlWriter:
    """Writes values as elements."""

    def __init__(self, examples: Examples, notes: Notes) -> None:
        self._examples = examples
        self._notes = notes

    def document(self, value: JsonValue, schema: Any) -> Text:
        """A whole document; its root has the name of the schema."""
        shape = self._examples.shapes.of(schema)
        subject = (shape.subject or "").rpartition("/")[2]
        return '<?xml version="1.0" encoding="UTF-8"?>' + self._element(subject or "root", value, schema)

    def _element(self, name: str, value: JsonValue, schema: Any) -> Text:
        keys = self._examples.shapes.of(schema).keys
        xml = _mapping(keys.get("xml"))
        if xml.get("namespace") or xml.get("prefix"):
            self._notes.add("namespaces of XML are not written", "xml")
        tag = self._tag(xml.get("name") or name)
        match value:
            case list():
                inner = keys.get("items", {})
                wrapped = xml.get("wrapped") is True
                items = "".join(self._element(tag if not wrapped else name, each, inner) for each in value)
                return f"<{tag}>{items}</{tag}>" if wrapped else items
            case dict():
                return self._object(tag, value, keys)
        return f"<{tag}>{escape(_clean(as_text(value)))}</{tag}>"

    def _object(self, tag: str, value: dict[str, JsonValue], keys: dict[str, Any]) -> Text:
        properties = keys.get("properties")
        schemas = properties if isinstance(properties, dict) else {}
        attributes = children = ""
        for name, inner in value.items():
            schema = schemas.get(name, {})
            xml = self._examples.shapes.of(schema).keys.get("xml")
            if isinstance(xml, dict) and xml.get("attribute") is True:
                attributes += f" {self._tag(xml.get('name') or name)}={quoteattr(_clean(as_text(inner)))}"
            else:
                children += self._element(name, inner, schema)
        return f"<{tag}{attributes}>{children}</{tag}>"

    def _tag(self, name: Any) -> str:
        if isinstance(name, str) and _NAME.fullmatch(name):
            return name
        self._notes.add(f"`{str(name)[:60]}` is no name of an element", "xml")
        return re.sub(r"[^A-Za-z0-9_.-]", "_", f"_{name}")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _clean(text: Text) -> Text:
    return _NOT_ALLOWED.sub("", text)
