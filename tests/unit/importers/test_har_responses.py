import pytest
from tests.unit.importers.har import entry

from kilobar.importers.har_entries import read_entries
from kilobar.importers.har_responses import MOST_VALUES, Value, values_of
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Save


def found(notes: Notes | None = None, **response: object) -> list[Value]:
    made = entry("https://a.example/", **response)  # type: ignore[arg-type]
    (read,) = read_entries({"entries": [made]}, Notes())
    return list(values_of(read, notes or Notes()))


def test_places_in_json() -> None:
    values = found(json_answer={"a": [{"id": "x-12345"}, {"id": 67890}], "b": True, "c": None})
    assert [(value.text, value.is_number, value.save()) for value in values] == [
        ("x-12345", False, Save(json="$.a[0].id")),
        ("67890", True, Save(json="$.a[1].id")),
    ]


def test_json_that_is_none_is_noted() -> None:
    notes = Notes()
    made = entry("https://a.example/")
    made["response"]["content"] = {"mimeType": "application/json", "text": "{"}
    (read,) = read_entries({"entries": [made]}, Notes())
    assert list(values_of(read, notes)) == []
    assert len(notes.all()) == 1


def test_the_number_of_values_is_bounded_and_said() -> None:
    notes = Notes()
    assert (
        len(found(notes, json_answer=[f"x-{number}" for number in range(100_000, 100_002 + MOST_VALUES)]))
        == MOST_VALUES
    )
    assert len(notes.all()) == 1


def test_headers_of_every_response_are_no_values() -> None:
    answer = {
        "Date": "Thu, 19 Oct 2017 19:12:03 GMT",
        "CF-Ray": "abc12345",
        "X-Session": "abc12345",
        "ETag": '"x-12345"',
    }
    assert [value.name for value in found(answer=answer)] == ["X-Session", "ETag"]


@pytest.mark.parametrize("piece", ["<!--", "<input ", "<script", '<input a="', "<meta name='x' ", "a b"])
def test_pages_that_never_close_what_they_open_hold_nothing(piece: str) -> None:
    assert found(html=piece * 20_000) == []
