from __future__ import annotations

import pytest

from kilobar.users.headers import Headers

HEAD = b"HTTP/1.1 200 OK: fine\r\nContent-Type: text/html\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Empty:\r\n\r\n"


def test_names_are_found_in_any_case() -> None:
    headers = Headers(HEAD)
    assert headers["content-type"] == headers["CONTENT-TYPE"] == "text/html"
    assert "Content-Type" in headers
    assert headers.get("missing") is None
    assert 7 not in headers
    with pytest.raises(KeyError):
        headers["missing"]


def test_a_repeated_name_is_joined_and_has_each_value() -> None:
    headers = Headers(HEAD)
    assert headers["set-cookie"] == "a=1, b=2"
    assert headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert headers.get_all("missing") == []


def test_the_status_line_is_no_header_and_an_empty_value_is_one() -> None:
    assert dict(Headers(HEAD)) == {"content-type": "text/html", "set-cookie": "a=1, b=2", "x-empty": ""}
    assert len(Headers(b"")) == 0


def test_a_folded_line_goes_on_with_the_header_before() -> None:
    assert Headers(b" stray\r\nX: a\r\n  b\r\n\r\n")["x"] == "a b"


def test_pseudo_headers_of_http2_are_left_out() -> None:
    assert dict(Headers(b":status: 200\r\nx: 1\r\n")) == {"x": "1"}


def test_values_are_not_in_its_repr() -> None:
    assert repr(Headers(b"authorization: secret\r\n")) == "<Headers authorization>"
