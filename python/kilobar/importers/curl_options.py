"""The options of curl: which there are, which take a value, and how a command line is taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kilobar.importers.shell_words import Word

_SHORT = {
    "#": "progress-bar", "0": "http1.0", "1": "tlsv1", "2": "sslv2", "3": "sslv3", "4": "ipv4", "6": "ipv6",
    "a": "append", "A": "user-agent", "b": "cookie", "B": "use-ascii", "c": "cookie-jar", "C": "continue-at",
    "d": "data", "D": "dump-header", "e": "referer", "E": "cert", "f": "fail", "F": "form", "g": "globoff",
    "G": "get", "H": "header", "h": "help", "i": "include", "I": "head", "j": "junk-session-cookies",
    "J": "remote-header-name", "k": "insecure", "K": "config", "l": "list-only", "L": "location", "m": "max-time",
    "M": "manual", "n": "netrc", "N": "no-buffer", "o": "output", "O": "remote-name", "p": "proxytunnel",
    "P": "ftp-port", "q": "disable", "Q": "quote", "r": "range", "R": "remote-time", "s": "silent",
    "S": "show-error", "t": "telnet-option", "T": "upload-file", "u": "user", "U": "proxy-user", "v": "verbose",
    "V": "version", "w": "write-out", "x": "proxy", "X": "request", "y": "speed-time", "Y": "speed-limit",
    "z": "time-cond", "Z": "parallel", ":": "next",
}  # fmt: skip

CARRIED = {
    "request", "data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json", "form", "form-string",
    "get", "head", "header", "cookie", "cookie-jar", "user", "oauth2-bearer", "user-agent", "referer", "proxy",
    "insecure", "location", "location-trusted", "max-redirs", "http1.1", "http2", "http2-prior-knowledge",
    "max-time", "connect-timeout", "resolve", "cacert", "cert", "key", "compressed", "upload-file", "url", "range",
    "basic", "next", "proxy-user", "url-query",
}  # fmt: skip
"""What `curl` turns into the scenario."""

SILENT = {
    "progress-bar", "fail", "fail-with-body", "globoff", "include", "show-headers", "junk-session-cookies",
    "remote-header-name", "no-buffer", "buffer", "output", "remote-name", "remote-name-all", "remote-time", "silent",
    "show-error", "verbose", "write-out", "dump-header", "trace", "trace-ascii", "trace-time", "trace-ids",
    "styled-output",
    "disable", "parallel", "parallel-max", "parallel-immediate", "output-dir", "create-dirs", "progress-meter",
    "stderr", "proxytunnel", "tcp-nodelay", "keepalive", "alpn", "http1.0", "ipv4", "tlsv1.2", "tlsv1.3", "tlsv1",
    "ssl-reqd", "path-as-is", "fail-early", "no-progress-meter", "clobber", "raw", "tr-encoding", "sessionid",
}  # fmt: skip
"""What changes only what curl prints or writes, or what Kilobar does anyway."""

_WITH_VALUE = {
    "user-agent", "cookie", "cookie-jar", "continue-at", "data", "dump-header", "referer", "cert", "form", "header",
    "config", "max-time", "output", "ftp-port", "quote", "range", "telnet-option", "upload-file", "user",
    "proxy-user", "write-out", "proxy", "request", "speed-time", "speed-limit", "time-cond", "abstract-unix-socket",
    "alt-svc", "aws-sigv4", "cacert", "capath", "cert-type", "ciphers", "connect-timeout", "connect-to",
    "create-file-mode",
    "crlfile", "curves", "data-ascii", "data-binary", "data-raw", "data-urlencode", "delegation", "dns-interface",
    "dns-ipv4-addr", "dns-ipv6-addr", "dns-servers", "doh-url", "ech", "egd-file", "engine", "etag-compare",
    "etag-save", "expect100-timeout", "form-string", "happy-eyeballs-timeout-ms", "haproxy-clientip",
    "hostpubmd5", "hsts", "interface", "ip-tos", "ipfs-gateway", "json", "keepalive-time", "keepalive-cnt", "key",
    "key-type", "krb", "libcurl", "limit-rate", "local-port", "login-options", "mail-auth", "mail-from",
    "mail-rcpt", "max-filesize", "max-redirs", "netrc-file", "noproxy", "oauth2-bearer", "output-dir",
    "parallel-max", "pass", "pinnedpubkey", "preproxy", "proto", "proto-default", "proto-redir", "proxy-cacert",
    "proxy-cert", "proxy-ciphers", "proxy-header", "proxy-key", "proxy-pass", "proxy1.0", "pubkey", "random-file",
    "rate", "request-target", "resolve", "retry", "retry-delay", "retry-max-time", "sasl-authzid", "service-name",
    "socks4", "socks4a", "socks5", "socks5-hostname", "stderr", "tftp-blksize", "tls-max", "tls13-ciphers",
    "tlsauthtype", "tlspassword", "tlsuser", "trace", "trace-ascii", "trace-config", "unix-socket", "url",
    "url-query", "variable", "vlan-priority",
}  # fmt: skip
_WITHOUT_VALUE = {*_SHORT.values(), *CARRIED, *SILENT} - _WITH_VALUE | {
    "anyauth", "digest", "ntlm", "negotiate", "http3", "http3-only", "http0.9", "retry-connrefused", "retry-all-errors",
    "ssl", "ssl-no-revoke", "ssl-allow-beast", "sslv3", "post301", "post302", "post303", "proxy-insecure",
    "proxy-basic",
    "proxy-digest", "proxy-ntlm", "tcp-fastopen", "xattr", "disallow-username-in-url", "netrc-optional", "ca-native",
    "cert-status", "false-start", "crlf", "metalink", "ntlm-wb", "suppress-connect-headers", "proxy-anyauth",
}  # fmt: skip
_NAMES = _WITH_VALUE | _WITHOUT_VALUE


@dataclass
class Options:
    """One part of a command line: what stands between two `--next`."""

    offset: int
    given: list[tuple[str, str]] = field(default_factory=list)
    """(long name, value) in order; the value of a flag is empty, `no-` in front switches one off."""
    urls: list[str] = field(default_factory=list)

    def last(self, *names: str) -> str | None:
        """The value given last for any of these options."""
        return next((value for name, value in reversed(self.given) if name in names), None)

    def all(self, *names: str) -> list[str]:
        """Every value of these options, in order."""
        return [value for name, value in self.given if name in names]

    def has(self, name: str) -> bool:
        """Whether a flag is on."""
        return next((found == name for found, _ in reversed(self.given) if found in (name, f"no-{name}")), False)


def parts_of(words: list[Word]) -> Iterator[Options]:
    """The command line behind `curl`, cut at `--next`."""
    part = Options(words[0].offset if words else 0)
    only_urls = False
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        text = word.text
        if only_urls or not text.startswith("-") or text == "-":
            part.urls.append(text)
            continue
        if text == "--":
            only_urls = True
            continue
        following = words[position].text if position < len(words) else None
        found, used = _long(text, following) if text.startswith("--") else _short(text, following)
        position += used
        for name, value in found:
            if name == "next":
                yield part
                part = Options(word.offset)
            elif name == "url":
                part.urls.append(value)
            else:
                part.given.append((name, value))
    yield part


def _long(text: str, following: str | None) -> tuple[list[tuple[str, str]], int]:
    """An option and how many words behind it belong to it."""
    name, equals, value = text[2:].partition("=")
    name = _full_name(name)
    if name not in _WITH_VALUE:
        return [(name, "")], 0
    if equals:
        return [(name, value)], 0
    return [(name, following or "")], int(following is not None)


def _full_name(name: str) -> str:
    """curl takes the beginning of a name for the whole, if only one begins so."""
    if name in _NAMES:
        return name
    begins = [known for known in _NAMES if known.startswith(name)]
    return begins[0] if len(begins) == 1 and len(name) > 2 else name


def _short(text: str, following: str | None) -> tuple[list[tuple[str, str]], int]:
    """`-sSXPOST`: flags, and at most one option with a value at the end."""
    found: list[tuple[str, str]] = []
    for index, letter in enumerate(text[1:], 1):
        name = _SHORT.get(letter, letter)
        if name in _WITH_VALUE:
            rest = text[index + 1 :]
            if rest:
                found.append((name, rest))
                return found, 0
            found.append((name, following or ""))
            return found, int(following is not None)
        found.append((name, ""))
    return found, 0
