"""One operation of an API description -> one step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from kilobar.importers.addresses import clean_address
from kilobar.importers.files import Files
from kilobar.importers.headers import has_header, step_headers
from kilobar.importers.openapi_bodies import Bodies, is_json
from kilobar.importers.openapi_chains import Chain
from kilobar.importers.openapi_order import Endpoint
from kilobar.importers.openapi_parameters import (
    PATH_STYLES,
    QUERY_STYLES,
    Style,
    cookie_texts,
    header_text,
    path_text,
    percent_encoded,
    query_fields,
    style_of,
)
from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.openapi_responses import Responses
from kilobar.importers.openapi_schema import Examples, Nothing, as_text
from kilobar.importers.openapi_security import Security
from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets, is_secret_field, is_secret_header
from kilobar.importers.templates import joined, literal
from kilobar.importers.untyped import mappings_at, text_of
from kilobar.model.scenario import JsonValue, Request, Text

_PARAMETER = re.compile(r"\{([^{}]*)\}")
_SET_ELSEWHERE = frozenset(("accept", "content-type"))


class Operation(NamedTuple):
    """An operation where it stands in the description."""

    endpoint: Endpoint
    name: str
    content: dict[str, Any]
    path_item: dict[str, Any]
    prefix: Text
    """Of its address, when it has a server of its own."""


class Operations:
    """Makes steps of operations."""

    def __init__(
        self, root: dict[str, Any], references: References, files: Files, remarks: Remarks, notes: Notes
    ) -> None:
        self._references = references
        self._remarks = remarks
        self._notes = notes
        self._secrets = Secrets(notes)
        self.examples = Examples(references, remarks, notes)
        self._bodies = Bodies(references, self.examples, files, notes)
        self._responses = Responses(references, remarks, notes)
        self.security = Security(root, references, files, remarks, notes)

    def step(self, operation: Operation, chain: Chain) -> Request:
        """The request of an operation; `chain` knows what the flow made before."""
        endpoint, content = operation.endpoint, operation.content
        request = Request(method=endpoint.method, url="", name=operation.name)
        self._responses.add(request, content)
        parameters = self._parameters(operation)
        written = self._add_parameters(request, parameters)
        path = self._path(endpoint.path, parameters, chain)
        query = "&".join(written)
        request.url = clean_address(joined([operation.prefix, path]))
        if query:
            request.url += f"{'&' if '?' in request.url else '?'}{query}"
        self._bodies.add(request, content)
        chain.use_in_body(request, endpoint)
        self.security.add(request, content)
        request.headers = step_headers(request.headers.items(), self._notes, "parameters")
        chain.remember(endpoint, request, self._responses.schema(content))
        self._count(content)
        return request

    def _count(self, content: dict[str, Any]) -> None:
        if content.get("deprecated") is True:
            self._remarks.count("operations are deprecated; they are kept")
        callbacks = content.get("callbacks")
        if isinstance(callbacks, dict):
            self._remarks.count("callbacks are left out: the scenario receives no requests", len(callbacks))

    # Parameters

    def _parameters(self, operation: Operation) -> dict[tuple[str, str], dict[str, Any]]:
        """By place and name; those of the operation replace those of its path."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for owner in (operation.path_item, operation.content):
            for index, entry in mappings_at(owner, "parameters", self._notes):
                content = self._references.follow(entry).content
                key = text_of(content.get("in")), text_of(content.get("name"))
                if key[0] not in ("path", "query", "header", "cookie") or not key[1]:
                    if content:
                        self._notes.add("a parameter needs a name and a place; left out", "parameters", index)
                    continue
                found[key] = content
        return found

    def _add_parameters(self, request: Request, parameters: dict[tuple[str, str], dict[str, Any]]) -> list[Text]:
        """Sets query, headers and cookies; gives the parts of the query that are written already."""
        written: list[Text] = []
        for (place, name), parameter in parameters.items():
            if parameter.get("deprecated") is True:
                self._notes.add(f"the parameter `{name}` is deprecated", "parameters")
            if place == "path" or not self._is_sent(place, name, parameter):
                continue
            value = self._value(parameter, name)
            if isinstance(value, Nothing):
                self._notes.add(f"there is no value for `{name}`; left out", "parameters")
            elif place == "query":
                written += self._query(request, name, value, parameter)
            elif place == "header":
                style = self._style(parameter, name, "simple", ("simple",))
                self._header(request, name, header_text(value, style.explode))
            else:
                style = self._style(parameter, name, "form", ("form",))
                for key, text in cookie_texts(literal(name), value, style.explode).items():
                    request.cookies[key] = self._hidden(name, text, is_secret_field(name))
        return written

    def _is_sent(self, place: str, name: str, parameter: dict[str, Any]) -> bool:
        if place == "header" and name.lower() in _SET_ELSEWHERE:
            self._notes.add(f"the media types decide about the header `{name}`, not this parameter", "parameters")
            return False
        if parameter.get("required") is True or self.examples.is_exemplified(_media(parameter)):
            return True
        self._remarks.count("optional parameters without an example are left out")
        return False

    def _value(self, parameter: dict[str, Any], name: str) -> JsonValue | Nothing:
        """The value of a parameter; one with a media type is written in that type first."""
        media = _media(parameter)
        value = self.examples.of(media, name)
        if media is parameter or isinstance(value, str | Nothing):
            return value
        media_type = next(iter(parameter["content"]))
        if not is_json(media_type.partition(";")[0].strip().lower()):
            self._notes.add(f"`{name}` is written as JSON, not as {media_type}", "parameters")
        return as_text(value)

    def _query(self, request: Request, name: str, value: JsonValue, parameter: dict[str, Any]) -> list[Text]:
        style = self._style(parameter, name, "form", QUERY_STYLES)
        if is_secret_field(name) and isinstance(value, str):
            request.params[literal(name)] = self._hidden(name, value, True)
            return []
        fields, written = query_fields(literal(name), value, style)
        request.params.update(fields)
        if not fields and not written and parameter.get("allowEmptyValue") is True:
            request.params[literal(name)] = ""
        return [written] if written else []

    def _header(self, request: Request, name: str, text: Text) -> None:
        if not has_header(request.headers, name):
            request.headers[name] = self._hidden(name, text, is_secret_header(name))

    def _hidden(self, name: str, text: Text, is_secret: bool) -> Text:
        return self._secrets.hide(text or "secret", name) if is_secret else text

    def _style(self, parameter: dict[str, Any], name: str, default: str, known: tuple[str, ...]) -> Style:
        style = style_of(parameter, default, known)
        if style is None:
            message = f"there is no style `{text_of(parameter.get('style'))}` for `{name}`; {default} is taken"
            self._notes.add(message, "parameters")
            style = style_of({**parameter, "style": default}, default, known)
            assert style is not None
        return style

    # Path

    def _path(self, path: str, parameters: dict[tuple[str, str], dict[str, Any]], chain: Chain) -> Text:
        path, mark, fragment = path.partition("#")
        if mark:
            self._notes.add(f"`#{fragment}` of the path is not sent")
        parts: list[Text] = []
        for position, text, is_parameter in _pieces(path):
            if not is_parameter:
                parts.append(percent_encoded(literal(text), "/?&=:@!'()*+,;~%$"))
                continue
            made = chain.value_for(path, position, text)
            parts.append(made if made is not None else self._path_value(text, parameters.get(("path", text))))
        joined_path = joined(parts)
        return joined_path if joined_path.startswith("/") else f"/{joined_path}"

    def _path_value(self, name: str, parameter: dict[str, Any] | None) -> Text:
        if parameter is None:
            self._notes.add(f"`{name}` of the path is not described; a text stands for it")
            return percent_encoded(literal(name))
        if not self.examples.is_exemplified(_media(parameter)):
            self._remarks.count("values in paths are made up: put in what is there on your server")
        value = self._value(parameter, name)
        if isinstance(value, Nothing) or value in (None, "", [], {}):
            return percent_encoded(literal(name))
        return path_text(literal(name), value, self._style(parameter, name, "simple", PATH_STYLES))


def _media(parameter: dict[str, Any]) -> dict[str, Any]:
    """Where the example and the schema of a parameter stand: in its media type or in itself."""
    content = parameter.get("content")
    if isinstance(content, dict) and content:
        media = next(iter(content.values()))
        return media if isinstance(media, dict) else {}
    if "schema" not in parameter and "type" in parameter:
        # Swagger 2 style in a newer description.
        return {**parameter, "schema": {key: value for key, value in parameter.items() if key != "required"}}
    return parameter


def _pieces(path: str) -> Iterator[tuple[int, str, bool]]:
    """(position, text, whether it is the name of a parameter) of a path."""
    position = 0
    for found in _PARAMETER.finditer(path):
        if found.start() > position:
            yield position, path[position : found.start()], False
        yield found.start(), found[1], True
        position = found.end()
    if position < len(path):
        yield position, path[position:], False
