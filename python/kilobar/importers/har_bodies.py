"""Bodies of recorded requests: JSON, forms, multipart forms, or the text as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import Message
from typing import Any
from urllib.parse import unquote_plus

from kilobar.importers.files import Files
from kilobar.importers.har_correlation import Correlation
from kilobar.importers.har_entries import Entry, decoded, pairs_of
from kilobar.importers.headers import has_header
from kilobar.importers.json_bodies import exact_json
from kilobar.importers.names import step_name
from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets
from kilobar.importers.templates import literal
from kilobar.importers.untyped import mapping_at, text_of
from kilobar.model.scenario import Fields, JsonValue, Part, Request, Scalar, Text

_FORM_TYPE = "application/x-www-form-urlencoded"
_HEAD = re.compile(r"(?:[A-Za-z-]{1,60}:[^\r\n]*\r?\n)+\r?\n")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffd]")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})|[\s{}\"<>]")
_OPERATION = re.compile(r"[A-Za-z_]\w{0,100}")


class HarBodies:
    """Gives requests their bodies."""

    def __init__(self, notes: Notes, files: Files, secrets: Secrets, correlation: Correlation) -> None:
        self._notes = notes
        self._files = files
        self._secrets = secrets
        self._correlation = correlation

    def add(self, request: Request, entry: Entry) -> None:
        """Sets the body; a `content-type` that follows from it is taken out of the headers."""
        with self._notes.at("request"):
            data = mapping_at(entry.request, "postData", self._notes)
        with self._notes.at("request", "postData"):
            mime = text_of(data.get("mimeType")) or entry.header("content-type")
            kind = mime.partition(";")[0].strip().lower()
            text = self._text(data, kind)
            params = data.get("params")
            fields = [item for item in params if isinstance(item, dict)] if isinstance(params, list) else []
            if text is None or not (text or fields):
                self._require_body(entry)
            elif kind == "multipart/form-data":
                self._multipart(request, text, mime, fields)
            elif "json" in kind and self._json(request, text, kind):
                pass
            elif (kind == _FORM_TYPE or (not kind and fields)) and self._form(request, text, fields):
                _drop_type(request, _FORM_TYPE)
            else:
                self._raw(request, text, mime)

    def _text(self, data: dict[str, Any], kind: str) -> str | None:
        """The body as text; None when it is none, which is noted."""
        text = text_of(data.get("text"))
        if not text:
            return ""
        encoding = text_of(data.get("encoding") or data.get("_encoding")).lower()
        plain = decoded(text) if encoding == "base64" else text
        if plain is None or (_NOT_TEXT.search(plain) and kind != "multipart/form-data"):
            self._notes.add("the body is binary, which a scenario takes from a file: add `body_file`; left out")
            return None
        # Old versions of Firefox put headers before the body.
        head = _HEAD.match(plain) if plain[:8].lower().startswith("content-") else None
        return plain[head.end() :] if head and kind in ("", _FORM_TYPE, "multipart/form-data") else plain

    def _require_body(self, entry: Entry) -> None:
        size = entry.request.get("bodySize")
        if isinstance(size, int | float) and size > 0 and not entry.request.get("postData"):
            self._notes.add("the body was not recorded; the request is sent without it")

    # JSON

    def _json(self, request: Request, text: str, kind: str) -> bool:
        value = exact_json(text)
        if value is None:
            return False
        request.json = self._value(value, "")
        if kind == "application/json":
            _drop_type(request, kind)
        operation = value.get("operationName") if isinstance(value, dict) and "query" in value else None
        if isinstance(operation, str) and _OPERATION.fullmatch(operation):
            # All requests of GraphQL have the same path.
            path = request.url.partition("?")[0]
            request.name = step_name(f"{operation}") if "${" in path else step_name(f"{request.method} {operation}")
        return True

    def _value(self, value: JsonValue, name: str) -> JsonValue:
        if isinstance(value, dict):
            return {literal(key): self._value(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, name) for inner in value]
        if isinstance(value, str):
            return self._json_text(value, name)
        if isinstance(value, int) and not isinstance(value, bool):
            variable = self._correlation.variable(str(value), is_number=True)
            return f"${{{variable}}}" if variable is not None else value
        return value

    def _json_text(self, value: str, name: str) -> Text:
        """A text; one that is a single hole would be a number if the response had one there."""
        variable = self._correlation.variable(value)
        if variable is not None:
            return f"${{{variable}}}"
        if value.lstrip("-").isdecimal():
            return self._secrets.field(name, value)
        return self._correlation.text(value) or self._secrets.field(name, value)

    # Forms

    def _form(self, request: Request, text: str, params: list[dict[str, Any]]) -> bool:
        pairs = [_pair(item) for item in params]
        if text:
            split = [pair.partition("=") for pair in text.strip("\r\n").split("&")]
            if any(not name or not equals or _BROKEN_ESCAPE.search(name + value) for name, equals, value in split):
                return False
            try:
                pairs = [(_decoded(name), _decoded(value)) for name, _, value in split]
            except UnicodeDecodeError:
                return False
        fields = grouped(pairs, self._field)
        if fields is None:
            return False
        request.form = fields
        return True

    def _field(self, name: str, value: str) -> Text:
        return self._correlation.text(value) or self._secrets.field(name, value)

    # Multipart

    def _multipart(self, request: Request, text: str, mime: str, params: list[dict[str, Any]]) -> None:
        parts = self._parts_of_text(text, mime) if text else [self._part_of_param(item) for item in params]
        if not parts:
            self._notes.add("the parts of the body cannot be told apart; left out")
            return
        if has_header(request.headers, "content-type"):
            # It names a boundary that the engine makes anew.
            _drop_type(request, "multipart/form-data", whatever_follows=True)
        for name, part in parts:
            key = literal(name)
            earlier = request.multipart.get(key)
            if earlier is None:
                request.multipart[key] = part
            else:
                request.multipart[key] = [*earlier, part] if isinstance(earlier, list) else [earlier, part]

    def _parts_of_text(self, text: str, mime: str) -> list[tuple[str, Text | Part]]:
        boundary = _parameter(mime, "content-type", "boundary") or _first_boundary(text)
        if not boundary:
            return []
        parts = []
        for piece in text.split(f"--{boundary}")[1:]:
            if piece.startswith("--"):
                break
            head, _, content = piece.lstrip("\r\n").replace("\r\n", "\n").partition("\n\n")
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head.split("\n"))
            }
            disposition = headers.get("content-disposition", "")
            name = _parameter(disposition, "content-disposition", "name")
            if name:
                filename = _parameter(disposition, "content-disposition", "filename")
                kind = headers.get("content-type")
                part = self._part(name, content.removesuffix("\n"), filename, kind, filename is not None)
                parts.append((name, part))
        return parts

    def _part_of_param(self, param: dict[str, Any]) -> tuple[str, Text | Part]:
        name, value = _pair(param)
        filename = param.get("fileName")
        content_type = text_of(param.get("contentType")) or None
        return name, self._part(name, value, text_of(filename) or None, content_type, filename is not None)

    def _part(self, name: str, content: str, filename: str | None, kind: str | None, is_file: bool) -> Text | Part:
        kind = kind if kind and kind.isprintable() else None
        if is_file and (not content or _NOT_TEXT.search(content)):
            # Browsers record the name of a file and not what is in it.
            return self._files.part(filename or "", literal(filename or "file"), kind, name)
        text = self._field(name, content)
        if kind is None and not filename:
            return text
        return Part(text=text, filename=literal(filename) if filename else None, content_type=kind)

    # Anything else

    def _raw(self, request: Request, text: str, mime: str) -> None:
        request.body = self._correlation.text(text) or literal(text)
        if mime and not has_header(request.headers, "content-type") and mime.isprintable():
            request.headers["content-type"] = literal(mime)
        if re.search(r"(?i)(password|secret|token)[\"']?\s*[=:>]", text):
            self._notes.add("the body may hold a secret: look at it before you share the scenario")


def grouped(pairs: list[tuple[str, str]], value: Callable[[str, str], Text]) -> Fields | None:
    """Names with their values; None when a mapping would change the order."""
    fields: dict[str, Scalar | list[Scalar]] = {}
    last = ""
    for name, text in pairs:
        key = literal(name)
        earlier = fields.get(key)
        if not name or (earlier is not None and key != last):
            return None
        made = value(name, text)
        if earlier is None:
            fields[key] = made
        else:
            fields[key] = [*earlier, made] if isinstance(earlier, list) else [earlier, made]
        last = key
    return fields


def _pair(param: dict[str, Any]) -> tuple[str, str]:
    return (pairs_of([param]) or [("", "")])[0]


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="strict")


def _parameter(value: str, header: str, name: str) -> str | None:
    """A parameter of a header such as `form-data; name="a"`."""
    message = Message()
    try:
        message[header] = re.sub(r"[\r\n]+", " ", value)
        found = message.get_param(name, None, header)
    except (ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, str) else found[2] if isinstance(found, tuple) else None


def _first_boundary(text: str) -> str:
    first = text.lstrip().partition("\n")[0].strip()
    return first[2:] if first.startswith("--") else ""


def _drop_type(request: Request, kind: str, *, whatever_follows: bool = False) -> None:
    for name, value in list(request.headers.items()):
        same = value.lower().startswith(kind) if whatever_follows else value.lower() == kind
        if name.lower() == "content-type" and same:
            del request.headers[name]
