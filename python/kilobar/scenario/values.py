"""Values of the scenario language that are not plain units. Each reader raises UnitError."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from kilobar.model.units import DURATION_HINT, MAX_COUNT, UnitError, parse_count, parse_duration, parse_size
from kilobar.scenario.address import AddressError, split_address

STATUS_HINT = "write 200, 2xx, 200-299 or a list of them"

_STATUS = re.compile(r"([1-5][0-9]{2})(?:\s*-\s*([1-5][0-9]{2}))?|([1-5])[xX]{2}")
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}")
_WEIGHT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def parse_flag(text: str) -> bool:
    """`true` or `false`."""
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    raise UnitError("truth value", "it is neither true nor false", "write true or false")


def parse_positive_duration(text: str) -> int:
    """A duration in ns that is longer than nothing."""
    duration_ns = parse_duration(text)
    if duration_ns == 0:
        raise UnitError("duration", "zero is too short here", DURATION_HINT)
    return duration_ns


def parse_think(text: str) -> tuple[int, int]:
    """Bounds in ns of `200ms` or `200ms..800ms`."""
    low, separator, high = text.partition("..")
    low_ns = parse_duration(low)
    high_ns = parse_duration(high) if separator else low_ns
    if low_ns > high_ns:
        raise UnitError("think time", "the first bound is above the second", "write the shorter one first")
    return low_ns, high_ns


def parse_status(text: str) -> tuple[int, int]:
    """Inclusive bounds of a status code, a class or a range."""
    match = _STATUS.fullmatch(text.strip())
    if match is None:
        raise UnitError("status", "it is no code from 100 to 599, no class and no range", STATUS_HINT)
    first, last, status_class = match.groups()
    if status_class:
        return int(status_class) * 100, int(status_class) * 100 + 99
    low, high = int(first), int(last or first)
    if low > high:
        raise UnitError("status", "the first code of the range is above the second", STATUS_HINT)
    return low, high


def parse_method(text: str) -> str:
    """An HTTP method token, in upper case."""
    if not _METHOD.fullmatch(text):
        raise UnitError("method", "it has characters that a method may not have", "write for example PROPFIND")
    if text.upper() == "CONNECT":
        raise UnitError("method", "CONNECT opens a tunnel and is no request of its own", "use another method")
    return text.upper()


def parse_weight(text: str) -> float:
    """A relative frequency; zero switches a flow off."""
    if not _WEIGHT.fullmatch(text):
        raise UnitError("weight", "it is no number of zero or more", "write for example 3 or 0.5")
    return float(text)


def parse_seed(text: str) -> int:
    """A whole number that fits in 64 bits."""
    if not re.fullmatch(r"[0-9]{1,20}", text) or int(text) >= 2**64:
        raise UnitError("seed", "it is no whole number from 0 to 18446744073709551615", "write for example 7")
    return int(text)


def parse_in_flight(text: str) -> int:
    """How many iterations may be in flight at once."""
    count = parse_count(text)
    if count == 0:
        raise UnitError("limit", "nothing could ever be sent", f"write a number from 1 to {MAX_COUNT:,}")
    return count


def parse_limit(text: str) -> int:
    """A size in bytes of at least 1."""
    size_bytes = parse_size(text)
    if size_bytes == 0:
        raise UnitError("size", "zero is too small here", "write for example 64KiB")
    return size_bytes


def parse_true(text: str) -> bool:
    """Only `true`: the key says all, `false` would mean nothing."""
    if text in ("true", "True", "TRUE"):
        return True
    raise UnitError("`true`", "there is nothing else to say", "write true, or leave the key out")


def parse_whole(text: str, most: int, least: int = 0) -> int:
    """A whole number between two bounds, both included."""
    if re.fullmatch(r"[0-9]{1,9}", text) and least <= int(text) <= most:
        return int(text)
    raise UnitError("whole number", f"it is not from {least:,} to {most:,}", f"write a number from {least} to {most}")


def parse_pick(text: str) -> str | int:
    """Which of several values; a number is an index."""
    if text in ("first", "random", "all"):
        return text
    if re.fullmatch(r"-?[0-9]{1,6}", text):
        return int(text)
    raise UnitError("choice", "it is no index and none of the words", "write first, random, all or an index such as 2")


class ProxyAddress(NamedTuple):
    """Where a proxy is."""

    host: str
    port: int
    user_info: str | None
    """User and password as `user:password`, percent-decoded."""


def parse_proxy(text: str) -> ProxyAddress:
    """`http://127.0.0.1:3128`, with or without `user:password@`."""
    hint = "write http://host:port"
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() != "http":
        raise UnitError("proxy", "its scheme is not http", hint)
    user_info, at, address = rest.rpartition("@")
    try:
        origin, end = split_address(f"http://{address}")
    except AddressError as error:
        raise UnitError("proxy", error.message, error.hint) from None
    if f"http://{address}"[end:] not in ("", "/"):
        raise UnitError("proxy", "it has a path", hint)
    return ProxyAddress(origin.host, origin.port, unquote(user_info) if at else None)
