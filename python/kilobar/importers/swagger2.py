"""Swagger 2 descriptions in the shape of OpenAPI 3.

The keys of the original stay where they are, so that references such as `#/definitions/Pet` lead where they did.
"""

from __future__ import annotations

from typing import Any

from kilobar.importers.openapi_references import References
from kilobar.importers.outcome import Notes
from kilobar.importers.untyped import list_at, mapping_at, mappings_at, text_of

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_STYLES = {"ssv": "spaceDelimited", "pipes": "pipeDelimited"}
_NOT_OF_SCHEMA = frozenset(("name", "in", "description", "required", "schema", "collectionFormat", "allowEmptyValue"))
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}


def as_openapi(root: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """The description in the shape of OpenAPI 3."""
    return _Translation(root, notes).document()


class _Translation:
    def __init__(self, root: dict[str, Any], notes: Notes) -> None:
        self._root = root
        self._notes = notes
        self._references = References(root, notes)
        self._consumes = _texts(list_at(root, "consumes", notes))
        self._produces = _texts(list_at(root, "produces", notes))

    def document(self) -> dict[str, Any]:
        schemes = mapping_at(self._root, "securityDefinitions", self._notes)
        paths: dict[str, Any] = {}
        with self._notes.at("paths"):
            for path, entry in mapping_at(self._root, "paths", self._notes).items():
                with self._notes.at(path):
                    paths[path] = self._path_item(entry)
        return {
            **self._root,
            "openapi": "3.0.3",
            "servers": [{"url": url} for url in self._servers(_texts(list_at(self._root, "schemes", self._notes)))],
            "components": {"securitySchemes": {name: self._scheme(entry) for name, entry in schemes.items()}},
            "paths": paths,
        }

    def _servers(self, schemes: list[str]) -> list[str]:
        base = text_of(self._root.get("basePath")).strip("/")
        host = text_of(self._root.get("host")).strip("/")
        path = f"/{base}" if base else ""
        if not host:
            return [path or "/"]
        usable = [scheme for scheme in schemes if scheme in ("http", "https")]
        return [f"{scheme}://{host}{path}" for scheme in usable or ["http"]]

    def _path_item(self, entry: Any) -> Any:
        content = self._references.follow(entry).content
        shared = self._parameters(content)
        item: dict[str, Any] = {}
        for method in content:
            operation = content[method]
            if method not in _METHODS:
                continue
            with self._notes.at(method):
                item[method] = self._operation(operation, shared) if isinstance(operation, dict) else operation
        return item if isinstance(entry, dict) else entry

    def _parameters(self, owner: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for _, entry in mappings_at(owner, "parameters", self._notes):
            content = self._references.follow(entry).content
            if content:
                found[text_of(content.get("in")), text_of(content.get("name"))] = content
        return found

    def _operation(self, operation: dict[str, Any], shared: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
        parameters = {**shared, **self._parameters(operation)}
        translated = {**operation, "parameters": [self._parameter(each) for each in parameters.values()
                                                  if each.get("in") not in ("body", "formData")]}  # fmt: skip
        consumes = _texts(list_at(operation, "consumes", self._notes)) or self._consumes
        body = next((each for each in parameters.values() if each.get("in") == "body"), None)
        fields = [each for each in parameters.values() if each.get("in") == "formData"]
        if body is not None:
            media = {"schema": body.get("schema", {}), **_examples(body)}
            types = [each for each in consumes if each not in (_FORM, _MULTIPART)] or ["application/json"]
            translated["requestBody"] = {"content": {media_type: media for media_type in types}}
        elif fields:
            translated["requestBody"] = {"content": self._form(fields, consumes)}
        produces = _texts(list_at(operation, "produces", self._notes)) or self._produces
        responses = mapping_at(operation, "responses", self._notes)
        translated["responses"] = {status: self._response(entry, produces) for status, entry in responses.items()}
        schemes = _texts(list_at(operation, "schemes", self._notes))
        if schemes and text_of(self._root.get("host")):
            translated["servers"] = [{"url": url} for url in self._servers(schemes)]
        return translated

    def _parameter(self, parameter: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in parameter.items() if key in ("name", "in", "required", "allowEmptyValue")}
        return {**kept, **_examples(parameter), "schema": _schema(parameter), **self._style(parameter)}

    def _style(self, parameter: dict[str, Any]) -> dict[str, Any]:
        """`collectionFormat` as `style` and `explode`."""
        if parameter.get("type") != "array":
            return {}
        given = text_of(parameter.get("collectionFormat")) or "csv"
        if given == "tsv":
            self._notes.add("items are separated by commas, not by tabs", "parameters", text_of(parameter.get("name")))
        if parameter.get("in") not in ("query", "formData"):
            return {"explode": False}
        return {"style": _STYLES.get(given, "form"), "explode": given == "multi"}

    def _form(self, fields: list[dict[str, Any]], consumes: list[str]) -> dict[str, Any]:
        has_file = any(each.get("type") == "file" for each in fields)
        media_type = _MULTIPART if has_file or (_MULTIPART in consumes and _FORM not in consumes) else _FORM
        properties: dict[str, Any] = {}
        encoding: dict[str, Any] = {}
        for each in fields:
            name = text_of(each.get("name"))
            properties[name] = {**_schema(each), **_examples(each)}
            style = self._style(each)
            if style:
                encoding[name] = style
        required = [text_of(each.get("name")) for each in fields if each.get("required") is True]
        schema = {"type": "object", "properties": properties, **({"required": required} if required else {})}
        return {media_type: {"schema": schema, "encoding": encoding}}

    def _response(self, entry: Any, produces: list[str]) -> Any:
        content = self._references.follow(entry).content
        if "schema" not in content and "examples" not in content:
            return {"description": ""}
        media = {"schema": content["schema"]} if "schema" in content else {}
        return {"content": {media_type: media for media_type in produces or ["application/json"]}}

    def _scheme(self, entry: Any) -> Any:
        if not isinstance(entry, dict):
            return entry
        if entry.get("type") == "basic":
            return {"type": "http", "scheme": "basic"}
        if entry.get("type") == "oauth2":
            flow = text_of(entry.get("flow"))
            return {"type": "oauth2", "flows": {_FLOWS.get(flow, flow): entry}}
        return entry


def _schema(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = {key: value for key, value in parameter.items() if key not in _NOT_OF_SCHEMA}
    return {**schema, "type": "string", "format": "binary"} if schema.get("type") == "file" else schema


def _examples(parameter: dict[str, Any]) -> dict[str, Any]:
    return {key: parameter[key] for key in ("example", "x-example") if key in parameter}


def _texts(values: list[Any]) -> list[str]:
    return [each for each in values if isinstance(each, str) and each]
