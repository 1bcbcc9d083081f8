"""Splits an address into origin and the rest, by RFC 3986 and only for http and https."""

from __future__ import annotations

import re
from typing import NamedTuple

from kilobar.model.plan import Origin

DEFAULT_PORTS = {"http": 80, "https": 443}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_NUMERIC = re.compile(r"[0-9.]+")


class AddressError(ValueError):
    """An address that cannot be requested. The message continues "`...` cannot be requested: " and quotes nothing."""

    def __init__(self, message: str, hint: str, *, code: str = "bad-url") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class Split(NamedTuple):
    """An absolute address: its origin and the offset where the path starts."""

    origin: Origin
    rest: int


def is_absolute(text: str) -> bool:
    """Whether it starts with a scheme."""
    return _SCHEME.match(text) is not None


def authority_end(text: str) -> int | None:
    """Where the authority of an absolute address ends; None when it goes on to the end of the text."""
    match = _SCHEME.match(text)
    start = match.end() if match else 0
    ends = [end for end in (text.find(mark, start) for mark in "/?#") if end >= 0]
    return min(ends) if ends else None


def split_address(text: str) -> Split:
    """Raises AddressError."""
    match = _SCHEME.match(text)
    if match is None:
        raise AddressError("it has no scheme", "write http://host:port or https://host")
    scheme = match.group(1).lower()
    if scheme not in DEFAULT_PORTS:
        raise AddressError("its scheme is not http or https", "write http://host:port or https://host")
    end = authority_end(text)
    authority = text[match.end() : end]
    if "@" in authority:
        hint = 'send it as a header: authorization: "Basic ${env.CREDENTIALS}"'
        raise AddressError("it has a user name or password", hint)
    host, port_text = _split_port(authority)
    port = DEFAULT_PORTS[scheme]
    if port_text is not None:
        if not re.fullmatch(r"[0-9]{1,5}", port_text) or not 0 < int(port_text) < 65536:
            raise AddressError("its port is no number from 1 to 65535", "write http://host:8080")
        port = int(port_text)
    return Split(Origin(scheme, check_host(host), port), len(text) if end is None else end)


def _split_port(authority: str) -> tuple[str, str | None]:
    if authority.startswith("["):
        host, bracket, after = authority.partition("]")
        if not bracket or (after and not after.startswith(":")):
            raise AddressError("the bracket of its IPv6 address is not closed", "write http://[::1]:8080")
        return host + "]", after[1:] or None
    if authority.count(":") > 1:
        raise AddressError("its IPv6 address has no brackets", "write http://[::1]:8080")
    host, _, port_text = authority.partition(":")
    return host, port_text or None


def check_host(host: str) -> str:
    """The host in lower case, IPv6 without brackets; names outside ASCII as IDNA. Raises AddressError."""
    code = "bad-host"
    if not host:
        raise AddressError("the host is missing", "write http://host:port", code=code)
    if host.startswith("[") or ":" in host:
        return _check_ipv6(host.removeprefix("[").removesuffix("]"))
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise AddressError("the host is no name in IDNA", "check the spelling of the host", code=code) from None
    if len(host) > 253 or not _HOST.fullmatch(host):
        hint = "a host has letters, digits, dots and hyphens"
        raise AddressError("the host has characters that it may not have", hint, code=code)
    if _NUMERIC.fullmatch(host):
        octets = host.split(".")
        if len(octets) != 4 or any(not octet or int(octet) > 255 or len(octet) > 3 for octet in octets):
            raise AddressError("the host is no IPv4 address", "write four numbers such as 127.0.0.1", code=code)
    return host.lower()


def _check_ipv6(text: str) -> str:
    import ipaddress  # rarely needed, slow to import

    try:
        if "%" in text:
            raise ValueError
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        hint = "write it as [::1]; zones are not supported"
        raise AddressError("the host is no IPv6 address", hint, code="bad-host") from None
