from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from http.client import IncompleteRead, RemoteDisconnected

import pytest

from kilobar.errors import STEP_ERRORS
from kilobar.users.library_calls import MAX_WORDS, error_of


def named(name: str, *arguments: object, base: type[Exception] = Exception) -> Exception:
    """An exception of a library that is not here."""
    return type(name, (base,), {})(*arguments)


def because(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (because(named("ConnectError"), socket.gaierror(-2, "unknown")), "dns"),
        (named("ConnectionError", named("NameResolutionError")), "dns"),
        (because(named("ConnectError"), ConnectionRefusedError(111, "refused")), "refused"),
        (named("ConnectTimeout"), "connect_timeout"),
        (because(named("ConnectTimeout"), TimeoutError()), "connect_timeout"),
        (named("SSLError"), "tls"),
        (because(named("ConnectError"), ssl.SSLError("bad certificate")), "tls"),
        (named("ConnectionError", named("ProtocolError", "aborted", RemoteDisconnected("closed"))), "eof"),
        (named("ProtocolError", "broken", IncompleteRead(b"")), "eof"),
        (named("ConnectionError", named("ProtocolError", "aborted", ConnectionResetError(104, "reset"))), "reset"),
        (named("ReadTimeout"), "read_timeout"),
        (asyncio.CancelledError(), "read_timeout"),
        (because(named("ConnectError"), OSError(errno.ENETUNREACH, "unreachable")), "connect"),
        (named("ConnectError"), "connect"),
        (named("RemoteProtocolError", "no HTTP"), "protocol"),
        (named("TooManyRedirects"), "protocol"),
        (named("MissingSchema", base=ValueError), "script"),
    ],
)
def test_every_failure_has_its_class(error: BaseException, kind: str) -> None:
    assert error_of(error)[0] == kind
    assert kind in STEP_ERRORS


def test_words_are_one_bounded_line() -> None:
    _, words = error_of(ValueError("a\nb" * 1_000))
    assert words.startswith("ValueError: a b")
    assert len(words) == MAX_WORDS


def test_causes_that_go_round_in_a_circle_end() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert error_of(first)[0] == "script"
