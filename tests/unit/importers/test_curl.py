from pathlib import Path

import pytest

from kilobar.importers import ImportFailed
from kilobar.importers.curl import recognises
from kilobar.importers.source import Source
from kilobar.model.scenario import Auth, Basic, Tls

from .importing import given, imported, notes_of, only, requests_of


def test_many_commands_become_the_steps_of_one_flow_below_their_common_target() -> None:
    result = imported("curl http://a.example/1\n# a comment\ncurl http://a.example/2; curl http://b.example/3", "curl")
    assert result.scenario.target == "http://a.example"
    assert [step.url for step in requests_of(result)] == ["/1", "/2", "http://b.example/3"]


def test_several_urls_and_next_make_several_requests() -> None:
    result = imported("curl -d a=1 a.example/1 a.example/2 --next a.example/3", "curl")
    assert [(step.method, step.url) for step in requests_of(result)] == [("POST", "/1"), ("POST", "/2"), ("GET", "/3")]


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ("", "GET"),
        ("-d a=1", "POST"),
        ("-F a=1", "POST"),
        ("--json '{}'", "POST"),
        ("-G -d a=1", "GET"),
        ("-I", "HEAD"),
        ("-T -", "PUT"),
        ("-X purge", "PURGE"),
        ("-XDELETE -d a=1", "DELETE"),
    ],
)
def test_the_method_is_that_which_curl_would_use(options: str, method: str) -> None:
    assert only(imported(f"curl {options} http://a.example/", "curl")).method == method


def test_an_address_without_a_scheme_is_http_and_its_fragment_is_never_sent() -> None:
    assert only(imported("curl 'localhost:8080/a b#c'", "curl")).url == "/a%20b"
    assert imported("curl localhost:8080", "curl").scenario.target == "http://localhost:8080"


def test_user_and_password_become_basic_authentication_and_the_password_comes_from_the_environment() -> None:
    expected = Auth(basic=Basic(user="ann", password="${env.ANN_PASSWORD:-not-set}"))
    for command in ("curl -u ann:pw http://a.example/", "curl http://ann:pw@a.example/"):
        request = only(imported(command, "curl"))
        assert (request.url, request.auth) == ("/", expected)


def test_authentication_that_is_not_supported_is_noted() -> None:
    result = imported("curl --digest -u ann:pw http://a.example/", "curl")
    assert only(result).auth is None
    assert "line 1.--user: digest authentication is not supported; left out" in notes_of(result)


def test_headers_replace_those_of_options_and_an_empty_one_removes() -> None:
    command = "curl -A agent -e from -H 'user-agent: other' -H 'X-Empty;' -H 'Referer:' -r 0-9 http://a.example/"
    headers = only(imported(command, "curl")).headers
    assert headers == {"Range": "bytes=0-9", "user-agent": "other", "X-Empty": ""}


def test_cookies_of_options_and_headers_are_hidden_and_cookie_files_are_noted() -> None:
    result = imported("curl -b 'a=1; b=2' -b jar.txt -H 'Cookie: c=3' http://a.example/", "curl")
    assert list(only(result).cookies) == ["a", "b", "c"]
    assert only(result).cookies["a"] == "${env.COOKIE_A:-not-set}"
    assert "cookie" not in {name.lower() for name in only(result).headers}
    assert "line 1.--cookie: cookies are not read from a file; left out" in notes_of(result)


def test_shell_variables_come_from_the_environment() -> None:
    text = 'BASE=http://a.example\nTOKEN=abc\ncurl -H "Authorization: Bearer $TOKEN" "${BASE}/x"'
    request = only(imported(text, "curl"))
    assert request.headers == {"Authorization": "Bearer ${env.TOKEN:-not-set}"}
    assert request.url == "${env.BASE:-http://a.example}/x"


def test_settings_of_the_connection_hold_for_the_scenario(tmp_path: Path) -> None:
    for name in ("ca.pem", "me.pem"):
        (tmp_path / name).write_text("x")
    text = (
        "curl -k --cacert ca.pem --cert me.pem --http2 -x proxy:3128 --resolve a.example:443:127.0.0.1 -L "
        "--max-redirs 3 -m 2.5 --connect-timeout 1 https://a.example/"
    )
    result = imported(text, "curl", tmp_path)
    scenario = result.scenario
    assert scenario.tls == Tls(insecure=True, ca_file="ca.pem", cert="me.pem", key="me.pem")
    assert (scenario.http, scenario.proxy, scenario.connect_timeout) == ("2", "http://proxy:3128", "1s")
    assert scenario.resolve == {"a.example": "127.0.0.1"}
    assert given(only(result)) == {"redirects": 3, "timeout": "2.5s"}
    assert notes_of(result) == []


def test_a_setting_that_commands_disagree_on_is_noted() -> None:
    result = imported("curl --http2 http://a.example/\ncurl --http1.1 http://a.example/", "curl")
    assert result.scenario.http == "2"
    assert "line 2.--http1.1: this holds for the whole scenario; the first command decides" in notes_of(result)


@pytest.mark.parametrize(
    ("command", "note"),
    [
        ("curl --unheard http://a.example/", "line 1.--unheard: this option has no meaning here; left out"),
        ("curl --limit-rate 5k http://a.example/", "line 1.--limit-rate: this option has no meaning here; left out"),
        ("curl http://a.example/ | jq .", "line 1: the command `jq` is no curl; left out"),
        ("curl http://a.example/; curl", "line 1: there is no URL in this command; left out"),
        ("curl http://a.example/ ftp://a.example/", "line 1: `ftp` is not HTTP; this URL is left out"),
        ("curl http://a.example/ http:///x", "line 1: `http:///x` has no host; this URL is left out"),
        ("curl -m soon http://a.example/", "line 1.--max-time: this is no number of seconds; left out"),
        ("curl -x socks5://p:1 http://a.example/", "line 1.--proxy: only http:// proxies are supported; left out"),
        ("curl -H @file http://a.example/", "line 1.--header: headers are not read from a file; left out"),
        ("curl -L --max-redirs -1 http://a.example/", "line 1.--max-redirs: at most 50 redirects are followed"),
        ("curl http://a.example/[1-9]", "line 1: ranges and lists in a URL are not expanded: it is sent as it stands"),
    ],
)
def test_what_is_not_carried_over_is_noted_with_its_line(command: str, note: str) -> None:
    assert note in notes_of(imported(command, "curl"))


def test_options_about_output_are_left_out_without_a_word() -> None:
    result = imported("curl -sSfvi -o /dev/null -w '%{http_code}' --no-progress-meter http://a.example/ 2>&1", "curl")
    assert (given(only(result)), notes_of(result)) == ({}, [])


def test_a_quote_that_is_not_closed_is_a_diagnostic_with_its_position() -> None:
    with pytest.raises(ImportFailed) as caught:
        imported("curl http://a.example/\ncurl 'http://b.example", "curl")
    assert str(caught.value).startswith("source:2:6: error[import-syntax]: the quote ' is not closed")


def test_a_file_without_a_request_is_refused() -> None:
    with pytest.raises(ImportFailed, match="no request in it"):
        imported("ls -l", "curl")


@pytest.mark.parametrize(
    ("text", "is_curl"),
    [
        ("curl x", True),
        ("#!/bin/sh\n\n$ curl x", True),
        ("TOKEN=1 /usr/bin/curl x", True),
        ('curl ^"x^"', True),
        ("I like curl a lot", False),
        ('{"a": "\\ncurl x"}', False),
        ("<a>\ncurl x\n</a>", False),
        ("", False),
    ],
)
def test_curl_is_recognised_by_a_line_that_starts_with_it(text: str, is_curl: bool) -> None:
    assert recognises(Source("x", Path(), text.encode())) is is_curl


def test_bytes_that_are_no_text_are_not_recognised() -> None:
    assert not recognises(Source("x", Path(), b"curl \xff"))
