"""Which entries of a recording are sent; how many are left out and why is noted."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from kilobar.importers.har_entries import Entry
from kilobar.importers.outcome import Notes

_SHOWN = 8
_METHOD = re.compile(r"[A-Z0-9!#$%&'*+.^_`|~-]{1,32}")
_STATIC_MIME = re.compile(
    r"image/.*|font/.*|audio/.*|video/.*|text/css|(?:text|application)/(?:x-)?(?:java|ecma)script"
    r"|application/(?:x-)?font.*|application/vnd\.ms-fontobject|application/(?:wasm|manifest\+json)"
)
_STATIC_ENDING = re.compile(
    r"\.(?:css|m?js|map|png|jpe?g|gif|svg|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp[34]|webm|ogg|wav|m4a|wasm"
    r"|webmanifest)",
    re.IGNORECASE,
)
_STATIC_KIND = frozenset(("image", "stylesheet", "script", "font", "media", "manifest", "texttrack"))
_SAYS_NOTHING = frozenset(("", "x-unknown", "application/octet-stream", "text/plain", "binary/octet-stream"))


class Selection:
    """Sorts entries out."""

    def __init__(self, notes: Notes, static: bool) -> None:
        self._notes = notes
        self._static = static
        self._left_out: dict[str, list[int]] = {}
        self._changed: dict[str, list[int]] = {}
        self._fetched: set[str] = set()

    def of(self, entries: list[Entry]) -> list[Entry]:
        """Those that are sent."""
        kept = []
        for entry in entries:
            reason = self._reason(entry)
            if reason is not None:
                self._left_out.setdefault(reason, []).append(entry.index)
                continue
            self._fetched.add(entry.url)
            if entry.status == 304:
                reason = "answered 304 from the cache of the browser; they are sent without their condition, expect 200"
                self._changed.setdefault(reason, []).append(entry.index)
            kept.append(entry)
        for reason, indexes in self._left_out.items():
            self._say(indexes, f"{reason}; left out")
        for reason, indexes in self._changed.items():
            self._say(indexes, reason)
        return kept

    def _say(self, indexes: list[int], reason: str) -> None:
        shown = ", ".join(str(index) for index in indexes[:_SHOWN])
        more = ", …" if len(indexes) > _SHOWN else ""
        count = f"{len(indexes)} requests" if len(indexes) > 1 else "1 request"
        self._notes.add(f"{count} ({shown}{more}): {reason}", "entries")

    def _reason(self, entry: Entry) -> str | None:
        return _cannot_be_sent(entry) or _was_not_of_the_page(entry) or self._is_static(entry) or self._cached(entry)

    def _is_static(self, entry: Entry) -> str | None:
        if self._static or not is_static(entry):
            return None
        return "images, scripts, style sheets, fonts (`--static` keeps them)"

    def _cached(self, entry: Entry) -> str | None:
        source = entry.content.get("_fromCache") or entry.response.get("_fromCache")
        if not source:
            return None
        if entry.url in self._fetched:
            return "the browser took the response from its cache"
        reason = "taken from the cache of the browser, which a user does not have; they are sent"
        self._changed.setdefault(reason, []).append(entry.index)
        return None


def is_static(entry: Entry) -> bool:
    """Whether it only fetches a file that is part of the look of a page."""
    if entry.method != "GET":
        return False
    kind = entry.content.get("_resourceType")
    if _STATIC_MIME.fullmatch(entry.mime) or (isinstance(kind, str) and kind.lower() in _STATIC_KIND):
        return True
    return entry.mime in _SAYS_NOTHING and _STATIC_ENDING.fullmatch(_ending(entry.url)) is not None


def _ending(url: str) -> str:
    last = url.partition("?")[0].rpartition("/")[2]
    return f".{last.rpartition('.')[2]}" if "." in last else ""


def _cannot_be_sent(entry: Entry) -> str | None:
    scheme = entry.url.partition(":")[0].lower() if ":" in entry.url else ""
    kind = entry.content.get("_resourceType")
    if scheme in ("ws", "wss") or kind == "websocket" or entry.status == 101:
        return "WebSocket connections, which are not supported"
    if scheme not in ("http", "https"):
        return f"`{scheme[:20]}:` is not HTTP" if scheme else "no address"
    if not _METHOD.fullmatch(entry.method):
        return "no valid method"
    try:
        if not urlsplit(entry.url).hostname or "$" in urlsplit(entry.url).netloc:
            return "no valid host in the address"
    except ValueError:
        return "no valid address"
    return None


def _was_not_of_the_page(entry: Entry) -> str | None:
    if entry.method == "CONNECT":
        return "tunnels of a proxy"
    if entry.method == "OPTIONS" and entry.header("access-control-request-method"):
        return "CORS preflights of the browser"
    if entry.status == 0:
        return "blocked or aborted, without a response"
    return None
