"""Example values: what a description gives, else values made from schemas."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.openapi_scalars import decimal_number, text_value, whole_number
from kilobar.importers.openapi_schema_shape import Shape, Shapes, discriminator_value
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import literal, translate_json
from kilobar.importers.untyped import list_at, mapping_at
from kilobar.model.scenario import JsonValue

MAX_DEPTH = 12
MAX_VALUES = 2_000
"""Values in one body."""
MAX_CHARACTERS = 8_000_000
"""Of all values together; a scenario file has at most twice as many."""
_MAX_ITEMS = 20
_MAX_LOOKS = 20_000


class Nothing:
    """There is no value: its schema has no end, or the bounds are reached."""


NOTHING: Final = Nothing()


class Examples:
    """Makes values; texts in them are scenario text."""

    def __init__(self, references: References, remarks: Remarks, notes: Notes) -> None:
        self._references = references
        self._remarks = remarks
        self._notes = notes
        self.shapes = Shapes(references, remarks, notes)
        self._left = 0
        self._looks_left = 0
        self._room = MAX_CHARACTERS

    def given(self, owner: dict[str, Any]) -> JsonValue | Nothing:
        """What `example` or the first of `examples` of a parameter or media type says."""
        for key in ("example", "x-example"):
            if key in owner:
                return self._literal(
                    self._references.follow(owner[key]).content if _is_reference(owner[key]) else owner[key]
                )
        examples = owner.get("examples")
        if isinstance(examples, list):
            examples = {str(number): {"value": each} for number, each in enumerate(examples)}
        if not isinstance(examples, dict):
            return NOTHING
        if len(examples) > 1:
            self._notes.add(f"the first of {len(examples)} examples is taken", "examples")
        for name, example in examples.items():
            content = self._references.follow(example).content
            for key in ("value", "dataValue"):
                if key in content:
                    return self._literal(content[key])
            if "externalValue" in content:
                self._notes.add("an example in another file is not read", "examples", name)
        return NOTHING

    def of(self, owner: dict[str, Any], name: str) -> JsonValue | Nothing:
        """The value of a parameter or media type: its example, else one by its schema."""
        value = self.given(owner)
        if not isinstance(value, Nothing):
            return value
        self._left = MAX_VALUES
        self._looks_left = _MAX_LOOKS
        return self._value(owner.get("schema", {}), name, frozenset(), MAX_DEPTH)

    def is_exemplified(self, owner: dict[str, Any]) -> bool:
        """Whether a parameter or media type has an example, a default or a list of values."""
        if any(key in owner for key in ("example", "examples", "x-example")):
            return True
        self._looks_left = _MAX_LOOKS
        return self._has_example(self.shapes.of(owner.get("schema", {})))

    # By schema

    def _value(self, schema: Any, name: str, above: frozenset[str], depth: int) -> JsonValue | Nothing:
        self._left -= 1
        self._room -= len(name) + 10
        if self._left < 0 or depth <= 0 or not self._has_room():
            return NOTHING
        shape = self.shapes.of(schema, above)
        if shape.is_cut:
            return NOTHING
        given = self._given_by_schema(shape)
        if not isinstance(given, Nothing):
            return given
        keys = shape.keys
        match shape.type:
            case "object":
                return self._object(shape, above.union(shape.references), depth)
            case "array":
                return self._array(keys, name, above.union(shape.references), depth)
            case "integer":
                return whole_number(keys)
            case "number":
                return decimal_number(keys)
            case "boolean":
                return True
            case "null":
                return None
        return text_value(keys, name, self._notes)

    def _given_by_schema(self, shape: Shape) -> JsonValue | Nothing:
        keys = shape.keys
        if "example" in keys or "x-example" in keys:
            return self._without_read_only(keys, self._literal(keys.get("example", keys.get("x-example"))))
        if isinstance(keys.get("examples"), list) and keys["examples"]:
            return self._without_read_only(keys, self._literal(keys["examples"][0]))
        for key in ("const", "default"):
            if key in keys and (keys[key] is not None or shape.type == "null"):
                return self._literal(keys[key])
        if isinstance(keys.get("enum"), list):
            for allowed in keys["enum"]:
                if allowed is not None:
                    return self._literal(allowed)
        return NOTHING

    def _has_example(self, shape: Shape, depth: int = 2) -> bool:
        keys = shape.keys
        if any(key in keys and keys[key] is not None for key in ("example", "examples", "const", "default", "enum")):
            return True
        self._looks_left -= 1
        if depth <= 0 or shape.is_cut or self._looks_left < 0:
            return False
        above = frozenset(shape.references)
        properties = keys.get("properties")
        inner = list(properties.values()) if isinstance(properties, dict) else []
        inner += [keys["items"]] if "items" in keys else []
        return any(self._has_example(self.shapes.of(each, above), depth - 1) for each in inner[:100])

    def _object(self, shape: Shape, above: frozenset[str], depth: int) -> JsonValue:
        keys = shape.keys
        properties = mapping_at(keys, "properties", self._notes)
        required = list(dict.fromkeys(each for each in list_at(keys, "required", self._notes) if isinstance(each, str)))
        more = keys.get("additionalProperties")
        value: dict[str, JsonValue] = {}
        for name in [*required, *(each for each in properties if each not in required)]:
            schema = properties.get(name, more if isinstance(more, dict) else {})
            if self._is_left_out(schema, above, name in required or not required):
                continue
            made = self._value(schema, name, above, depth - 1)
            if not isinstance(made, Nothing):
                value[literal(name)] = made
            elif name in required:
                self._notes.add(f"the value of `{name}` has no end in its schema; null stands for it")
                value[literal(name)] = None
        if not properties and not value and isinstance(more, dict):
            made = self._value(more, "value", above, depth - 1)
            if not isinstance(made, Nothing):
                value["key"] = made
        told = discriminator_value(shape)
        if told is not None and not self._fixes(properties.get(told[0])):
            value[literal(told[0])] = literal(told[1])
        return value

    def _fixes(self, schema: Any) -> bool:
        """Whether a schema allows a single value."""
        keys = self.shapes.of(schema).keys if isinstance(schema, dict) else {}
        return "const" in keys or (isinstance(keys.get("enum"), list) and len(keys["enum"]) == 1)

    def _is_left_out(self, schema: Any, above: frozenset[str], is_wanted: bool) -> bool:
        """Of a property: those that only responses have, and optional ones about which nothing is known."""
        shape = self.shapes.of(schema, above)
        if shape.keys.get("readOnly") is True:
            return True
        if is_wanted or self._has_example(shape):
            return False
        self._remarks.count("optional properties of bodies without an example are left out")
        return True

    def _array(self, keys: dict[str, Any], name: str, above: frozenset[str], depth: int) -> JsonValue:
        least, most = keys.get("minItems"), keys.get("maxItems")
        count = min(least, _MAX_ITEMS) if type(least) is int and least > 1 else 1
        if type(least) is int and least > _MAX_ITEMS:
            self._notes.add(f"`{name}` has {_MAX_ITEMS} items, its schema asks for {least}")
        if type(most) is int and most < count:
            count = max(0, most)
        first = keys.get("prefixItems")
        schemas = list(first[:_MAX_ITEMS]) if isinstance(first, list) else []
        if keys.get("items") is not False:
            schemas += [keys.get("items", {})] * (count - len(schemas))
        if keys.get("uniqueItems") is True and len(schemas) > 1:
            self._notes.add(f"the items of `{name}` are alike, its schema asks for unique ones")
        items = [self._value(schema, name, above, depth - 1) for schema in schemas]
        return [each for each in items if not isinstance(each, Nothing)]

    def _without_read_only(self, keys: dict[str, Any], value: JsonValue | Nothing) -> JsonValue | Nothing:
        properties = keys.get("properties")
        if not isinstance(value, dict) or not isinstance(properties, dict):
            return value
        dropped = {
            literal(name)
            for name, schema in properties.items()
            if literal(name) in value and self._references.follow(schema).content.get("readOnly") is True
        }
        return {key: inner for key, inner in value.items() if key not in dropped} if dropped else value

    def _has_room(self) -> bool:
        """One example can be referred to from many places."""
        if self._room < 0:
            self._remarks.once(
                f"the values are too large together: those after {MAX_CHARACTERS:,} characters are left out"
            )
        return self._room >= 0

    def _literal(self, value: Any) -> JsonValue | Nothing:
        exact = self._exact(value)
        return translate_json(exact, literal) if self._has_room() else NOTHING

    def _exact(self, value: Any) -> Any:
        """JSON has no infinity, and a scenario no numbers of more than 18 digits: they become texts."""
        self._room -= len(value) if isinstance(value, str) else 10
        if self._room < 0:
            return None
        if isinstance(value, dict):
            return {key: self._exact(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._exact(inner) for inner in value]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if abs(value) < 10**18 and math.isfinite(value):
            return value
        self._notes.add(f"the number {str(value)[:40]} of an example is sent as a text")
        return str(value)[:400]


def _is_reference(example: Any) -> bool:
    """An example cannot be a reference by the letter of the standard; people write it all the same."""
    return isinstance(example, dict) and list(example) == ["$ref"]


def as_text(value: JsonValue) -> str:
    """A value as text: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
