from typing import Any

import pytest

from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.openapi_schema_shape import Shape, Shapes, discriminator_value
from kilobar.importers.outcome import Notes

SCHEMAS: dict[str, Any] = {
    "Animal": {
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}, "name": {"type": "string"}},
        "discriminator": {"propertyName": "kind"},
    },
    "Cat": {"allOf": [{"$ref": "#/components/schemas/Animal"}, {"required": ["lives"], "properties": {"lives": {}}}]},
    "Dog": {"properties": {"bark": {"type": "string"}}},
    "Pet": {
        "oneOf": [{"$ref": "#/components/schemas/Dog"}, {"$ref": "#/components/schemas/Cat"}],
        "discriminator": {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog", "cat": "Cat"}},
    },
    "Base": {"discriminator": {"propertyName": "t", "mapping": {"d": "Derived"}}, "properties": {"t": {}}},
    "Derived": {"allOf": [{"$ref": "#/components/schemas/Base"}], "properties": {"own": {}}},
    "Endless": {"allOf": [{"$ref": "#/components/schemas/Endless"}]},
    "Tree": {"oneOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "string"}]},
}


def shape(schema: Any) -> Shape:
    notes = Notes()
    remarks = Remarks()
    return Shapes(References({"components": {"schemas": SCHEMAS}}, notes), remarks, notes).of(schema)


def named(name: str) -> Shape:
    return shape({"$ref": f"#/components/schemas/{name}"})


def test_parts_are_put_together() -> None:
    cat = named("Cat")
    assert set(cat.keys["properties"]) == {"kind", "name", "lives"}
    assert set(cat.keys["required"]) == {"kind", "lives"}
    assert cat.references == ("#/components/schemas/Cat", "#/components/schemas/Animal")


def test_the_example_of_a_part_is_none_of_the_whole() -> None:
    parts = [{"properties": {"a": {}}, "example": {"a": 1}}, {"properties": {"b": {}}}]
    assert "example" not in shape({"allOf": parts}).keys
    assert shape({"allOf": parts, "example": {"a": 1, "b": 2}}).keys["example"] == {"a": 1, "b": 2}
    assert shape({"allOf": parts[:1], "description": "d"}).keys["example"] == {"a": 1}


def test_the_first_alternative_that_has_an_end_is_taken() -> None:
    assert named("Pet").subject == "#/components/schemas/Dog"
    assert named("Tree").type == "string"
    assert shape({"anyOf": [{"type": "null"}, {"type": "integer"}]}).type == "integer"


def test_what_has_no_end_is_cut() -> None:
    assert named("Endless").is_cut
    assert shape(False).is_cut
    assert not shape(True).is_cut


@pytest.mark.parametrize(
    ("name", "value"),
    [("Pet", ("kind", "dog")), ("Cat", ("kind", "Cat")), ("Base", ("t", "d")), ("Derived", ("t", "d")), ("Dog", None)],
)
def test_the_discriminator_names_the_schema_of_the_value(name: str, value: Any) -> None:
    assert discriminator_value(named(name)) == value


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": ["null", "integer"]}, "integer"),
        ({"type": ["null"]}, "null"),
        ({"properties": {}}, "object"),
        ({"items": {}}, "array"),
        ({"minLength": 1}, "string"),
        ({"minimum": 1}, "number"),
        ({}, ""),
        ({"type": 3}, ""),
        (7, ""),
    ],
)
def test_the_type_is_given_or_told_by_other_keywords(schema: Any, kind: str) -> None:
    assert shape(schema).type == kind
