from __future__ import annotations

from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users import request_parts
from kilobar.users.request_parts import (
    Address,
    Parts,
    address_of,
    headers_of,
    known_addresses,
    name_of,
    parts_of,
    set_target,
)


def parts(url: str = "/", base: dict[str, str] | None = None, **options: Any) -> Parts:
    return parts_of(url, options, base or {})  # type: ignore[arg-type]


def test_without_options_everything_is_the_default() -> None:
    assert parts() == ("/", [], None, 30_000_000_000, 0, None)


def test_none_is_as_good_as_nothing() -> None:
    nothing = dict.fromkeys(request_parts.RequestOptions.__annotations__)
    assert parts(**nothing) == parts()


@pytest.mark.parametrize(
    ("method", "url", "name", "ready"),
    [
        ("GET", "/items?page=1", "GET /items", "/items?page=1"),
        ("POST", "/a#b?c", "POST /a", "/a"),
        ("GET", "http://h:1/x/y?z", "GET /x/y", "http://h:1/x/y?z"),
        ("GET", "HTTPS://h?q=1", "GET /", "HTTPS://h?q=1"),
        ("GET", "http://h", "GET /", "http://h"),
        ("GET", "/sp ace/é?q=ü%20", "GET /sp ace/é", "/sp%20ace/%C3%A9?q=%C3%BC%20"),
        ("GET", "/line\r\nHost: evil", "GET /line Host: evil", "/line%0D%0AHost:%20evil"),
    ],
)
def test_an_address_has_a_name_and_a_ready_form(method: str, url: str, name: str, ready: str) -> None:
    assert address_of(method, url) == (name, ready)
    assert known_addresses[method, url] == (name, ready)


@pytest.mark.parametrize("url", ["items", "", "?q", "ftp://h/", "http://", "http:///x", None, b"/"])
def test_what_is_no_address_is_refused(url: Any) -> None:
    with pytest.raises(InputError) as refused:
        address_of("GET", url)
    assert "http://host/path" in str(refused.value.hint)


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\n", None])
def test_what_is_no_method_is_refused(method: Any) -> None:
    with pytest.raises(InputError, match="is no method"):
        address_of(method, "/")


def test_known_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_parts, "MAX_KNOWN_ADDRESSES", 3)
    known_addresses.clear()
    for number in range(10):
        address_of("GET", f"/{number}")
        assert len(known_addresses) <= 3
    assert ("GET", "/9") in known_addresses


def test_names_are_bounded() -> None:
    assert len(address_of("GET", "/" + "x" * 1_000).name) == request_parts.MAX_NAME
    assert len(name_of("y" * 1_000)) == request_parts.MAX_NAME


@pytest.mark.parametrize(
    ("url", "params", "ready"),
    [
        ("/a", {"q": "a&b", "n": 1, "on": True, "none": None}, "/a?q=a%26b&n=1&on=true"),
        ("/a?b=1", {"c": ["x", "y"]}, "/a?b=1&c=x&c=y"),
        ("/a", [("c", "x"), ("c", 2.5)], "/a?c=x&c=2.5"),
        ("/a", {"none": None}, "/a"),
        ("/a", {}, "/a"),
    ],
)
def test_params_are_added_to_the_query(url: str, params: Any, ready: str) -> None:
    assert parts(url, params=params).url == ready


def test_headers_of_the_call_lie_over_those_of_the_user() -> None:
    base = {"Accept": "text/html", "X-Own": "1"}
    assert headers_of(base, {"accept": "*/*", "x-own": None, "n": 5}) == [("accept", "*/*"), ("n", "5")]
    assert headers_of(base) == [("Accept", "text/html"), ("X-Own", "1")]


def test_each_kind_of_body_has_its_type_unless_one_is_given() -> None:
    assert (parts(json={"a": "é"}).headers, parts(json={"a": "é"}).body) == (
        [("content-type", "application/json")],
        '{"a":"é"}'.encode(),
    )
    form = parts(data={"a": "b c", "l": [1, 2]})
    assert (form.headers, form.body) == (
        [("content-type", "application/x-www-form-urlencoded")],
        b"a=b+c&l=1&l=2",
    )
    assert (parts(data=b"\x00").headers, parts(data=b"\x00").body) == ([], b"\x00")
    assert parts(data="é").body == "é".encode()
    assert parts(json=[], headers={"Content-Type": "application/own"}).headers == [("Content-Type", "application/own")]
    assert parts(json=[], base={"Content-Type": "application/own"}).headers == [("Content-Type", "application/own")]


def test_false_values_are_bodies_too() -> None:
    assert [parts(json=value).body for value in (0, False, "", {})] == [b"0", b"false", b'""', b"{}"]


def test_files_and_fields_are_one_multipart_body() -> None:
    made = parts(files={"f": b"content"}, data={"title": "t"})
    assert made.headers[0][1].startswith("multipart/form-data; boundary=kilobar-")
    assert made.body is not None
    assert made.body.index(b'name="title"') < made.body.index(b'name="f"')


def test_auth_is_basic_and_takes_the_place_of_an_authorization_of_the_user() -> None:
    made = parts(auth=("user", "pä"), base={"Authorization": "Bearer x"})
    assert made.headers == [("authorization", "Basic dXNlcjpww6Q=")]


@pytest.mark.parametrize(
    ("timeout", "timeout_ns"), [(2, 2_000_000_000), (0.5, 500_000_000), ("250ms", 250_000_000), ("1m30s", 90 * 10**9)]
)
def test_a_timeout_is_seconds_or_a_text_with_a_unit(timeout: Any, timeout_ns: int) -> None:
    assert parts(timeout=timeout).timeout_ns == timeout_ns


@pytest.mark.parametrize(("redirects", "followed"), [(False, 0), (0, 0), (3, 3), (True, 10)])
def test_redirects_are_a_number_or_true(redirects: Any, followed: int) -> None:
    assert parts(redirects=redirects).redirects == followed


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"parms": {}}, "no option `parms`"),
        ({"timeout": 0}, "timeout=0"),
        ({"timeout": -1}, "timeout=-1"),
        ({"timeout": float("nan")}, "timeout=nan"),
        ({"timeout": "2 sec"}, "timeout='2 sec'"),
        ({"timeout": "0s"}, "timeout='0s'"),
        ({"timeout": (1, 2)}, "is no limit"),
        ({"redirects": -1}, "redirects=-1"),
        ({"redirects": 101}, "redirects=101"),
        ({"status": "ok"}, "status='ok'"),
        ({"json": {1, 2}}, "no JSON form"),
        ({"json": float("nan")}, "no JSON form"),
        ({"json": 1, "data": "x"}, "one body"),
        ({"json": 1, "files": {}}, "one body"),
        ({"files": [b""]}, "`files` is no mapping"),
        ({"data": 7}, "`data` holds no names"),
        ({"params": "a=1"}, "`params` holds no names"),
        ({"params": [1]}, "no pair"),
        ({"headers": [("a", "b")]}, "`headers` is no mapping"),
        ({"headers": {"a b": "c"}}, "no name of a header"),
        ({"headers": {"a": "b\r\nc: d"}}, "line break"),
        ({"headers": {"a": b"b"}}, "is no text but bytes"),
        ({"auth": "user:password"}, "no pair of texts"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        parts(**options)
    assert refused.value.hint


@pytest.mark.parametrize("name", ["", "  ", 7])
def test_an_empty_name_is_refused(name: Any) -> None:
    with pytest.raises(InputError, match="no name of a series"):
        name_of(name)


def test_values_of_headers_and_passwords_are_in_no_error() -> None:
    for options in ({"headers": {"authorization": ["secret"]}}, {"headers": {"a": "secret\n"}}, {"auth": ["secret"]}):
        with pytest.raises(InputError) as refused:
            parts(**options)
        assert "secret" not in str(refused.value)


def test_paths_are_below_the_path_of_the_target() -> None:
    set_target("https://shop.test/api/")
    try:
        assert address_of("GET", "/items?page=2") == Address("GET /items", "/api/items?page=2")
        assert address_of("GET", "http://other.test/items").url == "http://other.test/items"
    finally:
        set_target(None)
    assert address_of("GET", "/items?page=2").url == "/items?page=2"
