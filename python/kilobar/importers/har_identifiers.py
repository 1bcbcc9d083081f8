"""Which texts a server made up: identifiers, tokens, cursors; not words, versions, dates or types."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import unquote

LONGEST = 8192

_NUMBER = re.compile(r"-?[0-9]+")
_ROUND = re.compile(r"-?[0-9]0+")
_DIGIT = re.compile(r"\d")
_NOT_IN_ONE = re.compile(r"[\s<>{}]")
_ORDINARY = re.compile(
    r"[0-9]{4}-[0-9]{2}(-[0-9]{2}([T ][0-9:.,+Z-]*)?)?"  # dates
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
    r"|[vV]?[0-9]+([.,][0-9]+)+([-+.][A-Za-z0-9.]+)?"  # versions, decimals
    r"|[0-9.]{1,5}([a-zA-Z%]{1,3}|x[0-9.]{1,5})"  # 100px, 1920x1080
    r"|#[0-9a-fA-F]{3,8}"
    r"|(?i:utf|iso|windows|http|tls|sha|md|es|h|mp|base|text|image|application|audio|video)[-_/]?[0-9]{1,4}([-_./][0-9]{1,4})*"
    r"|(?:text|image|application|audio|video|font|multipart)/[A-Za-z0-9.+-]+.*"
    r"|[a-z]{2,3}([-_][A-Za-z]{2,4}){1,2}"  # en-US, zh-Hant-TW
)
_ORDINARY_WORDS = frozenset((
    "active", "inactive", "pending", "default", "enabled", "disabled", "success", "failed", "failure", "unknown",
    "public", "private", "string", "number", "object", "undefined", "boolean", "integer", "bearer", "cookie",
    "accepted", "rejected", "created", "updated", "deleted", "completed", "complete", "closed", "opened",
    "running", "stopped", "normal", "medium", "standard", "basic", "premium",
))  # fmt: skip
_NAMED = re.compile(
    r"(?:^|[-_.])(?:id|ids|uid|guid|uuid|key|token|csrf|xsrf|nonce|state|cursor|session|sid|ticket|hash|etag|slug|ref"
    r"|handle|secret|verifier|challenge|viewstate|eventvalidation)$",
    re.IGNORECASE,
)
_NAMED_IN_CAMEL_CASE = re.compile(
    r"(?:[a-z0-9](?:Id|ID|Ids|Key|Token|Cursor|Hash|Ref|Slug|Uuid|State|Nonce|Ticket)|token|csrf|(?i:viewstate|nonce))$"
)
_WORD_PARTS = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")


def is_identifier(text: str, name: str) -> bool:
    """Whether a text, found under this name, is one that only its server can have made."""
    if not 5 <= len(text) <= LONGEST or text.isspace():
        return False
    if _NUMBER.fullmatch(text):
        return len(text) >= 5 and _ROUND.fullmatch(text) is None
    if len(text) < 6 or _NOT_IN_ONE.search(text) or "${" in text:
        return False
    if len(text) < 80 and (_ORDINARY.fullmatch(text) or text.lower() in _ORDINARY_WORDS):
        return False
    if is_address(text):
        return holds_identifier(text)
    if _DIGIT.search(text):
        return True
    return names_identifier(name) or _is_random(text)


def names_identifier(name: str) -> bool:
    """Whether a field of this name holds an identifier or a token."""
    return _NAMED.search(name) is not None or _NAMED_IN_CAMEL_CASE.search(name) is not None


def is_address(text: str) -> bool:
    """A URL or an absolute path."""
    return text.startswith(("http://", "https://")) or (text.startswith("/") and not text.startswith("//"))


def holds_identifier(address: str) -> bool:
    """Whether a part of the path or the query of an address is an identifier."""
    path = address.partition("://")[2].partition("/")[2] if "://" in address else address
    pieces = re.split(r"[/?&=;]", path[:LONGEST])
    return any(is_identifier(unquote(piece), "") for piece in pieces if not piece.startswith("/"))


def _is_random(text: str) -> bool:
    """Letters alone, too many and too mixed to be words."""
    if len(text) < 16 or not text.isascii():
        return False
    changes = sum(before.islower() != after.islower() for before, after in pairwise(text))
    words = sum(len(word) for word in _WORD_PARTS.findall(text) if len(word) > 4)
    return changes * 3 > len(text) and words * 2 < len(text)
