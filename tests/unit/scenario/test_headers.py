"""Headers, cookies and authentication."""

from __future__ import annotations

import pytest

from .checking import request, steps, told, variable

BASIC = "auth: {basic: {user: ann, password: 'a:b'}}"


def headers(step: str, top: str = "", env: dict[str, str] | None = None) -> dict[str, object]:
    return dict(request(step, env, top)["headers"])


def test_a_password_is_base64_and_secret_when_it_came_from_the_environment() -> None:
    assert headers("get: /", BASIC) == {"authorization": "Basic YW5uOmE6Yg=="}
    secret = headers("get: /", "auth: {basic: {user: ann, password: '${env.P}'}}", {"P": "a:b"})
    assert secret == {"authorization": [{"text": "Basic "}, {"secret": "YW5uOmE6Yg=="}]}


def test_a_password_that_was_saved_is_encoded_during_the_run() -> None:
    step = request("{get: /, auth: {basic: {user: ann, password: '${id}'}}}")
    joined = {"join": [{"text": "ann"}, {"text": ":"}, {"variable": 0}]}
    call = {"call": {"function": "base64", "arguments": [joined]}}
    assert step["headers"] == [["authorization", [{"text": "Basic "}, {"hole": {"value": call, "encode": "raw"}}]]]


def test_a_token_is_a_bearer() -> None:
    assert headers("{get: /, auth: {bearer: '${id}'}}") == {"authorization": [{"text": "Bearer "}, variable(0)]}


def test_a_step_has_its_own_authentication_or_none() -> None:
    assert headers("{get: /, auth: {bearer: t}}", BASIC) == {"authorization": "Bearer t"}
    assert headers("{get: /, auth: none}", BASIC) == {}
    assert headers("{get: /, headers: {Authorization: mine}}", BASIC) == {"Authorization": "mine"}
    assert headers("{get: /, auth: {bearer: t}}", "headers: {Authorization: x}") == {"authorization": "Bearer t"}


def test_cookies_are_one_header() -> None:
    assert headers("{get: /, cookies: {a: 1, b: x}}") == {"cookie": "a=1; b=x"}
    (step, lowered) = steps("- {get: /, save: {a: $.a}}\n- {get: /, cookies: {a: '${a}', b: x}}")
    assert lowered["headers"] == [["cookie", [{"text": "a="}, variable(0), {"text": "; b=x"}]]]
    assert step["headers"] == []


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("auth: {bearer: t}, headers: {authorization: x}", "conflicting-keys"),
        ("auth: {bearer: t, basic: {user: a, password: b}}", "conflicting-keys"),
        ("auth: {}", "missing-key"),
        ("auth: nobody", "bad-value"),
        ("auth: {bearer: \"t\\nx: y\"}", "bad-header"),
        ("cookies: {a: b}, headers: {cookie: c}", "conflicting-keys"),
        ("cookies: {a: 'b;c'}", "bad-header"),
        ("cookies: {'a=': b}", "bad-header"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_told(keys: str, code: str) -> None:
    assert told(f"- {{get: /, {keys}}}") == [code]


@pytest.mark.parametrize(
    ("top", "step", "trusts"),
    [
        ("auth: {bearer: abc}", "{get: '${id}'}", False),
        ("auth: {bearer: abc}", "{get: '${id}', auth: {bearer: own}}", True),
        ("headers: {X-Api-Key: abc}", "{get: '${id}', auth: {bearer: own}}", False),
        ("headers: {X-Api-Key: abc}", "{get: '${id}', headers: {x-api-key: own}}", True),
        ("auth: {bearer: abc}", "{get: '${id}', auth: none, cookies: {a: b}}", True),
        ("", "{get: '${id}', headers: {x-own: a}}", False),
        ("", "{get: /x, auth: {bearer: own}}", False),
    ],
)
def test_only_credentials_of_the_step_go_to_an_address_known_at_run_time(top: str, step: str, trusts: bool) -> None:
    assert request(step, top=top).get("trusts_address", False) == trusts
