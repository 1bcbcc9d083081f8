"""Postman collections."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers import ImportFailed, Notes, Options, import_bytes, postman
from kilobar.importers.bounds import all_steps
from kilobar.importers.outcome import Imported
from kilobar.importers.source import Source
from kilobar.model.scenario import Auth, Basic, Check, Group, Part, Request, Set, Tls


def convert(items: list[Any], environment: Path | None = None, directory: Path = Path(), **top: Any) -> Imported:
    data = json.dumps({"info": {"name": "shop"}, "item": items, **top}).encode()
    return import_bytes(data, "shop.json", directory, Options(format="postman", environment=environment))


def request(url: Any = "http://h/a", **parts: Any) -> dict[str, Any]:
    return {"name": "one", "request": {"url": url, **parts}}


def only(imported: Imported) -> Request:
    (found,) = [step for step in all_steps(imported.scenario) if isinstance(step, Request)]
    return found


def messages(imported: Imported) -> list[str]:
    return [str(note) for note in imported.notes]


def test_folders_are_groups_of_one_flow_and_names_are_unique() -> None:
    imported = convert(
        [{"name": "A", "item": [request()]}, {"name": "B", "item": [request()]}, {"name": "C", "item": []}]
    )
    (flow,) = imported.scenario.flows
    assert [step.group for step in flow.steps if isinstance(step, Group)] == ["A", "B"]
    names = [step.name for step in all_steps(imported.scenario) if isinstance(step, Request)]
    assert names == ["A / one", "B / one"]
    assert "item[2]: the folder has no requests and is left out" in messages(imported)


@pytest.mark.parametrize(
    ("url", "target", "path", "params"),
    [
        ("localhost:8080/x", "http://localhost:8080", "/x", {}),
        ("https://h/a b?q=1&q=2", "https://h", "/a%20b", {"q": ["1", "2"]}),
        ("https://h/a?q=a,b&flag", "https://h", "/a?q=a,b&flag", {}),
        ({"raw": "http://h/:id/x", "host": ["h"], "protocol": "http", "path": [":id", "x"],
          "variable": [{"key": "id", "value": "7"}]}, "http://h", "/7/x", {}),
        ({"raw": "http://h/a?x=1&y=2", "protocol": "http", "host": "h", "path": "/a",
          "query": [{"key": "x", "value": "1"}, {"key": "y", "value": "2", "disabled": True}]},
         "http://h", "/a", {"x": "1"}),
        ({"raw": "http://h:81/a?x=1", "protocol": "http", "host": ["h"], "port": 81, "path": ["a"], "query": "x=1"},
         "http://h:81", "/a", {"x": "1"}),
    ],
)  # fmt: skip
def test_addresses_are_read_in_all_their_shapes(url: Any, target: str, path: str, params: Any) -> None:
    imported = convert([request(url)])
    step = only(imported)
    assert (imported.scenario.target, step.url, step.params) == (target, path, params)


def test_variables_become_constants_and_the_environment_wins(tmp_path: Path) -> None:
    environment = tmp_path / "e.json"
    environment.write_text('{"values": [{"key": "host", "value": "b", "enabled": true}]}', encoding="utf-8-sig")
    variables = [{"key": "host", "value": "a"}, {"key": "base-url", "value": "http://{{host}}/v1"}]
    imported = convert([request("{{base-url}}/x?p={{missing}}")], environment, variable=variables)
    assert imported.scenario.variables == {"host": "b", "base_url": "http://${host}/v1"}
    assert (imported.scenario.target, only(imported).url) == ("${base_url}", "/x")
    assert only(imported).params == {"p": "${env.missing:-not-set}"}
    assert any("set the environment variable missing" in message for message in messages(imported))


def test_a_variable_that_a_script_writes_starts_with_its_value() -> None:
    test = {"listen": "test", "script": {"exec": "pm.environment.set('t', pm.response.json().t)"}}
    items = [{**request("http://h/{{t}}"), "event": [test]}, request("http://h/{{t}}")]
    imported = convert(items, variable=[{"key": "t", "value": "first"}])
    first, one, two = imported.scenario.flows[0].steps
    assert first == Set(set={"t": "first"})
    assert isinstance(one, Request)
    assert isinstance(two, Request)
    assert (one.url, one.save["t"].json, two.url) == ("/${t}", "$.t", "/${t}")


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"type": "basic", "basic": {"username": "u", "password": "p"}},
         Auth(basic=Basic(user="u", password="${env.PASSWORD:-not-set}"))),
        ({"type": "bearer", "bearer": [{"key": "token", "value": "{{t}}"}]}, Auth(bearer="${env.t:-not-set}")),
        ({"type": "oauth2", "oauth2": [{"key": "accessToken", "value": "x"}]},
         Auth(bearer="${env.ACCESS_TOKEN:-not-set}")),
        ({"type": "noauth"}, None),
    ],
)  # fmt: skip
def test_authentication_is_inherited(auth: Any, expected: Auth | None) -> None:
    imported = convert([{"name": "folder", "auth": auth, "item": [request()]}], auth={"type": "hawk"})
    assert only(imported).auth == expected
    assert "auth: hawk authentication is not supported: requests are sent without it" in messages(imported)


def test_an_api_key_goes_where_it_says() -> None:
    settings = [{"key": "key", "value": "X-Key"}, {"key": "value", "value": "s"}]
    assert only(convert([request(auth={"type": "apikey", "apikey": settings})])).headers == {
        "X-Key": "${env.X_KEY:-not-set}"
    }
    settings.append({"key": "in", "value": "query"})
    assert only(convert([request(auth={"type": "apikey", "apikey": settings})])).params == {
        "X-Key": "${env.X_KEY:-not-set}"
    }


def test_bodies_are_read_by_their_mode(tmp_path: Path) -> None:
    (tmp_path / "there.txt").write_text("x")
    raw = {"mode": "raw", "raw": '{"a": 1} // why', "options": {"raw": {"language": "json"}}}
    assert only(convert([request(method="post", body=raw)])).json == {"a": 1}
    held = {**raw, "raw": '{"a": {{$randomInt}}}'}
    step = only(convert([request(method="POST", body=held)]))
    assert (step.body, step.headers) == ('{"a": ${random.int(0, 1000)}}', {"content-type": "application/json"})
    form = {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "1"}, {"key": "b", "disabled": True}]}
    assert only(convert([request(method="POST", body=form)])).form == {"a": "1"}
    files = {"mode": "formdata", "formdata": [{"key": "f", "type": "file", "src": ["there.txt", "/gone/x.csv"]}]}
    imported = convert([request(method="POST", body=files)], directory=tmp_path)
    assert only(imported).multipart == {"f": [Part(file="there.txt"), Part(text="content of x.csv", filename="x.csv")]}
    assert any("is not there" in message for message in messages(imported))
    graphql = {"mode": "graphql", "graphql": {"query": "query($id: ID) { a }", "variables": '{"id": 1}'}}
    body = only(convert([request(method="POST", body=graphql)])).json
    assert body == {"query": "query($id: ID) { a }", "variables": {"id": 1}}


def test_a_get_has_no_body_unless_the_collection_says_so() -> None:
    item = request(body={"mode": "raw", "raw": "x"})
    assert only(convert([item])).body is None
    assert only(convert([{**item, "protocolProfileBehavior": {"disableBodyPruning": True}}])).body == "x"


def test_redirects_and_verification_follow_the_behaviour() -> None:
    imported = convert(
        [{**request(), "protocolProfileBehavior": {"followRedirects": False, "strictSSL": False}}],
        protocolProfileBehavior={"maxRedirects": 3},
    )
    assert (imported.scenario.redirects, only(imported).redirects) == (10, 0)
    assert imported.scenario.tls == Tls(insecure=True)


def test_scripts_of_the_collection_belong_to_each_request() -> None:
    event = {"listen": "test", "script": {"exec": ["pm.response.to.have.status(200);", "odd()"]}}
    imported = convert([request(), request()], event=event)
    checks = [step.check for step in all_steps(imported.scenario) if isinstance(step, Request)]
    assert checks == [Check(status=200), Check(status=200)]
    assert "event[0]: test script, line 2: not carried over: `odd`" in messages(imported)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"requests": [], "order": []}, "v1 is not supported"),
        ({"values": []}, "environment"),
        ({}, "no `item`"),
        ({"item": []}, "no request"),
    ],
)
def test_what_is_no_collection_is_refused_with_a_hint(content: Any, words: str) -> None:
    with pytest.raises(ImportFailed, match=words):
        import_bytes(json.dumps(content).encode(), "a.json", Path(), Options(format="postman"))


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(
    ["{{a}}", "raw", "basic", "test", "formdata", "file", "http://h/:x?y#z", "pm.test('a', () => {"]
)  # fmt: skip
_KEY_NAMES = (
    "item request url raw host path query variable key value body mode formdata src urlencoded graphql auth type basic"
    " event listen script exec header name method protocolProfileBehavior response options disabled"
)
_KEYS = st.sampled_from(_KEY_NAMES.split())
_SHAPES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=25
)


@given(st.lists(_SHAPES, max_size=3), _SHAPES, st.dictionaries(_KEYS, _SHAPES, max_size=4))
def test_any_shape_is_converted_or_refused(items: list[Any], request_shape: Any, top: dict[str, Any]) -> None:
    content = {**top, "item": [*items, {"request": request_shape}, {"request": {"url": "http://h", "body": top}}]}
    data = json.dumps(content).encode()
    # A defect of the importer would be refused too, with the name of the exception.
    with contextlib.suppress(ImportFailed):
        import_bytes(data, "a.json", Path(), Options(format="postman")).to_yaml("a.json")
    convert_alone(data)


def convert_alone(data: bytes) -> None:
    """Without the guard that turns defects into diagnostics."""
    with contextlib.suppress(ImportFailed):
        postman.convert(Source("a.json", Path(), data), Notes(), Options())
