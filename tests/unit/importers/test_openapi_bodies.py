from pathlib import Path
from typing import Any

import pytest

from kilobar.importers import import_bytes
from kilobar.importers.openapi_bodies import is_json
from kilobar.model.scenario import Part

from .descriptions import body, one, steps_of

HERE = "paths./a.post.requestBody"


def test_json_by_example_and_by_schema() -> None:
    assert body("application/json", {"example": {"a": 1}})[0].json == {"a": 1}
    step, notes = body("application/vnd.x+json; v=1", {"schema": {"properties": {"a": {"type": "integer"}}}})
    assert (step.json, step.headers) == ({"a": 1}, {"content-type": "application/vnd.x+json; v=1"})
    assert notes == []


def test_json_that_is_given_as_text_is_json() -> None:
    assert body("application/json", {"example": '{"a": "${x}"}'})[0].json == {"a": "$${x}"}
    assert body("application/json", {"example": "just text"})[0].json == "just text"


def test_null_and_deep_json_are_sent_as_text() -> None:
    assert body("application/json", {"example": None})[0].body == "null"
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    step, _ = body("application/json", {"example": deep})
    assert step.body == "[" * 40 + "1" + "]" * 40
    assert step.headers == {"content-type": "application/json"}


def test_one_media_type_is_taken_and_the_others_are_noted() -> None:
    content = {"application/xml": {}, "multipart/form-data": {}, "application/json": {"example": [1]}}
    step, notes = one({"requestBody": {"content": content}}, "post")
    assert step.json == [1]
    assert notes == [
        f"{HERE}: the body is sent as application/json, it could be application/xml as well",
        f"{HERE}: the body is sent as application/json, it could be multipart/form-data as well",
    ]


def test_forms() -> None:
    media = {"example": {"user": "ann", "tag": ["a", "b"], "n": 1}}
    assert body("application/x-www-form-urlencoded", media)[0].form == {"user": "ann", "tag": ["a", "b"], "n": 1}
    written = {**media, "encoding": {"tag": {"style": "form", "explode": False}}}
    step, _ = body("application/x-www-form-urlencoded", written)
    assert step.body == "user=ann&n=1&tag=a,b"
    assert step.headers == {"content-type": "application/x-www-form-urlencoded"}
    odd = {"example": {"o": {"a": 1}}, "encoding": {"o": {"contentType": "application/json"}}}
    assert body("application/x-www-form-urlencoded", odd)[0].form == {"o": '{"a": 1}'}


def test_multipart() -> None:
    properties = {
        "id": {"type": "integer"}, "list": {"items": {"enum": ["x"]}, "minItems": 2}, "meta": {"example": {"a": 1}},
        "doc": {"format": "binary"}, "docs": {"items": {"format": "binary"}}, "csv": {"type": "string"},
        "pic": {"contentMediaType": "image/png"},
    }  # fmt: skip
    encoding = {
        "csv": {"contentType": "text/csv"},
        "doc": {"contentType": "image/png, image/jpeg", "headers": {"x": {}}},
    }
    step, notes = body("multipart/form-data", {"schema": {"properties": properties}, "encoding": encoding})
    assert step.multipart == {
        "id": "1",
        "list": ["x", "x"],
        "meta": Part(text='{"a": 1}', content_type="application/json"),
        "doc": Part(text="content of doc.png", filename="doc.png", content_type="image/png"),
        "docs": Part(text="content of docs.bin", filename="docs.bin"),
        "csv": Part(text="csv", content_type="text/csv"),
        "pic": Part(text="content of pic.bin", filename="pic.bin"),
    }
    assert sum("is not beside the source" in note for note in notes) == 3
    assert f"{HERE}.multipart/form-data.encoding.doc: headers of parts are left out" in notes


def test_parts_that_only_the_example_has_come_in_its_order() -> None:
    media = {"example": {name: name for name in "dcab"}, "schema": {"properties": {"c": {}}}}
    assert list(body("multipart/form-data", media)[0].multipart) == ["c", "d", "a", "b"]


def test_files_beside_the_description_are_sent(tmp_path: Path) -> None:
    (tmp_path / "upload.png").write_bytes(b"\x89PNG")
    content = b'{"openapi": "3.1.0", "paths": {"/a": {"put": {"operationId": "upload", "requestBody": {"content": \
        {"image/png": {}}}}}}}'
    (step,) = steps_of(import_bytes(content, "api.json", tmp_path))
    assert (step.body_file, step.body) == ("upload.png", None)


def test_binary_bodies_need_a_file() -> None:
    step, notes = body("application/octet-stream", {"schema": {"type": "string", "format": "binary"}})
    assert step.body == "content of post_a.bin"
    assert notes == [
        f"{HERE}.application/octet-stream: the file post_a.bin is not beside the source; a short text stands in for its"
        " content"
    ]


def test_texts_and_xml() -> None:
    step, _ = body("text/plain", {"schema": {"type": "string", "example": "hello"}})
    assert (step.body, step.headers) == ("hello", {"content-type": "text/plain"})
    step, notes = body("application/xml", {"schema": {"xml": {"name": "pet"}, "properties": {"id": {"const": 1}}}})
    assert step.body == '<?xml version="1.0" encoding="UTF-8"?><pet><id>1</id></pet>'
    assert notes == [f"{HERE}.application/xml: the XML is made from the schema"]
    assert body("application/xml", {"example": "<a/>"})[0].body == "<a/>"


def test_a_body_without_end_is_left_out() -> None:
    step, notes = body("application/json", {"schema": False})
    assert (step.json, step.body, step.headers) == (None, None, {})
    assert "left out" in notes[0]


@pytest.mark.parametrize(
    ("media_type", "expected"), [("application/json", True), ("application/problem+json", True), ("text/xml", False)]
)
def test_what_is_json(media_type: str, expected: bool) -> None:
    assert is_json(media_type) is expected
