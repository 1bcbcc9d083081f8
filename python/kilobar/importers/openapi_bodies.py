"""Bodies of requests: which media type is sent, and what."""

from __future__ import annotations

import json
from typing import Any

from kilobar.importers.files import Files
from kilobar.importers.json_bodies import exact_json, fits
from kilobar.importers.names import variable_name
from kilobar.importers.openapi_parameters import QUERY_STYLES, percent_encoded, query_fields, style_of
from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_schema import Examples, Nothing, as_text
from kilobar.importers.openapi_xml import XmlWriter
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import literal, translate_json
from kilobar.importers.untyped import mapping_at
from kilobar.model.scenario import Fields, JsonValue, Part, Request, Text

_FORM = "application/x-www-form-urlencoded"
_ENDINGS = {"image/jpeg": "jpg", "image/svg+xml": "svg", "text/plain": "txt", "application/octet-stream": "bin"}


class Bodies:
    """Gives requests their bodies."""

    def __init__(self, references: References, examples: Examples, files: Files, notes: Notes) -> None:
        self._references = references
        self._examples = examples
        self._files = files
        self._notes = notes
        self._xml = XmlWriter(examples, notes)

    def add(self, request: Request, operation: dict[str, Any]) -> None:
        """Sets the body of an operation, if it has one."""
        content = self._references.follow(operation.get("requestBody")).content
        with self._notes.at("requestBody"):
            media_types = mapping_at(content, "content", self._notes)
            if not media_types:
                return
            chosen = min(media_types, key=_rank)
            for other in media_types:
                if other != chosen:
                    self._notes.add(f"the body is sent as {chosen}, it could be {other} as well")
            with self._notes.at(chosen):
                media = media_types[chosen] if isinstance(media_types[chosen], dict) else {}
                self._set(request, chosen, media)

    def _set(self, request: Request, media_type: str, media: dict[str, Any]) -> None:
        plain = _plain(media_type)
        if plain == "multipart/form-data":
            self._multipart(request, media)
        elif plain == _FORM:
            self._form(request, media)
        elif is_json(plain):
            self._json(request, media_type, media)
        elif self._is_binary(plain, media):
            request.headers["content-type"] = literal(media_type)
            request.body, request.body_file = self._files.body(f"{_file_name(request.name or 'body')}.{_ending(plain)}")
        else:
            self._text(request, media_type, media)

    # JSON and texts

    def _json(self, request: Request, media_type: str, media: dict[str, Any]) -> None:
        value = self._examples.of(media, "value")
        if isinstance(value, Nothing):
            self._notes.add("there is no example of this body and its schema has no end; left out")
            return
        if isinstance(value, str) and media.get("schema", {}) != {"type": "string"}:
            # Descriptions often give JSON as text.
            parsed = exact_json(value.replace("$${", "${"))
            if isinstance(parsed, dict | list):
                value = translate_json(parsed, literal)
        if value is None or not fits(value):
            request.body = as_text(value) or "null"
        else:
            request.json = value
        if request.body is not None or _plain(media_type) != "application/json":
            request.headers["content-type"] = literal(media_type)

    def _text(self, request: Request, media_type: str, media: dict[str, Any]) -> None:
        value = self._examples.of(media, "value")
        if isinstance(value, Nothing):
            self._notes.add("there is no example of this body; left out")
            return
        request.headers["content-type"] = literal("text/plain" if media_type == "*/*" else media_type)
        if "xml" in media_type and not isinstance(value, str):
            self._notes.add("the XML is made from the schema")
            request.body = self._xml.document(value, media.get("schema", {}))
        else:
            request.body = as_text(value)

    # Forms

    def _form(self, request: Request, media: dict[str, Any]) -> None:
        fields, written = self._fields(media)
        if written:
            # Delimiters would be encoded in `form`.
            texts = [f"{percent_encoded(name)}={percent_encoded(as_text(each))}" for name, each in _flat(fields)]
            request.body = "&".join([*texts, *written])
            request.headers["content-type"] = _FORM
        else:
            request.form = fields

    def _fields(self, media: dict[str, Any]) -> tuple[Fields, list[Text]]:
        value = self._examples.of(media, "value")
        if not isinstance(value, dict):
            if not isinstance(value, Nothing):
                self._notes.add("the example of a form is no mapping; left out")
            return {}, []
        encodings = mapping_at(media, "encoding", self._notes)
        fields: Fields = {}
        written: list[Text] = []
        for name, inner in value.items():
            more, text = self._field(name, inner, encodings.get(name))
            fields.update(more)
            if text:
                written.append(text)
        return fields, written

    def _field(self, name: Text, value: JsonValue, encoding: Any) -> tuple[Fields, Text]:
        encoding = encoding if isinstance(encoding, dict) else {}
        if isinstance(encoding.get("contentType"), str) and is_json(_plain(encoding["contentType"])):
            return {name: json.dumps(value, ensure_ascii=False)}, ""
        style = style_of(encoding, "form", QUERY_STYLES)
        if style is None:
            self._notes.add(f"there is no style `{as_text(encoding.get('style'))}` in a form; form is taken", name)
            style = style_of({}, "form", QUERY_STYLES)
            assert style is not None
        return query_fields(name, value, style)

    def _multipart(self, request: Request, media: dict[str, Any]) -> None:
        shape = self._examples.shapes.of(media.get("schema", {}))
        properties = mapping_at(shape.keys, "properties", self._notes)
        encodings = mapping_at(media, "encoding", self._notes)
        value = self._examples.of(media, "value")
        values = value if isinstance(value, dict) else {}
        for name, schema in properties.items():
            encoding = mapping_at(encodings, name, self._notes)
            if encoding.get("headers"):
                self._notes.add("headers of parts are left out", "encoding", name)
            key = literal(name)
            content_type = encoding.get("contentType")
            content_type = content_type if isinstance(content_type, str) and "*" not in content_type else None
            if self._is_for_files(schema, encoding):
                # Files are what such a request is for: optional ones are sent too.
                ending = _ending(_plain(content_type or ""))
                path = f"{_file_name(name)}.{ending}"
                request.multipart[key] = self._files.part(path, None, content_type and _first(content_type), name)
            elif key in values:
                self._parts(request, key, values[key], encoding, content_type)
        described = {literal(name) for name in properties}
        for key, inner in values.items():
            if key not in described:
                self._parts(request, key, inner, {}, None)

    def _parts(
        self, request: Request, key: Text, value: JsonValue, encoding: dict[str, Any], content_type: str | None
    ) -> None:
        """A part for each item of a list; objects are JSON unless a style says how their fields are written."""
        if content_type is not None:
            request.multipart[key] = Part(text=as_text(value), content_type=_first(content_type))
        elif "style" in encoding:
            fields, written = self._field(key, value, encoding)
            if written:
                delimiter = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(str(encoding["style"]), ",")
                items = value if isinstance(value, list) else _alternating(value)
                request.multipart[key] = delimiter.join(as_text(each) for each in items)
            for name, field in fields.items():
                texts: list[Text | Part] = [as_text(each) for each in (field if isinstance(field, list) else [field])]
                request.multipart[name] = texts[0] if len(texts) == 1 else texts
        elif isinstance(value, list):
            parts = [_part(each) for each in value]
            if parts:
                request.multipart[key] = parts[0] if len(parts) == 1 else parts
        else:
            request.multipart[key] = _part(value)

    def _is_for_files(self, schema: Any, encoding: dict[str, Any]) -> bool:
        """Whether a property is a file, or a list of files."""
        shape = self._examples.shapes.of(schema)
        if shape.type == "array":
            shape = self._examples.shapes.of(shape.keys.get("items", {}))
        return _is_file(shape.keys) or str(encoding.get("contentType")).startswith(("image/", "video/", "audio/"))

    def _is_binary(self, media_type: str, media: dict[str, Any]) -> bool:
        if media_type.startswith(("image/", "audio/", "video/", "font/")) and "xml" not in media_type:
            return True
        if media_type in ("application/octet-stream", "application/pdf", "application/zip", "application/gzip"):
            return True
        return not self._examples.is_exemplified(media) and _is_file(
            self._examples.shapes.of(media.get("schema", {})).keys
        )


def is_json(media_type: str) -> bool:
    """Whether a media type (lower case, without parameters) is JSON."""
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _rank(media_type: str) -> int:
    plain = _plain(media_type)
    if plain == "application/json":
        return 0
    known = (is_json(plain), plain == "multipart/form-data", plain == _FORM, plain == "*/*", plain == "text/plain")
    return known.index(True) + 1 if True in known else 9


def _is_file(keys: dict[str, Any]) -> bool:
    if keys.get("format") in ("binary", "file") or keys.get("type") == "file":
        return True
    content_type = keys.get("contentMediaType")
    return isinstance(content_type, str) and not content_type.startswith("text/") and not is_json(_plain(content_type))


def _flat(fields: Fields) -> list[tuple[Text, JsonValue]]:
    return [(name, each) for name, value in fields.items() for each in (value if isinstance(value, list) else [value])]


def _alternating(value: JsonValue) -> list[JsonValue]:
    return [each for pair in value.items() for each in pair] if isinstance(value, dict) else [value]


def _part(value: JsonValue) -> Text | Part:
    if isinstance(value, dict | list):
        return Part(text=as_text(value), content_type="application/json")
    return as_text(value)


def _first(content_types: str) -> str:
    """`image/png, image/jpeg` -> `image/png`."""
    return content_types.partition(",")[0].strip()


def _file_name(name: str) -> str:
    return variable_name(name).lower()


def _ending(media_type: str) -> str:
    media_type = _first(media_type)
    kind = media_type.rpartition("/")[2]
    return _ENDINGS.get(media_type, kind if kind.isalnum() and len(kind) < 6 else "bin")
