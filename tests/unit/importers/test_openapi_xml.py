from typing import Any

from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.openapi_schema import Examples
from kilobar.importers.openapi_xml import XmlWriter
from kilobar.importers.outcome import Notes

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def written(value: Any, schema: Any) -> tuple[str, list[str]]:
    notes = Notes()
    references = References({"components": {"schemas": {"Pet": schema}}}, notes)
    writer = XmlWriter(Examples(references, Remarks(), notes), notes)
    text = writer.document(value, {"$ref": "#/components/schemas/Pet"})
    return text.removeprefix(HEAD), [str(note) for note in notes.all()]


def test_elements_have_the_names_of_properties() -> None:
    assert written({"id": 1, "name": "a<b"}, {}) == ("<Pet><id>1</id><name>a&lt;b</name></Pet>", [])


def test_names_attributes_and_wrapped_lists() -> None:
    schema = {
        "xml": {"name": "pet"},
        "properties": {
            "id": {"xml": {"attribute": True}},
            "tags": {"type": "array", "xml": {"wrapped": True}, "items": {"xml": {"name": "tag"}}},
            "urls": {"type": "array", "items": {}},
        },
    }
    text, notes = written({"id": 'a"b', "tags": ["x", "y"], "urls": ["u", "v"]}, schema)
    assert text == "<pet id='a\"b'><tags><tag>x</tag><tag>y</tag></tags><urls>u</urls><urls>v</urls></pet>"
    assert notes == []


def test_what_is_not_written_is_noted() -> None:
    text, notes = written({"a b": "\x00x"}, {"xml": {"namespace": "http://n.example"}})
    assert text == "<Pet><_a_b>x</_a_b></Pet>"
    assert notes == ["xml: namespaces of XML are not written", "xml: `a b` is no name of an element"]
