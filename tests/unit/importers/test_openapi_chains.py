from typing import Any

from kilobar.importers import Imported
from kilobar.model.scenario import Request, Save

from .descriptions import described, steps_of


def answer(schema: Any) -> dict[str, Any]:
    return {"responses": {"201": {"content": {"application/json": {"schema": schema}}}}}


def chained(schema: Any, path: str = "/pets/{petId}", create: str = "/pets", **post: Any) -> tuple[Request, Request]:
    paths = {create: {"post": {**answer(schema), **post}}, path: {"get": {}}}
    first, second = steps_of(described({key: {m: {"tags": ["t"], **o} for m, o in item.items()}
                                        for key, item in paths.items()}))  # fmt: skip
    return first, second


def properties(*names: str) -> dict[str, Any]:
    return {"properties": {name: {"type": "string"} for name in names}}


def test_the_id_of_what_was_created_is_used() -> None:
    first, second = chained(properties("name", "id"))
    assert first.save == {"petId": Save(json="$.id")}
    assert second.url == "/pets/${petId}"


def test_a_property_of_the_same_name_is_better() -> None:
    assert chained(properties("id", "pet_id"))[0].save == {"petId": Save(json="$.pet_id")}
    assert chained(properties("slug"), "/pets/{slug}")[0].save == {"slug": Save(json="$.slug")}
    assert chained(properties("petId"), "/pets/{id}")[0].save == {"id": Save(json="$.petId")}


def test_envelopes_and_lists_are_looked_into() -> None:
    assert chained({"properties": {"data": properties("id")}})[0].save == {"petId": Save(json="$.data.id")}
    assert chained({"type": "array", "items": properties("id")})[0].save == {"petId": Save(json="$[0].id")}
    odd = {"properties": {"a-b": properties("id")}}
    assert chained(odd)[0].save == {"petId": Save(json='$["a-b"].id')}


def test_what_is_no_id_of_it_is_not_taken() -> None:
    first, second = chained(properties("id"), "/pets/{ownerId}")
    assert (first.save, second.url) == ({}, "/pets/ownerId")
    assert chained(properties("id"), "/shops/{petId}")[0].save == {}
    assert chained(properties("id"), "/pets/x{petId}")[0].save == {}


def test_singular_and_plural_are_alike() -> None:
    assert chained(properties("silenceID"), "/silence/{silenceID}", "/silences")[1].url == "/silence/${silenceID}"


def test_what_was_sent_is_used_when_nothing_comes_back() -> None:
    body = {"content": {"application/json": {"example": {"username": "a b"}}}}
    first, second = chained({}, "/users/{username}", "/users", requestBody=body)
    assert (first.save, second.url) == ({}, "/users/a%20b")


def flow(paths: dict[str, Any]) -> Imported:
    return described({path: {m: {"tags": ["t"], **o} for m, o in item.items()} for path, item in paths.items()})


def test_two_collections_with_one_name_of_a_parameter_have_two_variables() -> None:
    created = answer(properties("id"))
    result = flow({"/pets": {"post": created}, "/pets/{id}": {"get": {}}, "/owners": {"post": created},
                   "/owners/{id}": {"get": {}, "delete": {}}})  # fmt: skip
    assert [step.url for step in steps_of(result)] == [
        "/pets", "/pets/${id}", "/owners", "/owners/${owner_id}", "/owners/${owner_id}",
    ]  # fmt: skip


def test_a_body_that_repeats_the_path_has_the_same_value() -> None:
    def sent(example: Any) -> dict[str, Any]:
        return {"requestBody": {"content": {"application/json": {"example": example}}}}

    result = flow({"/pets": {"post": answer(properties("id"))}, "/pets/{petId}": {"put": sent({"id": 1, "n": 2})},
                   "/pets/{petId}/tags": {"post": sent({"id": 3, "pet_id": 4})}})  # fmt: skip
    assert [step.json for step in steps_of(result)] == [
        None, {"id": "${petId}", "n": 2}, {"id": 3, "pet_id": "${petId}"},
    ]  # fmt: skip
