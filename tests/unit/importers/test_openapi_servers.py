from typing import Any

import pytest

from kilobar.importers import Imported

from .descriptions import ALWAYS, described, notes_of, steps_of

UNKNOWN = "${env.BASE_URL:-http://127.0.0.1:8080}"
SAID = "the description does not say where the server is: set the environment variable BASE_URL"


def served(*servers: Any, **operation: Any) -> Imported:
    return described({"/a": {"get": operation}}, servers=list(servers))


def notes(result: Imported) -> list[str]:
    return [note for note in notes_of(result) if note != ALWAYS]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example:8443/v1/", "https://a.example:8443/v1"),
        ("/v1", f"{UNKNOWN}/v1"),
        ("/", UNKNOWN),
        ("../v1", f"{UNKNOWN}/v1"),
        ("", UNKNOWN),
        ("//a.example/v1", "http://a.example/v1"),
    ],
)
def test_the_first_server_is_the_target(url: str, target: str) -> None:
    result = served({"url": url})
    assert result.scenario.target == target
    assert notes(result) == ([SAID] if not url.startswith("https") else [])


def test_without_servers_the_environment_says_where() -> None:
    assert served().scenario.target == UNKNOWN


def test_variables_become_constants() -> None:
    variables = {"host": {"default": "a"}, "port": {"enum": ["8080", "1"]}, "base-path": {"default": "v2"}}
    result = served({"url": "http://{host}.example:{port}/{base-path}", "variables": variables})
    assert result.scenario.target == "http://${host}.example:${port}/${base_path}"
    assert result.scenario.variables == {"host": "a", "port": "8080", "base_path": "v2"}


def test_operations_may_have_servers_of_their_own() -> None:
    own = [{"url": "http://b.example/{v}", "variables": {"v": {"default": "2"}}}]
    top = {"url": "http://a.example/{v}", "variables": {"v": {"default": "1"}}}
    result = served(top, servers=own)
    assert [step.url for step in steps_of(result)] == ["http://b.example/${v_2}/a"]
    assert result.scenario.variables == {"v": "1", "v_2": "2"}
    path_item = {"servers": own, "get": {}, "put": {"servers": [top]}}
    both = described({"/a": path_item}, servers=[top])
    assert [step.url for step in steps_of(both)] == ["http://b.example/${v_2}/a", "/a"]


def test_what_is_left_out_is_noted() -> None:
    result = served({"url": "http://a.example/{x}?q=1"}, {"url": "http://b.example"})
    assert result.scenario.target == "http://a.example"
    assert notes(result) == [
        "servers: the first of 2 servers is taken; the others: http://b.example",
        "servers[0].url: what follows the `?` is left out",
        "servers[0].variables: the variable `x` has no default; left out",
    ]
    odd = served({"url": "ws://a.example"})
    assert odd.scenario.target == UNKNOWN
    assert "servers[0].url: `ws://a.example` is no address of HTTP" in notes(odd)
