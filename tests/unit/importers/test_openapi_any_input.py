"""Whatever a description holds: a scenario that can be written and read, or a diagnostic."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from .test_any_input import assert_imported

KEYS = st.sampled_from(
    ["openapi", "swagger", "servers", "url", "variables", "default", "enum", "paths", "/a", "/a/{id}", "get", "post",
     "put", "delete", "parameters", "name", "in", "required", "schema", "style", "explode", "content", "example",
     "examples", "value", "requestBody", "application/json", "multipart/form-data", "text/xml", "image/png",
     "application/x-www-form-urlencoded", "encoding", "contentType", "responses", "200", "2XX", "default", "security",
     "components", "schemas", "securitySchemes", "k", "type", "scheme", "properties", "items", "prefixItems", "allOf",
     "oneOf", "anyOf", "discriminator", "mapping", "propertyName", "additionalProperties", "format", "pattern",
     "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "multipleOf", "minItems", "maxItems",
     "readOnly", "const", "$ref", "tags", "operationId", "host", "basePath", "schemes", "consumes", "produces",
     "collectionFormat", "definitions", "securityDefinitions", "links", "callbacks", "webhooks", "info", "title",
     "xml", "wrapped", "attribute", "allowReserved", "flows", "nullable", "deprecated"]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 600), st.integers(), st.floats(), st.text(max_size=6),
    st.sampled_from(
        ["path", "query", "header", "cookie", "body", "formData", "id", "X-A", "object", "array", "string", "integer",
         "number", "boolean", "null", "file", "uuid", "date", "binary", "byte", "email", "^[a-z]+$", "simple", "label",
         "matrix", "form", "deepObject", "pipeDelimited", "spaceDelimited", "#/components/schemas/k", "#", "other.yaml",
         "#/paths/~1a/get", "http", "basic", "bearer", "apiKey", "oauth2", "mutualTLS", "http://a.example/{default}",
         "//a", "/v1", "${", "$", "\ud800", "multi", "application/json", "multipart/form-data", "k", "2.0", "3.1.0"]
    ),
)  # fmt: skip
LIKE = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=8)),
    max_leaves=40,
)
SCHEMA_KEYS = st.sampled_from(
    ["type", "properties", "items", "allOf", "oneOf", "anyOf", "example", "default", "enum", "required", "format",
     "pattern", "minLength", "minimum", "maximum", "additionalProperties", "discriminator", "$ref", "readOnly"]
)  # fmt: skip
SCHEMA = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(SCHEMA_KEYS, inner, max_size=6)),
    max_leaves=30,
)
PARAMETER = st.fixed_dictionaries(
    {"name": st.sampled_from(["id", "X-A", "token", "a[b]", "é"]),
     "in": st.sampled_from(["path", "query", "header", "cookie"])},
    optional={"schema": SCHEMA, "style": LEAVES, "explode": st.booleans(), "required": st.booleans(), "example": LIKE,
              "examples": LIKE, "content": LIKE, "allowReserved": st.booleans()},
)  # fmt: skip


def assert_description(content: Any) -> None:
    assert_imported(json.dumps(content).encode(), "openapi")


@given(st.dictionaries(KEYS, LIKE, max_size=6), LIKE, st.sampled_from(["openapi", "swagger"]))
def test_any_json_with_the_keys_of_a_description(content: dict[str, Any], paths: Any, key: str) -> None:
    assert_description({**content, key: "3.1.0" if key == "openapi" else "2.0", "paths": {"/a/{id}": paths}})


@given(LIKE, LIKE, LIKE, st.sampled_from(["openapi", "swagger"]))
def test_any_operation(post: Any, get: Any, components: Any, key: str) -> None:
    paths = {"/a": {"post": post, "parameters": components}, "/a/{id}": {"get": get, "delete": {}}}
    assert_description({key: "3.0.0", "paths": paths, "components": components, "definitions": components})


@given(SCHEMA, SCHEMA, st.sampled_from(["application/json", "application/xml", "multipart/form-data", "text/plain",
                                        "application/x-www-form-urlencoded", "*/*"]))  # fmt: skip
@example({"allOf": [{"$ref": "#/components/schemas/k"}] * 3}, {}, "application/json")
def test_any_schema_of_a_body(schema: Any, other: Any, media_type: str) -> None:
    body = {"content": {media_type: {"schema": schema}}}
    response = {"200": {"content": {"application/json": {"schema": other}}}}
    paths = {"/a": {"post": {"requestBody": body, "responses": response}}, "/a/{id}": {"get": {}}}
    assert_description({"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"k": schema}}})


@given(st.lists(PARAMETER, max_size=4), SCHEMA)
def test_any_parameters(parameters: list[Any], schema: Any) -> None:
    paths = {"/a/{id}": {"get": {"parameters": parameters}}}
    assert_description({"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"k": schema}}})


def test_schemas_that_double_at_each_level_have_an_end() -> None:
    schemas = {f"s{n}": {"allOf": [{"$ref": f"#/components/schemas/s{n + 1}"}] * 2} for n in range(60)}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/s0"}}}}
    paths = {"/a": {"post": {"requestBody": body}}}
    assert_description({"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}})


def test_one_large_example_in_many_places_has_an_end() -> None:
    body = {"content": {"text/plain": {"example": "x" * 1_000_000}}}
    paths = {f"/a{n}": {"post": {"requestBody": {"$ref": "#/components/requestBodies/k"}}} for n in range(90)}
    content = {"openapi": "3.1.0", "paths": paths, "components": {"requestBodies": {"k": body}}}
    assert_description(content)
