"""Redirects of a recording: a chain of them is one step that follows them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from urllib.parse import urljoin

from kilobar.importers.har_entries import Entry, header_of
from kilobar.importers.har_identifiers import holds_identifier
from kilobar.importers.outcome import Notes

MOST_REDIRECTS = 50
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_LATEST_MS = 5_000
"""A browser follows a redirect at once; what comes later was asked for again."""


@dataclass(eq=False)
class Exchange:
    """An entry, and those that it was redirected to."""

    first: Entry
    followed: list[Entry] = field(default_factory=list)

    @property
    def last(self) -> Entry:
        """The one whose response counts."""
        return self.followed[-1] if self.followed else self.first

    @property
    def hops(self) -> list[Entry]:
        """All, in order."""
        return [self.first, *self.followed]


class Redirects:
    """Joins entries to exchanges."""

    def __init__(self, entries: list[Entry], notes: Notes) -> None:
        self._entries = entries
        self._notes = notes
        self._taken: set[int] = set()
        self._endless: set[int] = set()
        """Entries of chains that are noted already."""
        self._by_url: dict[str, list[int]] = {}
        self._last_below: dict[str, int] = {}
        """Address, or the start of one -> position of the last entry that has it."""
        for position, entry in enumerate(entries):
            self._by_url.setdefault(entry.url, []).append(position)
            for start in _starts(entry.url):
                self._last_below[start] = position

    def exchanges(self) -> list[Exchange]:
        """Every entry once, in order."""
        found = []
        for position, entry in enumerate(self._entries):
            if position in self._taken:
                continue
            exchange = Exchange(entry)
            chain = [position] if position in self._endless else self._chain(position)
            if self._can_be_followed(chain):
                self._taken.update(chain)
                exchange.followed = [self._entries[number] for number in chain[1:]]
            found.append(exchange)
        return found

    def _chain(self, position: int) -> list[int]:
        chain = [position]
        while len(chain) <= MOST_REDIRECTS + 1:
            following = self._following(chain[-1])
            if following is None or following in chain:
                break
            chain.append(following)
        return chain

    def _following(self, position: int) -> int | None:
        """The entry that a redirect led to."""
        entry = self._entries[position]
        destination = _destination(entry)
        if not destination:
            return None
        method = entry.method
        if entry.status == 303 or (entry.status in (301, 302) and method == "POST"):
            method = "HEAD" if method == "HEAD" else "GET"
        positions = self._by_url.get(destination, [])
        for later in positions[bisect_left(positions, position + 1) :][:MOST_REDIRECTS]:
            candidate = self._entries[later]
            if later not in self._taken and candidate.method == method:
                return later if candidate.start_ms - entry.end_ms <= _LATEST_MS else None
        return None

    def _can_be_followed(self, chain: list[int]) -> bool:
        if len(chain) == 1:
            return False
        first, last = self._entries[chain[0]], self._entries[chain[-1]]
        if len(chain) > MOST_REDIRECTS + 1 or _destination(last):
            message = "redirects without an end in the recording; each of these requests is a step of its own"
            self._notes.add(message, "entries", first.index)
            self._endless.update(chain)
            return False
        return not any(self._is_needed(self._entries[position], chain[-1]) for position in chain[:-1])

    def _is_needed(self, entry: Entry, end: int) -> bool:
        """Whether the address that it led to has an identifier that is used after the chain: then it is saved."""
        destination = _destination(entry)
        return holds_identifier(destination) and self._last_below.get(destination.partition("?")[0], -1) > end


def _destination(entry: Entry) -> str:
    """Where a redirect leads, absolute; empty when it is none."""
    if entry.status not in _REDIRECTS:
        return ""
    location = header_of(entry.response_headers, "location") or entry.response.get("redirectURL")
    if not isinstance(location, str) or not location.strip():
        return ""
    try:
        return urljoin(entry.url, location.strip()).partition("#")[0]
    except ValueError:
        return ""


def _starts(url: str) -> list[str]:
    """`http://a/b/c?d` -> itself without the query, and `http://a/b`."""
    address = url.partition("?")[0]
    starts: list[str] = []
    while address.count("/") > 2 and len(starts) < 20:
        starts.append(address)
        address = address.rpartition("/")[0]
    return starts
