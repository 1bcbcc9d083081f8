import errno
import http.client
import socket
import ssl

import pytest
import requests
import urllib3

from kilobar.users.guest.failures import MESSAGE_LIMIT, described, error_class, request_message


class CatchResponseError(Exception):
    """As Locust's, which cannot be imported without patching this process."""


class LocustBadStatusCode(Exception):  # noqa: N818  # that is its name
    """As Locust's."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CatchResponseError("too short"), "check"),
        ("no cart", "check"),
        (AssertionError("no cart"), "check"),
        (LocustBadStatusCode("500"), "status"),
        (requests.HTTPError("404 Client Error"), "status"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "refused"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "reset"),
        (BrokenPipeError(), "reset"),
        (http.client.RemoteDisconnected("closed"), "eof"),
        (socket.gaierror(-2, "Name or service not known"), "dns"),
        (ssl.SSLError("bad certificate"), "tls"),
        (requests.exceptions.SSLError("bad certificate"), "tls"),
        (requests.exceptions.ConnectTimeout("slow"), "connect_timeout"),
        (requests.exceptions.ReadTimeout("slow"), "read_timeout"),
        (requests.exceptions.ChunkedEncodingError("cut"), "protocol"),
        (urllib3.exceptions.ProtocolError("cut"), "protocol"),
        (TimeoutError("timed out"), "read_timeout"),
        (TimeoutError("connect timed out"), "connect_timeout"),
        (OSError(errno.EHOSTUNREACH, "no route"), "connect"),
        (requests.exceptions.ConnectionError("[Errno 111] Connection refused"), "refused"),
        (ValueError("what"), "script"),
    ],
)
def test_an_exception_has_the_error_class_of_what_happened(error: object, expected: str) -> None:
    assert error_class(error) == expected


def test_an_exception_that_names_its_class_is_believed() -> None:
    error = ConnectionError("blocked")
    error.error_class = "blocked"  # type: ignore[attr-defined]
    assert error_class(error) == "blocked"


def test_a_wrapped_exception_has_the_class_of_its_cause() -> None:
    error = RuntimeError("call failed")
    error.__cause__ = ConnectionRefusedError()
    assert error_class(error) == "refused"


def test_the_message_of_a_request_names_it_and_is_bounded() -> None:
    assert request_message("/cart", ValueError("empty")) == "/cart: empty"
    assert request_message("/cart", ValueError()) == "/cart: ValueError"
    assert len(request_message("/cart", "x" * 5_000)) == MESSAGE_LIMIT


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def test_a_description_says_what_where_and_how() -> None:
    words = described(raised(KeyError("cart")))
    assert words.startswith("KeyError: 'cart' (test_failures.py:")
    assert "in raised)" in words
    assert "raise error" in words


def test_a_description_of_an_exit_says_who_called_it() -> None:
    assert described(raised(SystemExit(3))).startswith("sys.exit(3) was called (test_failures.py:")


def test_a_description_is_bounded() -> None:
    assert len(described(raised(ValueError("x" * 100_000)))) < 4_000
