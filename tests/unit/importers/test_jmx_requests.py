from pathlib import Path

import pytest

from kilobar.model.scenario import Auth, Basic, Part, Request

from .jmx import arguments, element, headers, http, in_group, notes_of, request_of, steps_of

FIXED = {"name": "a", "value": "b c", "always_encode": True}


def defaults(**values: str) -> str:
    return element("ConfigTestElement", **{f"HTTPSampler.{name}": value for name, value in values.items()})


@pytest.mark.parametrize(
    ("values", "target", "url"),
    [
        ({"path": "/a b#f"}, "http://a.example", "/a%20b"),
        ({"path": "a"}, "http://a.example", "/a"),
        ({"port": "8080"}, "http://a.example:8080", "/x"),
        ({"port": "80"}, "http://a.example", "/x"),
        ({"port": "443", "protocol": "HTTPS"}, "https://a.example", "/x"),
        ({"path": "https://b.example:1/y?z=1"}, "https://b.example:1", "/y?z=1"),
        ({"domain": "https://c.example/"}, "https://c.example", "/x"),
        ({"domain": ""}, "${env.TARGET_URL:-http://127.0.0.1:8700}", "/x"),
    ],
)
def test_addresses(values: dict[str, str], target: str, url: str) -> None:
    result = in_group(http(**values))  # type: ignore[arg-type]
    assert (result.scenario.target, request_of(result).url) == (target, url)


def test_requests_to_other_servers_keep_their_whole_address() -> None:
    result = in_group(http(), http(path="/y"), http(domain="b.example", protocol="https"))
    assert [step.url for step in steps_of(result) if isinstance(step, Request)] == ["/x", "/y", "https://b.example/x"]


def test_the_inner_of_several_defaults_wins() -> None:
    inner = element("GenericController", http(domain=""), defaults(port="81"))
    result = in_group(defaults(domain="d.example", port="80", protocol="https"), inner)
    assert result.scenario.target == "https://d.example:81"


def test_inner_headers_win_whatever_their_order_and_case() -> None:
    result = in_group(http(headers(accept="inner/a")), headers(Accept="outer/a", X_Y="1"))
    assert request_of(result).headers == {"accept": "inner/a", "X-Y": "1"}


def test_secrets_in_headers_are_hidden() -> None:
    assert request_of(in_group(http(headers(Authorization="Bearer abc")))).headers == {
        "Authorization": "Bearer ${env.AUTHORIZATION_BEARER:-not-set}"
    }


def test_arguments_of_a_get_are_its_parameters() -> None:
    assert request_of(in_group(http(**arguments(FIXED, FIXED)))).params == {"a": ["b c", "b c"]}


def test_arguments_that_are_sent_as_they_stand_keep_their_form() -> None:
    rows = ({"name": "a", "value": "b%20c"}, {"name": "d", "value": "e/f"}, {"name": "g", "use_equals": False})
    request = request_of(in_group(http(**arguments(*rows))))
    assert (request.url, request.params) == ("/x?a=b%20c&d=e/f&g", {})


def test_arguments_of_a_post_are_a_form() -> None:
    request = request_of(in_group(http(method="POST", **arguments(FIXED, {"name": "password", "value": "p"}))))
    assert request.form == {"a": "b c", "password": "${env.PASSWORD:-not-set}"}


def test_a_raw_body_is_text() -> None:
    request = request_of(in_group(http(method="POST", postBodyRaw=True, **arguments({"value": "a ${x}\n"}))))
    assert request.body == "a ${x}\n"


def test_a_raw_body_of_json_is_json() -> None:
    sampler = http(headers(content_type="application/json"), method="PUT", postBodyRaw=True,
                   **arguments({"value": '{"a": 1, "secret": "s", "b": "x${y}"}'}))  # fmt: skip
    assert request_of(in_group(sampler)).json == {"a": 1, "secret": "${env.SECRET:-not-set}", "b": "x${y}"}


def test_json_in_which_a_text_could_become_a_number_stays_text() -> None:
    sampler = http(method="POST", postBodyRaw=True, **arguments({"value": '{"id": "${id}"}'}))
    assert request_of(in_group(sampler)).body == '{"id": "${id}"}'


def test_files_are_parts_or_the_whole_body(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    part = {"File.path": "a.txt", "File.paramname": "f", "File.mimetype": "text/plain"}
    whole = {"File.path": "a.txt", "File.paramname": "", "File.mimetype": "text/plain"}
    parts = http(method="POST", **arguments(FIXED), **{"HTTPsampler.Files": {"HTTPFileArgs.files": [part]}})
    body = http(method="PUT", **{"HTTPsampler.Files": {"HTTPFileArgs.files": [whole]}})
    first, second = (step for step in steps_of(in_group(parts, body, directory=tmp_path)) if isinstance(step, Request))
    assert first.multipart == {"a": "b c", "f": Part(file="a.txt", content_type="text/plain")}
    assert (second.body_file, second.headers) == ("a.txt", {"content-type": "text/plain"})


def test_basic_authorization_is_that_of_the_addresses_it_is_for() -> None:
    rows = [{"Authorization.url": f"http://{host}/", "Authorization.username": user, "Authorization.password": "p"}
            for host, user in (("b.example", "bob"), ("a.example", "ann"))]  # fmt: skip
    result = in_group(http(), element("AuthManager", **{"AuthManager.auth_list": rows}))
    assert request_of(result).auth == Auth(basic=Basic(user="ann", password="${env.ANN_PASSWORD:-not-set}"))


def test_timeouts_and_proxies_are_settings() -> None:
    result = in_group(
        http(
            response_timeout="5000",
            connect_timeout="300",
            proxyHost="10.0.0.1",
            proxyPort="3128",
            follow_redirects=True,
        )
    )
    scenario, request = result.scenario, request_of(result)
    assert (scenario.connect_timeout, scenario.proxy) == ("300ms", "http://10.0.0.1:3128")
    assert (request.timeout, request.redirects) == ("5000ms", 20)


@pytest.mark.parametrize(
    "values",
    [
        {"image_parser": True},
        {"use_keepalive": False},
        {"contentEncoding": "cp1251"},
        {"method": "A B"},
        {"protocol": "ftp"},
    ],
)
def test_what_is_not_carried_over_is_noted(values: dict[str, str | bool]) -> None:
    assert len(notes_of(in_group(http(**values)))) == 1  # type: ignore[arg-type]
