import json
from pathlib import Path
from typing import Any

from kilobar.importers import import_bytes
from kilobar.model.scenario import Auth, Basic, Request, Tls

from .descriptions import described, notes_of, one, steps_of

SCHEMES = {
    "head": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "Basic"},
    "jwt": {"type": "http", "scheme": "bearer"},
    "digest": {"type": "http", "scheme": "digest"},
    "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://a.example/token"}}},
    "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://a.example/oidc"},
    "tls": {"type": "mutualTLS"},
    "odd": {"type": "saml"},
    "placeless": {"type": "apiKey", "in": "body", "name": "k"},
}


def secured(*alternatives: Any, **operation: Any) -> tuple[Request, list[str]]:
    return one({"security": list(alternatives), **operation}, components={"securitySchemes": SCHEMES})


def test_keys_go_where_they_belong() -> None:
    step, notes = secured({"head": [], "query": [], "cookie": []})
    assert step.headers == {"X-Key": "${env.HEAD:-not-set}"}
    assert step.params == {"key": "${env.QUERY:-not-set}"}
    assert step.cookies == {"sid": "${env.COOKIE:-not-set}"}
    assert notes[0] == "set the environment variable HEAD: the key for `head`"


def test_users_and_tokens() -> None:
    basic = Basic(user="${env.BASIC_USER:-not-set}", password="${env.BASIC_PASSWORD:-not-set}")
    assert secured({"basic": []})[0].auth == Auth(basic=basic)
    assert secured({"jwt": []})[0].auth == Auth(bearer="${env.JWT_TOKEN:-not-set}")
    step, notes = secured({"oauth": ["read"]})
    assert step.auth == Auth(bearer="${env.OAUTH_TOKEN:-not-set}")
    assert notes == ["set the environment variable OAUTH_TOKEN: a token for `oauth` (from https://a.example/token)"]
    assert secured({"oidc": []})[1] == [
        "set the environment variable OIDC_TOKEN: a token for `oidc` (see https://a.example/oidc)"
    ]


def test_the_first_alternative_that_can_be_done_is_taken() -> None:
    step, notes = secured({"digest": []}, {"jwt": [], "head": []}, {"query": []}, {})
    assert step.auth == Auth(bearer="${env.JWT_TOKEN:-not-set}")
    assert step.headers == {"X-Key": "${env.HEAD:-not-set}"}
    assert notes[:3] == [
        "paths./a.get.security: `digest` cannot be used: HTTP authentication `digest` is not supported",
        "paths./a.get.security: jwt and head is used, query would do as well",
        "paths./a.get.security: jwt and head is used, no credentials would do as well",
    ]


def test_what_cannot_be_done_is_noted() -> None:
    step, notes = secured({"odd": []}, {"placeless": []}, {"unknown": []}, {"jwt": [], "basic": []}, 3)
    assert step.auth is None
    assert [note.removeprefix("paths./a.get.security: ") for note in notes if "set the" not in note] == [
        "`odd` cannot be used: there is no way of authentication `saml`",
        "`placeless` cannot be used: its place or name is missing",
        "`unknown` cannot be used: it is not described",
        "`basic` cannot be used: a request has one `authorization`",
        "this is no security requirement; left out",
        "none of the ways of authentication can be used; requests are sent without",
    ]


def test_an_operation_replaces_what_holds_for_all() -> None:
    paths = {"/a": {"get": {"security": []}, "put": {}, "post": {"security": [{"query": []}]}}}
    result = described(paths, security=[{"head": []}], components={"securitySchemes": SCHEMES})
    headers = {step.method: (step.headers, step.params) for step in steps_of(result)}
    assert headers["GET"] == ({}, {})
    assert headers["PUT"] == ({"X-Key": "${env.HEAD:-not-set}"}, {})
    assert headers["POST"] == ({}, {"key": "${env.QUERY:-not-set}"})


def test_a_declared_header_gives_way_to_the_credentials() -> None:
    parameters = [{"in": "header", "name": "authorization", "required": True, "schema": {}}]
    step, _ = secured({"jwt": []}, parameters=parameters)
    assert step.headers == {}


def test_a_certificate_is_used_when_it_is_there(tmp_path: Path) -> None:
    content = {"openapi": "3.1.0", "paths": {"/a": {"get": {"security": [{"tls": []}]}}},
               "components": {"securitySchemes": SCHEMES}}  # fmt: skip
    data = json.dumps(content).encode()
    without = import_bytes(data, "api.json", tmp_path)
    assert without.scenario.tls is None
    assert any("a client certificate is needed" in note for note in notes_of(without))
    for name in ("client.pem", "client-key.pem"):
        (tmp_path / name).write_text("")
    assert import_bytes(data, "api.json", tmp_path).scenario.tls == Tls(cert="client.pem", key="client-key.pem")
