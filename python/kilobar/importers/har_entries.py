"""The entries of a HAR recording, whatever browser or proxy wrote it: in order of time, odd values mended."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from kilobar.importers.outcome import Notes
from kilobar.importers.untyped import mapping_at, mappings_at, text_of

_LONGEST_MS = 86_400_000.0
_TIMINGS = ("blocked", "dns", "connect", "send", "wait", "receive")

Pairs = list[tuple[str, str]]


@dataclass
class Entry:
    """One request with its response."""

    index: int
    """In the file."""
    page: str
    """Its id; empty without one."""
    start_ms: float
    end_ms: float
    content: dict[str, Any]
    """As it stands in the file."""
    request: dict[str, Any]
    response: dict[str, Any]
    method: str
    url: str
    """Without fragment."""
    status: int
    """0 when there was no response."""

    @cached_property
    def request_headers(self) -> Pairs:
        """Names as they are written, in order."""
        return pairs_of(self.request.get("headers"))

    @cached_property
    def response_headers(self) -> Pairs:
        """Names as they are written, in order."""
        return pairs_of(self.response.get("headers"))

    @cached_property
    def body(self) -> dict[str, Any]:
        """What the response held."""
        content = self.response.get("content")
        return content if isinstance(content, dict) else {}

    @property
    def mime(self) -> str:
        """Type of the response, without parameters, lower case."""
        text = text_of(self.body.get("mimeType")) or header_of(self.response_headers, "content-type")
        return text.partition(";")[0].strip().lower()

    @cached_property
    def text(self) -> str:
        """Body of the response as text; empty when it was not recorded or is no text."""
        text = text_of(self.body.get("text"))
        if text and text_of(self.body.get("encoding")).lower() == "base64":
            return decoded(text) or ""
        return text

    def header(self, name: str) -> str:
        """Of the request; empty without it."""
        return header_of(self.request_headers, name)


def read_entries(log: dict[str, Any], notes: Notes) -> list[Entry]:
    """All entries by time; those without a valid time stay behind the one before them."""
    entries: list[Entry] = []
    before_ms = 0.0
    for index, content in mappings_at(log, "entries", notes):
        with notes.at("entries", index):
            request = mapping_at(content, "request", notes)
            response = mapping_at(content, "response", notes)
            start_ms = _time_ms(content.get("startedDateTime"))
            if start_ms is None:
                notes.add("this is no time; the entry stays behind the one before it", "startedDateTime")
                start_ms = before_ms
            before_ms = start_ms
            entries.append(
                Entry(
                    index=index,
                    page=text_of(content.get("pageref")),
                    start_ms=start_ms,
                    end_ms=start_ms + _duration_ms(content),
                    content=content,
                    request=request,
                    response=response,
                    method=text_of(request.get("method")).strip().upper() or "GET",
                    url=text_of(request.get("url")).strip().partition("#")[0],
                    status=_status(response.get("status")),
                )
            )
    return sorted(entries, key=lambda entry: entry.start_ms)


def pairs_of(value: Any) -> Pairs:
    """Names and values of a list such as `headers`; what is no such pair is no pair of any protocol either."""
    if isinstance(value, dict):
        return [(name, text_of(inner)) for name, inner in value.items()]
    if not isinstance(value, list):
        return []
    return [
        (text_of(item.get("name")), text_of(item.get("value")))
        for item in value
        if isinstance(item, dict) and item.get("name") is not None
    ]


def header_of(pairs: Pairs, name: str) -> str:
    """The first value; empty without one."""
    return next((value for found, value in pairs if found.lower() == name), "")


def decoded(text: str) -> str | None:
    """The text of base64, or None when it is no base64 or no text."""
    try:
        return base64.b64decode(text, validate=False).decode()
    except ValueError:
        return None


def _time_ms(value: Any) -> float | None:
    """Milliseconds since 1970 of ISO 8601 text; some tools write the number itself."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if 0 <= value < 1e14 else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return _time_ms(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _duration_ms(content: dict[str, Any]) -> float:
    """`time`, or the sum of `timings`; -1 and nothing mean unknown."""
    known = _milliseconds(content.get("time"))
    if known:
        return known
    timings = content.get("timings")
    parts = timings if isinstance(timings, dict) else {}
    return min(sum(_milliseconds(parts.get(name)) for name in _TIMINGS), _LONGEST_MS)


def _milliseconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        return 0.0
    return float(min(value, _LONGEST_MS)) if not math.isnan(value) else 0.0


def _status(value: Any) -> int:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 6:
        value = int(value)
    valid = isinstance(value, int | float) and not isinstance(value, bool) and 100 <= value <= 599
    return int(value) if valid else 0
