"""The JSON Schema (draft 2020-12) of scenarios, made from the tables of `language`, for editors.

It accepts every scenario that the checker accepts; the checker is stricter, because a schema cannot know variables.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kilobar.scenario.grammar import (
    MAX_NAME,
    ByShape,
    Choice,
    Field,
    Json,
    ListOf,
    MapOf,
    Name,
    Named,
    Record,
    Type,
    Value,
    Variable,
    Variants,
)
from kilobar.scenario.language import SCENARIO, records

SCHEMA_FILE = Path(__file__).with_name("scenario.schema.json")
"""The schema as it is shipped; a test keeps it equal to `json_schema()`."""

_HOLE = r"\$\{"
_SCALAR = {"type": ["string", "number", "boolean"]}


def json_schema() -> dict[str, Any]:
    """The schema, as JSON values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Kilobar scenario",
        "$ref": _reference(SCENARIO.name),
        "$defs": {_key(name): _definition(of) for name, of in records().items()},
    }


def schema_text() -> str:
    """The schema as it stands in files."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _key(name: str) -> str:
    return name.replace(" ", "_")


def _reference(name: str) -> str:
    return f"#/$defs/{_key(name)}"


def _definition(of: Record | Variants) -> dict[str, Any]:
    if isinstance(of, Variants):
        return {"description": of.doc, "oneOf": [{"$ref": _reference(record.name)} for record in of.records]}
    schema: dict[str, Any] = {
        "description": of.doc,
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _field(field) for field in of.fields},
    }
    required = [field.name for field in of.fields if field.required]
    if required:
        schema["required"] = required
    rules: list[dict[str, Any]] = []
    if len(of.selectors) > 1:
        rules.append({"oneOf": [{"required": [name]} for name in of.selectors]})
    if of.one_of:
        rules.append({"anyOf": [{"required": [name]} for name in of.one_of]})
    for group in of.exclusive:
        pairs = [[first, second] for at, first in enumerate(group) for second in group[at + 1 :]]
        rules.append({"not": {"anyOf": [{"required": pair} for pair in pairs]}})
    if rules:
        schema["allOf"] = rules
    return schema


def _field(field: Field) -> dict[str, Any]:
    doc = field.doc if field.default is None else f"{field.doc} Default: {field.default}."
    return {"description": doc, **_type(field.type)}


def _type(of: Type) -> dict[str, Any]:
    match of:
        case ListOf(item=item, single=single):
            schema = {"type": "array", "items": _type(item), "minItems": 1}
            return {"anyOf": [_type(item), schema]} if single else schema
        case MapOf(value=value):
            return {"type": "object", "additionalProperties": _type(value)}
        case ByShape():
            return {"anyOf": [_option(option, of) for option in of.options]}
        case Record(name=name) | Variants(name=name) | Named(name=name):
            return {"$ref": _reference(name)}
    return _scalar(of)


def _scalar(of: Type) -> dict[str, Any]:
    match of:
        case Value(pattern=pattern, json_type=json_type):
            text = {"type": "string", "pattern": rf"^\s*({pattern})\s*$|{_HOLE}"}
            return {"anyOf": [{"type": json_type}, text]} if json_type else text
        case Choice(options=options):
            numbers = [float(option) for option in options if option.replace(".", "").isdigit()]
            return {"anyOf": [{"enum": [*options, *numbers]}, {"type": "string", "pattern": _HOLE}]}
        case Name():
            return {**_SCALAR, "minLength": 1, "maxLength": MAX_NAME}
        case Variable():
            return {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,99}$"}
        case Json():
            return {}
    return dict(_SCALAR)


def _option(option: Type, of: ByShape) -> dict[str, Any]:
    """One of several shapes; a JSON value is narrowed to the shape in which it may stand there."""
    if not isinstance(option, Json):
        return _type(option)
    return {"type": "array"} if option is of.sequence and option is not of.scalar else {"not": {"type": "object"}}
