"""A schema with its references, `allOf` and alternatives put together: one plain mapping."""

from __future__ import annotations

from typing import Any, NamedTuple

from kilobar.importers.openapi_references import References, name_of
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.outcome import Notes
from kilobar.importers.untyped import list_at

MAX_SCHEMAS = 1_000_000
"""Counted each time that one is put together."""
_MAX_DEPTH = 30
_MAX_PARTS = 200
_IGNORED = ("not", "if", "patternProperties", "dependentSchemas", "dependencies", "$dynamicRef")
_EXAMPLES = ("example", "examples")


class Shape(NamedTuple):
    """What a schema says in all."""

    keys: dict[str, Any]
    """Its keywords, without `$ref`, `allOf`, `oneOf` and `anyOf`."""
    references: tuple[str, ...] = ()
    """All that were followed to put it together, the outermost first."""
    subject: str | None = None
    """The reference to the schema that a value has: of the chosen alternative, if there were any."""
    is_cut: bool = False
    """It leads back to a schema that it is part of, so that there is no end to it."""

    @property
    def type(self) -> str:
        """`type`, or what the other keywords tell; empty when any value is allowed."""
        given = self.keys.get("type")
        if isinstance(given, list):
            given = next((each for each in given if each != "null"), "null")
        if isinstance(given, str):
            return given
        for key, meaning in _TOLD_BY.items():
            if key in self.keys:
                return meaning
        return ""


_TOLD_BY = {
    "properties": "object", "additionalProperties": "object", "required": "object", "items": "array",
    "prefixItems": "array", "format": "string", "pattern": "string", "minLength": "string", "maxLength": "string",
    "minimum": "number", "maximum": "number",
}  # fmt: skip


class Shapes:
    """Puts schemas together."""

    def __init__(self, references: References, remarks: Remarks, notes: Notes) -> None:
        self._references = references
        self._remarks = remarks
        self._notes = notes
        self._left = MAX_SCHEMAS
        self._known: dict[int, tuple[Any, Shape]] = {}
        """By identity; the schema is kept so that its identity stays its own."""

    def of(self, schema: Any, above: frozenset[str] = frozenset()) -> Shape:
        """The shape of a schema below others; `above` are the references that led here."""
        _, known = self._known.get(id(schema), (None, None))
        if known is None or not above.isdisjoint(known.references):
            known = self._shape(schema, above, _MAX_DEPTH)
            if not known.is_cut:
                self._known[id(schema)] = schema, known
        return known

    def _shape(self, schema: Any, above: frozenset[str], depth: int) -> Shape:
        if not self._has_room():
            return Shape({}, is_cut=True)
        if isinstance(schema, bool):
            return Shape({}, is_cut=not schema)
        if not isinstance(schema, dict):
            self._notes.add("this is no schema; any value is taken for it", "schema")
            return Shape({})
        content, followed = self._references.follow(schema)
        if depth <= 0 or above.intersection(followed):
            return Shape({}, followed, is_cut=True)
        return self._merged(content, followed, above.union(followed), depth)

    def _merged(self, content: dict[str, Any], followed: tuple[str, ...], above: frozenset[str], depth: int) -> Shape:
        """What a schema says itself, what all its parts say, and what the chosen alternative says."""
        subject = followed[-1] if followed else None
        for ignored in _IGNORED:
            if ignored in content:
                self._remarks.once(f"`{ignored}` in schemas is not considered")
        merged = {key: value for key, value in content.items() if key not in ("allOf", "oneOf", "anyOf", "$ref")}
        own_examples = {key: merged[key] for key in _EXAMPLES if key in merged}
        references = followed
        for part in list_at(content, "allOf", self._notes)[:_MAX_PARTS]:
            inner = self._shape(part, above, depth - 1)
            references += inner.references
            _merge(merged, inner.keys)
            if inner.is_cut:
                return Shape(merged, references, subject, is_cut=True)
        chosen = self._alternative(content, above, depth)
        if chosen is not None:
            references += chosen.references
            _merge(merged, chosen.keys)
            subject = chosen.subject or subject
            if chosen.is_cut:
                return Shape(merged, references, subject, is_cut=True)
        return Shape({**merged, **own_examples}, references, subject)

    def _has_room(self) -> bool:
        self._left -= 1
        if self._left < 0:
            self._remarks.once(
                f"the schemas are too large together: those after the first {MAX_SCHEMAS:,} are left out"
            )
        return self._left >= 0

    def _alternative(self, content: dict[str, Any], above: frozenset[str], depth: int) -> Shape | None:
        """The first of `oneOf`, `anyOf` or the mapping of a discriminator that is not `null` and has an end."""
        found = [*list_at(content, "oneOf", self._notes), *list_at(content, "anyOf", self._notes)]
        if not found:
            found = _subtypes(content, above)
        options = [each for each in found[:_MAX_PARTS] if not _is_null(each)]
        if len(options) > 1:
            self._remarks.once("where a schema allows alternatives, the first one is taken")
        last: Shape | None = None
        for option in options:
            last = self._shape(option, above, depth - 1)
            if not last.is_cut:
                break
        return last


def discriminator_value(shape: Shape) -> tuple[str, str] | None:
    """Property and value that tell which of several schemas a value has."""
    discriminator = shape.keys.get("discriminator")
    if isinstance(discriminator, str):
        discriminator = {"propertyName": discriminator}
    if not isinstance(discriminator, dict) or not isinstance(discriminator.get("propertyName"), str):
        return None
    mapping = discriminator.get("mapping")
    mapped = {_full(target): key for key, target in mapping.items()} if isinstance(mapping, dict) else {}
    # The schema itself first: the mapping may name those that it extends as well.
    for reference in (shape.subject, *shape.references):
        if reference in mapped:
            return discriminator["propertyName"], mapped[reference]
    return (discriminator["propertyName"], name_of(shape.subject)) if shape.subject else None


def _subtypes(content: dict[str, Any], above: frozenset[str]) -> list[Any]:
    """The schemas of a discriminator's mapping, when none of them led here."""
    discriminator = content.get("discriminator")
    mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
    targets = [_full(target) for target in mapping.values()] if isinstance(mapping, dict) else []
    return [] if above.intersection(targets) else [{"$ref": target} for target in targets]


def _full(target: Any) -> str:
    """A mapping may give the name of a schema alone."""
    text = str(target)
    return text if "/" in text or "#" in text else f"#/components/schemas/{text}"


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def _merge(into: dict[str, Any], part: dict[str, Any]) -> None:
    """Adds what a part says; what is there already wins."""
    has_more = bool(into.get("properties")) and bool(part.get("properties"))
    for key, value in part.items():
        present = into.get(key)
        if key == "properties" and isinstance(value, dict) and isinstance(present, dict):
            into[key] = {**value, **present}
        elif key == "required" and isinstance(value, list) and isinstance(present, list):
            into[key] = [*value, *(each for each in present if each not in value)]
        elif key in _EXAMPLES and has_more:
            # It is an example of the part only.
            continue
        elif key not in into:
            into[key] = value
    if has_more:
        for key in _EXAMPLES:
            into.pop(key, None)
