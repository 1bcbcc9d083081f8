from typing import Any

import pytest

from kilobar.importers.openapi_scalars import decimal_number, text_value, whole_number
from kilobar.importers.outcome import Notes


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"format": "uuid"}, "${uuid()}"),
        ({"format": "date-time"}, "${now()}"),
        ({"format": "date"}, "${now('%Y-%m-%d')}"),
        ({"format": "email"}, "${random.email()}"),
        ({"format": "ipv4"}, "192.0.2.1"),
        ({"pattern": "^[A-Z]{3}$"}, "AAA"),
        ({"minLength": 6}, "namena"),
        ({"maxLength": 2}, "na"),
        ({"maxLength": "x", "minLength": -3}, "name"),
        ({"format": "unheard of"}, "name"),
        ({"pattern": "\\$\\{"}, "$${"),
    ],
)
def test_texts(schema: dict[str, Any], text: str) -> None:
    assert text_value(schema, "name", Notes()) == text


def test_a_field_called_email_has_an_address_unless_its_schema_says_more() -> None:
    assert text_value({}, "userEmail", Notes()) == "${random.email()}"
    assert text_value({"maxLength": 3}, "email", Notes()) == "ema"


def test_a_hard_pattern_is_noted() -> None:
    notes = Notes()
    assert text_value({"pattern": "(?=a)b"}, "code", notes) == "code"
    assert [str(note) for note in notes.all()] == ["no text is made for the pattern `(?=a)b`; change `code`"]


@pytest.mark.parametrize(
    ("schema", "number"),
    [
        ({}, 1),
        ({"minimum": 5}, 5),
        ({"maximum": 0}, 0),
        ({"minimum": 1, "maximum": 20}, "${random.int(1, 20)}"),
        ({"minimum": 1, "exclusiveMinimum": True, "maximum": 3}, "${random.int(2, 3)}"),
        ({"exclusiveMinimum": 4, "exclusiveMaximum": 9}, "${random.int(5, 8)}"),
        ({"minimum": -(2**31), "maximum": 2**31 - 1}, 1),
        ({"minimum": 7, "multipleOf": 5}, 10),
        ({"multipleOf": 5}, 5),
        ({"minimum": "x", "maximum": float("nan")}, 1),
    ],
)
def test_whole_numbers(schema: dict[str, Any], number: Any) -> None:
    assert whole_number(schema) == number


@pytest.mark.parametrize(
    ("schema", "number"),
    [
        ({}, 1),
        ({"minimum": 2.5}, 2.5),
        ({"maximum": 0.25}, 0.25),
        ({"minimum": 0.5, "maximum": 9.99}, "${random.float(0.5, 9.99)}"),
        ({"minimum": 0, "maximum": 100}, "${random.float(0, 100)}"),
        ({"multipleOf": 0.05}, 0.05),
        ({"minimum": -1e30, "maximum": 1e30}, 1),
    ],
)
def test_decimal_numbers(schema: dict[str, Any], number: Any) -> None:
    assert decimal_number(schema) == number
