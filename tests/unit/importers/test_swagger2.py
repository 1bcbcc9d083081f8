from typing import Any

import pytest

from kilobar.importers.outcome import Notes
from kilobar.importers.swagger2 import as_openapi


def translated(**more: Any) -> tuple[dict[str, Any], list[str]]:
    notes = Notes()
    return as_openapi({"swagger": "2.0", **more}, notes), [str(note) for note in notes.all()]


def operation(content: dict[str, Any], **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = translated(paths={"/a": {"post": content}}, **more)[0]["paths"]["/a"]["post"]
    return result


@pytest.mark.parametrize(
    ("given", "urls"),
    [
        ({"host": "a.example", "basePath": "/v1/", "schemes": ["https", "ws"]}, ["https://a.example/v1"]),
        ({"host": "a.example"}, ["http://a.example"]),
        ({"basePath": "v1"}, ["/v1"]),
        ({}, ["/"]),
    ],
)
def test_servers(given: dict[str, Any], urls: list[str]) -> None:
    assert [server["url"] for server in translated(**given)[0]["servers"]] == urls
    assert operation({"schemes": ["https"]}, host="b.example")["servers"] == [{"url": "https://b.example"}]


@pytest.mark.parametrize(
    ("parameter", "style"),
    [
        ({"in": "query"}, {"style": "form", "explode": False}),
        ({"in": "query", "collectionFormat": "multi"}, {"style": "form", "explode": True}),
        ({"in": "query", "collectionFormat": "pipes"}, {"style": "pipeDelimited", "explode": False}),
        ({"in": "query", "collectionFormat": "ssv"}, {"style": "spaceDelimited", "explode": False}),
        ({"in": "path", "collectionFormat": "csv"}, {"explode": False}),
    ],
)
def test_parameters(parameter: dict[str, Any], style: dict[str, Any]) -> None:
    given = {"name": "q", "type": "array", "items": {"type": "string"}, "required": True, **parameter}
    schema = {"type": "array", "items": {"type": "string"}}
    expected = {"name": "q", "in": parameter["in"], "required": True, "schema": schema, **style}
    assert operation({"parameters": [given]})["parameters"] == [expected]


def test_tabs_are_noted() -> None:
    given = {"name": "q", "in": "query", "type": "array", "collectionFormat": "tsv"}
    _, notes = translated(paths={"/a": {"get": {"parameters": [given]}}})
    assert notes == ["paths./a.get.parameters.q: items are separated by commas, not by tabs"]


def test_bodies_have_the_types_that_are_consumed() -> None:
    shared = {"pet": {"in": "body", "name": "body", "schema": {"$ref": "#/definitions/Pet"}}}
    content = {"parameters": [{"$ref": "#/parameters/pet"}]}
    media = {"schema": {"$ref": "#/definitions/Pet"}}
    assert operation(content, parameters=shared)["requestBody"] == {"content": {"application/json": media}}
    xml = operation({**content, "consumes": ["text/xml"]}, parameters=shared, consumes=["application/json"])
    assert xml["requestBody"] == {"content": {"text/xml": media}}


def test_forms() -> None:
    fields = [{"in": "formData", "name": "a", "type": "string", "required": True, "x-example": "A"}]
    schema = {"type": "object", "properties": {"a": {"type": "string", "x-example": "A"}}, "required": ["a"]}
    media = {"schema": schema, "encoding": {}}
    assert operation({"parameters": fields})["requestBody"]["content"].keys() == {"application/x-www-form-urlencoded"}
    multipart = operation({"parameters": fields, "consumes": ["multipart/form-data"]})["requestBody"]
    assert multipart["content"]["multipart/form-data"]["schema"]["required"] == media["schema"]["required"]
    with_file = operation({"parameters": [{"in": "formData", "name": "f", "type": "file"}]})["requestBody"]["content"]
    assert with_file["multipart/form-data"]["schema"]["properties"] == {"f": {"type": "string", "format": "binary"}}


def test_responses_have_the_types_that_are_produced() -> None:
    content = {"produces": ["application/xml"], "responses": {"200": {"schema": {"type": "string"}}, "204": {}}}
    assert operation(content)["responses"] == {
        "200": {"content": {"application/xml": {"schema": {"type": "string"}}}},
        "204": {"description": ""},
    }
    shared = operation({"responses": {"200": {"$ref": "#/responses/ok"}}}, responses={"ok": {"schema": {}}})
    assert shared["responses"] == {"200": {"content": {"application/json": {"schema": {}}}}}


def test_security() -> None:
    key = {"type": "apiKey", "in": "header", "name": "k"}
    oauth = {"type": "oauth2", "flow": "accessCode", "tokenUrl": "http://a.example/t"}
    result, _ = translated(securityDefinitions={"b": {"type": "basic"}, "k": key, "o": oauth, "x": 3})
    assert result["components"]["securitySchemes"] == {
        "b": {"type": "http", "scheme": "basic"},
        "k": key,
        "o": {"type": "oauth2", "flows": {"authorizationCode": oauth}},
        "x": 3,
    }


def test_the_original_stays_for_references() -> None:
    assert translated(definitions={"Pet": {}})[0]["definitions"] == {"Pet": {}}
