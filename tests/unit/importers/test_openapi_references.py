from typing import Any

from kilobar.importers.openapi_references import References, name_of
from kilobar.importers.outcome import Notes

ROOT: dict[str, Any] = {
    "components": {
        "schemas": {"a/b": {"type": "string"}, "x y": {"$ref": "#/components/schemas/a~1b"}, "n": 1},
        "loop": {"$ref": "#/components/loop"},
    },
    "list": [{"k": 1}],
}


def follow(value: Any) -> tuple[dict[str, Any], list[str]]:
    notes = Notes()
    resolved = References(ROOT, notes).follow(value)
    return resolved.content, [note.message for note in notes.all()]


def test_references_are_followed_to_their_end() -> None:
    assert follow({"$ref": "#/components/schemas/x%20y"}) == ({"type": "string"}, [])
    assert follow({"$ref": "#/list/0"}) == ({"k": 1}, [])
    assert follow({"$ref": "#"})[0] is ROOT


def test_keys_beside_a_reference_win_unless_they_are_words_for_people() -> None:
    value = {"$ref": "#/components/schemas/a~1b", "type": "integer", "description": "d"}
    assert follow(value) == ({"type": "integer"}, [])


def test_what_leads_nowhere_is_noted_once() -> None:
    assert follow({"$ref": "#/nowhere"}) == ({}, ["`#/nowhere` is not there; left out"])
    assert follow({"$ref": "#/list/7"})[1] == ["`#/list/7` is not there; left out"]
    assert follow({"$ref": "#/components/schemas/n/x"})[1] == ["`#/components/schemas/n/x` is not there; left out"]
    other = follow({"$ref": "pet.yaml#/Pet"})
    assert other == ({}, ["`pet.yaml#/Pet` is in another file, which is not read; left out"])
    notes = Notes()
    references = References(ROOT, notes)
    for place in "ab":
        with notes.at(place):
            references.follow({"$ref": "#/nowhere"})
    assert [str(note) for note in notes.all()] == ["a: `#/nowhere` is not there; left out"]


def test_a_reference_to_itself_has_an_end() -> None:
    assert follow({"$ref": "#/components/loop"}) == ({}, ["`#/components/loop` refers to itself; left out"])


def test_what_is_no_mapping_is_nothing() -> None:
    assert follow(3) == ({}, [])
    assert follow({"$ref": 3}) == ({"$ref": 3}, [])


def test_the_name_is_the_last_part() -> None:
    assert name_of("#/components/schemas/a~1b%20c") == "a/b c"
