from typing import Any

import pytest

from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.openapi_schema import MAX_VALUES, Examples, Nothing, as_text
from kilobar.importers.outcome import Notes

ROOT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Node": {
                "required": ["name"],
                "properties": {"name": {"example": "n"}, "next": {"$ref": "#/components/schemas/Node"},
                               "all": {"items": {"$ref": "#/components/schemas/Node"}, "example": [1]}},
            },
            "Must": {"required": ["self"], "properties": {"self": {"$ref": "#/components/schemas/Must"}}},
            "Cat": {"required": ["kind"], "properties": {"kind": {"type": "string"}},
                    "discriminator": {"propertyName": "kind"}},
        },
        "examples": {"one": {"value": {"id": 1}}},
    }
}  # fmt: skip


def made(owner: dict[str, Any], name: str = "n") -> tuple[Any, list[str]]:
    notes, remarks = Notes(), Remarks()
    value = Examples(References(ROOT, notes), remarks, notes).of(owner, name)
    remarks.say(notes)
    return value, [note.message for note in notes.all()]


def by(schema: Any) -> Any:
    return made({"schema": schema})[0]


@pytest.mark.parametrize(
    ("owner", "value"),
    [
        ({"example": {"a": "${x}"}, "schema": {"type": "string"}}, {"a": "$${x}"}),
        ({"examples": {"x": {"value": 3}}}, 3),
        ({"examples": {"x": {"$ref": "#/components/examples/one"}}}, {"id": 1}),
        ({"examples": [7]}, 7),
        ({"example": {"$ref": "#/components/examples/one/value"}}, {"id": 1}),
        ({"x-example": 5}, 5),
        ({"example": None}, None),
        ({}, "n"),
    ],
)
def test_a_given_example_wins(owner: dict[str, Any], value: Any) -> None:
    assert made(owner)[0] == value


def test_what_examples_cannot_say_is_noted() -> None:
    assert made({"examples": {"a": {"value": 1}, "b": {"value": 2}}})[1] == ["the first of 2 examples is taken"]
    assert made({"examples": {"a": {"externalValue": "x.json"}}}) == ("n", ["an example in another file is not read"])
    value, notes = made({"example": {"n": 10**20, "f": float("inf")}})
    assert value == {"n": str(10**20), "f": "inf"}
    assert len(notes) == 2


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "example": "e", "default": "d", "enum": ["x"]}, "e"),
        ({"type": "string", "examples": ["e2"], "default": "d"}, "e2"),
        ({"const": 4, "default": 5}, 4),
        ({"type": "integer", "default": 0}, 0),
        ({"type": "string", "nullable": True, "default": None, "enum": [None, "x"]}, "x"),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
        ({"prefixItems": [{"const": 1}, {"const": 2}], "items": False}, [1, 2]),
        ({"additionalProperties": {"type": "integer"}}, {"key": 1}),
        ({"type": "object", "additionalProperties": True}, {}),
        ({"type": "object", "required": ["${x}"]}, {"$${x}": "${x}".replace("$", "$$")}),
    ],
)  # fmt: skip
def test_a_schema_gives_a_value(schema: Any, value: Any) -> None:
    assert by(schema) == value


def test_required_properties_come_first_and_optional_ones_need_an_example() -> None:
    schema = {
        "required": ["b"],
        "properties": {
            "a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string", "example": "C"},
            "d": {"properties": {"x": {"default": 1}, "y": {"const": 2}}}, "id": {"readOnly": True, "example": 9},
        },
    }  # fmt: skip
    value, notes = made({"schema": schema})
    assert list(value.items()) == [("b", "b"), ("c", "C"), ("d", {"x": 1, "y": 2})]
    assert notes == ["optional properties of bodies without an example are left out (1)"]


def test_all_properties_are_there_when_none_is_required() -> None:
    assert by({"properties": {"a": {"type": "integer"}, "b": {}}}) == {"a": 1, "b": "b"}


def test_what_only_responses_have_is_left_out() -> None:
    schema = {"required": ["id"], "properties": {"id": {"type": "integer", "readOnly": True}, "a": {}}}
    assert by(schema) == {}
    assert by({**schema, "example": {"id": 1, "a": "x"}}) == {"a": "x"}


def test_schemas_without_an_end_are_cut() -> None:
    assert by({"$ref": "#/components/schemas/Node"}) == {"name": "n", "all": [1]}
    value, notes = made({"schema": {"$ref": "#/components/schemas/Must"}})
    assert value == {"self": None}
    assert notes == ["the value of `self` has no end in its schema; null stands for it"]


def test_the_discriminator_is_filled_in() -> None:
    assert by({"$ref": "#/components/schemas/Cat"}) == {"kind": "Cat"}


def test_values_are_bounded() -> None:
    wide: Any = {"type": "integer"}
    for _ in range(4):
        wide = {"type": "array", "items": wide, "minItems": 20}
    assert as_text(by(wide)).count("1") <= MAX_VALUES
    deep: Any = {"type": "integer"}
    for _ in range(40):
        deep = {"type": "array", "items": deep}
    assert as_text(by(deep)).startswith("[[[[")
    assert isinstance(by(False), Nothing)


def test_whether_there_is_an_example() -> None:
    notes, remarks = Notes(), Remarks()
    examples = Examples(References(ROOT, notes), remarks, notes)
    assert examples.is_exemplified({"schema": {"default": 1}})
    assert examples.is_exemplified({"example": None})
    assert examples.is_exemplified({"schema": {"items": {"enum": ["a"]}}})
    assert not examples.is_exemplified({"schema": {"type": "string", "default": None}})


def test_values_as_text() -> None:
    assert [as_text(value) for value in ("a", None, True, 1.5, {"é": [1]})] == ["a", "", "true", "1.5", '{"é": [1]}']
