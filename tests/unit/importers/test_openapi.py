from pathlib import Path

import pytest

from kilobar.importers import ImportFailed, import_bytes
from kilobar.importers.bounds import MAX_STEPS
from kilobar.importers.openapi import recognises
from kilobar.importers.source import Source
from kilobar.model.scenario import Flow, Users

from .descriptions import ALWAYS, described, notes_of, steps_of
from .importing import imported


@pytest.mark.parametrize("text", ['{"swagger": "2.0"}', "openapi: 3.1.0\n", '{"openapi": 3}'])
def test_a_description_is_recognised_by_its_version(text: str) -> None:
    assert recognises(Source("f", Path(), text.encode()))


@pytest.mark.parametrize("text", ["", "[]", '{"paths": {}}', "a: openapi\n", "openapi: ["])
def test_nothing_else_is_recognised(text: str) -> None:
    assert not recognises(Source("f", Path(), text.encode()))


def test_a_flow_for_each_tag_with_its_operations_in_order() -> None:
    result = described(
        {
            "/b": {"get": {"tags": ["B"]}, "post": {"tags": ["B", "A"], "operationId": "make b"}},
            "/{x}/a/1": {"get": {}},
        },
        info={"title": "Shop"},
    )  # fmt: skip
    assert result.scenario.name == "Shop"
    flows = [flow for flow in result.scenario.flows if isinstance(flow, Flow)]
    assert [(flow.name, flow.weight) for flow in flows] == [("B", 2), ("a", 1)]
    assert [step.name for step in steps_of(result)] == ["make b", "GET /b", "GET /{x}/a/1"]
    assert result.scenario.load == [Users(users=1, for_="30s")]


def test_a_single_flow_needs_no_weight() -> None:
    assert described({"/a": {"get": {}}}).scenario.flows[0].weight is None


def test_names_are_unique() -> None:
    result = described({"/a": {"get": {"operationId": "x"}, "put": {"operationId": "x"}}})
    assert [step.name for step in steps_of(result)] == ["x", "x (2)"]


def test_what_stands_beside_operations_is_no_operation() -> None:
    result = described({"/a": {"summary": "s", "x-y": {}, "get": {}, "put": 3}, "x-more": {}, "/b": 7})
    assert len(steps_of(result)) == 1
    assert [note for note in notes_of(result) if note != ALWAYS] == [
        "paths./a.put: this is no operation; left out",
        "paths./b: this is no path; left out",
    ]


def test_path_items_may_be_elsewhere() -> None:
    result = described({"/a": {"$ref": "#/components/pathItems/a"}}, components={"pathItems": {"a": {"get": {}}}})
    assert [step.url for step in steps_of(result)] == ["/a"]


def test_webhooks_are_counted() -> None:
    result = described({"/a": {"get": {}}}, webhooks={"new": {"post": {}}})
    assert "webhooks are left out: the server sends them (1)" in notes_of(result)


def test_what_is_too_much_is_cut() -> None:
    result = described({f"/a{number}": {"get": {}} for number in range(MAX_STEPS + 5)})
    assert len(steps_of(result)) == MAX_STEPS
    assert f"5 operations are left out: a scenario has at most {MAX_STEPS:,} steps" in notes_of(result)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"swagger": "1.2"}', "1:1: error[import-syntax]: version `1.2` of the format is not known"),
        ("openapi: 3.0.0\na: [\n", "3:1: error[import-syntax]"),
        ('{"openapi": "3.0.0",}', "1:21: error[import-syntax]: this is not JSON"),
        ("[]", "an API description is a mapping with the key `openapi` or `swagger`"),
        ('{"openapi": "3.0.0"}', "there is no request in it that can be sent"),
    ],
)
def test_malformed_descriptions_are_refused_with_their_place(text: str, message: str) -> None:
    with pytest.raises(ImportFailed) as failed:
        imported(text, "openapi")
    assert message in str(failed.value)


def test_newer_versions_are_read_as_what_is_known() -> None:
    data = b'{"openapi": "3.2.0", "paths": {"/a": {"query": {}}}}'
    result = import_bytes(data, "source", Path("nowhere"))
    assert [step.method for step in steps_of(result)] == ["QUERY"]
    assert "openapi: version 3.2.0 is read as 3.1" in notes_of(result)
