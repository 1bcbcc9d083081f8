"""Headers of a source -> headers that a step may have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Text

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_SET_BY_ENGINE = frozenset(("content-length", "transfer-encoding"))
_OF_THE_CONNECTION = frozenset(("connection", "keep-alive", "proxy-connection", "upgrade", "te", "http2-settings"))


def step_headers(pairs: Iterable[tuple[str, Text]], notes: Notes, *path: str | int) -> dict[str, Text]:
    """Headers with valid names, each once, whatever its case; what is left out or changed is noted at `path`.

    Pseudo-headers (`:method`), lengths and headers of the connection are left out: the engine makes its own.
    """
    kept: dict[str, Text] = {}
    spelled: dict[str, str] = {}
    for name, value in pairs:
        name = name.strip()
        folded = name.lower()
        if folded in _SET_BY_ENGINE or folded in _OF_THE_CONNECTION or folded.startswith(":"):
            continue
        if not _TOKEN.fullmatch(name):
            notes.add(f"`{name[:60]}` is no header name; the header is left out", *path)
            continue
        if _CONTROL.search(value):
            notes.add(f"line breaks and control characters in the header `{name}` became spaces", *path)
            value = _CONTROL.sub(" ", value)
        value = value.strip(" \t")
        if folded not in spelled:
            spelled[folded] = name
            kept[name] = value
        else:
            first = spelled[folded]
            separator = "; " if folded == "cookie" else ", "
            kept[first] = f"{kept[first]}{separator}{value}"
            notes.add(f"the header `{name}` occurs twice; the values are sent as one", *path)
    return kept


def has_header(headers: Iterable[str], name: str) -> bool:
    """Whether a header is there, whatever its case."""
    return any(header.lower() == name.lower() for header in headers)
