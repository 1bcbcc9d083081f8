from typing import Any

from .descriptions import described, one, steps_of

HERE = "paths./a.get"


def parameters(*given: dict[str, Any], path: str = "/a") -> Any:
    return one({"parameters": list(given)}, path=path)


def parameter(place: str, name: str, **more: Any) -> dict[str, Any]:
    return {"in": place, "name": name, "schema": {"type": "string"}, **more}


def test_parameters_go_where_they_belong() -> None:
    step, notes = parameters(
        parameter("query", "q", example="x y"),
        parameter("query", "list", schema={"type": "array", "items": {"enum": ["a"]}, "minItems": 2}, explode=False),
        parameter("header", "X-A", example=True),
        parameter("cookie", "theme", example="dark"),
        parameter("path", "id", required=True, example="a/b"),
        path="/a/{id}.json",
    )
    assert step.url == "/a/a%2Fb.json?list=a,a"
    assert (step.params, step.headers, step.cookies) == ({"q": "x y"}, {"X-A": "true"}, {"theme": "dark"})
    assert notes == []


def test_optional_parameters_without_an_example_are_left_out() -> None:
    step, notes = parameters(
        parameter("query", "a"), parameter("query", "b", required=True), parameter("header", "c"),
        parameter("query", "d", schema={"default": 5}),
    )  # fmt: skip
    assert (step.params, step.headers) == ({"b": "b", "d": 5}, {})
    assert notes == ["optional parameters without an example are left out (2)"]


def test_those_of_the_operation_replace_those_of_the_path() -> None:
    item = {"parameters": [parameter("query", "q", example="outer")],
            "get": {"responses": {"200": {}}, "parameters": [{"$ref": "#/components/parameters/q"}]}}  # fmt: skip
    result = described({"/a": item}, components={"parameters": {"q": parameter("query", "q", example="inner")}})
    assert steps_of(result)[0].params == {"q": "inner"}


def test_values_in_paths_that_nobody_gave_are_counted() -> None:
    step, notes = parameters(parameter("path", "id", required=True), path="/a/{id}/{other}")
    assert step.url == "/a/id/other"
    assert notes == [
        "paths./a/{id}/{other}.get: `other` of the path is not described; a text stands for it",
        "values in paths are made up: put in what is there on your server (1)",
    ]


def test_parameters_with_a_media_type_are_written_in_it() -> None:
    step, notes = parameters(
        {"in": "query", "name": "filter", "required": True, "content": {"application/json": {"example": {"a": [1]}}}},
        {"in": "header", "name": "X-B", "required": True, "content": {"text/csv": {"example": [1]}}},
    )
    assert (step.params, step.headers) == ({"filter": '{"a": [1]}'}, {"X-B": "[1]"})
    assert notes == [f"{HERE}.parameters: `X-B` is written as JSON, not as text/csv"]


def test_secrets_come_from_the_environment() -> None:
    step, _ = parameters(
        parameter("header", "Authorization", required=True), parameter("query", "api_key", example="abc"),
        parameter("cookie", "session_id", example="abc"),
    )  # fmt: skip
    assert step.headers == {"Authorization": "${env.AUTHORIZATION:-not-set}"}
    assert step.params == {"api_key": "${env.API_KEY:-not-set}"}
    assert step.cookies == {"session_id": "${env.SESSION_ID:-not-set}"}


def test_what_is_odd_is_noted() -> None:
    step, notes = parameters(
        {"in": "query"}, {"name": "x"}, parameter("header", "Accept", example="x"),
        parameter("query", "q", style="matrix", example=[1, 2]), parameter("query", "old", deprecated=True, example=1),
    )  # fmt: skip
    assert step.params == {"q": [1, 2], "old": 1}
    assert notes == [
        f"{HERE}.parameters[0]: a parameter needs a name and a place; left out",
        f"{HERE}.parameters[1]: a parameter needs a name and a place; left out",
        f"{HERE}.parameters: the media types decide about the header `Accept`, not this parameter",
        f"{HERE}.parameters: there is no style `matrix` for `q`; form is taken",
        f"{HERE}.parameters: the parameter `old` is deprecated",
    ]


def test_deprecated_operations_and_callbacks_are_counted() -> None:
    assert one({"deprecated": True, "callbacks": {"a": {}, "b": {}}})[1] == [
        "operations are deprecated; they are kept (1)",
        "callbacks are left out: the scenario receives no requests (2)",
    ]


def test_paths_are_sent_as_they_are_written() -> None:
    assert one({}, path="/a b/é?x=1&y={z}#f")[0].url == "/a%20b/%C3%A9?x=1&y=z"
    assert one({}, path="/$metadata/${x}")[0].url == "/$metadata/$x"
    assert one({}, path="no-slash")[0].url == "/no-slash"
