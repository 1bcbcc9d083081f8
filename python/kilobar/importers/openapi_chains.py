"""Values that one operation makes and others need: `petId` of a path is the `id` that creating a pet answered."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from kilobar.importers.names import variable_name
from kilobar.importers.openapi_order import Endpoint, Segments, creates, segments_of
from kilobar.importers.openapi_parameters import percent_encoded
from kilobar.importers.openapi_schema import as_text
from kilobar.importers.openapi_schema_shape import Shape, Shapes
from kilobar.model.scenario import JsonValue, Request, Save, Text

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"\{([^{}]*)\}")
_MAX_LEVELS = 3
_MAX_WIDTH = 50


class _Created(NamedTuple):
    request: Request
    schema: Any
    """Of its response; None when it is not described."""


class Chain:
    """What the requests of a flow before this one made."""

    def __init__(self, shapes: Shapes, taken: set[str]) -> None:
        self._shapes = shapes
        self._taken = set(taken)
        self._created: dict[Segments, _Created] = {}
        self._names: dict[tuple[Segments, str], Text | None] = {}

    def remember(self, endpoint: Endpoint, request: Request, schema: Any) -> None:
        """Later requests may use what this one makes."""
        if creates(endpoint):
            self._created.setdefault(_alike(endpoint.path), _Created(request, schema))

    def value_for(self, path: str, position: int, parameter: str) -> Text | None:
        """What stands for a parameter that starts at this position of a path, or None when nothing made it."""
        collection = _alike(path[:position])
        if not path[:position].endswith("/"):
            return None
        key = (collection, parameter)
        if key not in self._names:
            self._names[key] = self._made(collection, parameter)
        return self._names[key]

    def use_in_body(self, request: Request, endpoint: Endpoint) -> None:
        """A body that repeats what stands in the path gets the same value there: `id` of what a PUT replaces."""
        if not isinstance(request.json, dict):
            return
        for found in _PARAMETER.finditer(endpoint.path):
            made = self.value_for(endpoint.path, found.start(), found[1])
            if made is None:
                continue
            is_last = found.end() == len(endpoint.path)
            collection = _alike(endpoint.path[: found.start()])
            names = _candidates(found[1], collection) if is_last else [_folded(found[1])]
            for name in names:
                present = next((key for key in request.json if _folded(key) == name), None)
                if present is not None and made.startswith("${"):
                    request.json[present] = made
                    break

    def _made(self, collection: Segments, parameter: str) -> Text | None:
        created = self._created.get(collection)
        if created is None:
            return None
        path = self._path_to(created.schema, _candidates(parameter, collection))
        if path is None:
            return _sent(created.request.json, parameter)
        name = self._name(collection, parameter)
        created.request.save[name] = Save(json=path)
        return f"${{{name}}}"

    def _name(self, collection: Segments, parameter: str) -> str:
        literals = [part for part in collection if part != "{}"]
        wanted = variable_name(parameter)
        if wanted in self._taken and literals:
            wanted = variable_name(f"{literals[-1]}_{parameter}")
        name, number = wanted, 2
        while name in self._taken:
            name = f"{wanted}_{number}"
            number += 1
        self._taken.add(name)
        return name

    def _path_to(self, schema: Any, candidates: list[str]) -> str | None:
        """JSON path of the first property with such a name; outer ones win over those in an envelope."""
        level: list[tuple[str, Shape]] = [("$", self._shapes.of(schema))] if schema is not None else []
        for _ in range(_MAX_LEVELS):
            below: list[tuple[str, Shape]] = []
            for candidate in candidates:
                for path, shape in level:
                    for name in _properties(shape):
                        if _folded(name) == candidate:
                            return f"{path}{_member(name)}"
            for path, shape in level:
                above = frozenset(shape.references)
                for name, inner in list(_properties(shape).items())[:100]:
                    below.append((f"{path}{_member(name)}", self._shapes.of(inner, above)))
                if shape.type == "array":
                    below.append((f"{path}[0]", self._shapes.of(shape.keys.get("items", {}), above)))
            level = [(path, shape) for path, shape in below if shape.type in ("object", "array")][:_MAX_WIDTH]
        return None


def _candidates(parameter: str, collection: Segments) -> list[str]:
    """Names of properties, folded, that a parameter may mean, the best first."""
    folded = _folded(parameter)
    found = [folded]
    for ending in ("id", "uuid", "key", "name", "slug", "code", "number"):
        if folded.endswith(ending) and folded != ending and _is_of(folded.removesuffix(ending), collection):
            found.append(ending)
    if folded == "id":
        found += ["uuid", *(f"{_folded(part)}id" for part in collection[-1:])]
    return found


def _is_of(prefix: str, collection: Segments) -> bool:
    """Whether `pet` of `petId` is what the collection `pets` holds."""
    last = _folded(collection[-1]) if collection else ""
    return bool(prefix) and (prefix in last or last in prefix)


def _alike(path: str) -> Segments:
    """`/silences` creates what `/silence/{id}` reads."""
    return tuple(_singular(part.lower()) for part in segments_of(path))


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") else word


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _properties(shape: Shape) -> dict[str, Any]:
    properties = shape.keys.get("properties")
    return properties if isinstance(properties, dict) else {}


def _member(name: str) -> str:
    if _PLAIN_KEY.fullmatch(name):
        return f".{name}"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${")
    return f'["{escaped}"]'


def _sent(body: JsonValue, parameter: str) -> Text | None:
    """The value that was sent under the same name, if it is the same each time."""
    if not isinstance(body, dict):
        return None
    for name, value in body.items():
        text = as_text(value)
        if _folded(name) == _folded(parameter) and text and "${" not in text and isinstance(value, str | int):
            return percent_encoded(text)
    return None
