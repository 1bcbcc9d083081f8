"""Correlation: a value of a response that a later request uses is saved there, and taken from there here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from kilobar.importers.har_entries import Entry
from kilobar.importers.har_identifiers import LONGEST, is_address
from kilobar.importers.har_responses import Value, values_of
from kilobar.importers.names import VariableNames
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import joined, literal
from kilobar.model.scenario import Request, Text

_CLOCK_MS = 20.0
"""How far the clock of a recording may be off between the end of a response and a request that uses it."""
_LONGEST_TEXT = 200_000
_COARSE = re.compile(r"[^\s,;\"'<>]{5,}")
_FINE = re.compile(r"[A-Za-z0-9_~-]{5,}")
_ENCODED = re.compile(r"(?<!%)(?<!%[0-9A-Fa-f])[A-Za-z0-9_~-]{5,}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")
_VAGUE = frozenset(("id", "value", "key", "uuid", "guid", "content", "href", "url", "name", ""))
_COLLECTION = re.compile(r"[A-Za-z][A-Za-z_-]{1,40}")


@dataclass(slots=True)
class _Known:
    value: Value
    step: Request
    path: str
    ready_ms: float
    variable: str | None = None


class Correlation:
    """Remembers what responses held and what requests sent, in the order in which they are executed.

    Both are found by their text, so that the work grows with the size of the recording and no faster.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._names = VariableNames()
        self._counts: dict[str, int] = {}
        self._known: dict[tuple[str, bool], _Known] = {}
        self._sent: set[str] = set()
        self._now_ms = 0.0
        self.used: list[Request] = []
        """Steps that the request in the making takes values from."""

    def begin(self, entry: Entry) -> None:
        """A request is about to be made."""
        self._now_ms = entry.start_ms
        self.used = []

    def learn(self, entry: Entry, step: Request) -> None:
        """Looks for values in the response of a step."""
        with self._notes.at("entries", entry.index):
            for value in values_of(entry, self._notes):
                # What a request held before is no news: the client had it, or it is the same in every recording.
                key = (value.text, value.is_number)
                if value.text not in self._sent and key not in self._known:
                    self._known[key] = _Known(value, step, entry.url, entry.end_ms)

    def send(self, entry: Entry) -> None:
        """Takes the address of a request as sent that is no step of its own."""
        self._mark(unquote(entry.url))

    def variable(self, text: str, *, is_number: bool = False) -> str | None:
        """The variable that holds exactly this value; its save is added to the step it comes from."""
        known = self._known.get((text, is_number))
        if known is None:
            return None
        save = known.value.save() if known.variable is None else None
        if known.ready_ms > self._now_ms + _CLOCK_MS or (known.variable is None and save is None):
            # It was sent before the response was there, or nothing can say where it is.
            del self._known[text, is_number]
            return None
        if known.variable is None and save is not None:
            known.variable = self._name(known)
            known.step.save[known.variable] = save
        if not any(step is known.step for step in self.used):
            self.used.append(known.step)
        return known.variable

    def text(self, value: str) -> Text | None:
        """Scenario text for a value that is, or holds, something known; None when it holds nothing known."""
        whole = self._either(value)
        if whole is not None:
            return f"${{{whole}}}"
        if len(value) <= _LONGEST_TEXT:
            for pattern in (_COARSE, _FINE):
                found = self._replaced(value, pattern)
                if found is not None:
                    return found
        self._mark(value)
        return None

    def path(self, path: str) -> Text | None:
        """Scenario text for a percent-encoded path, or None when it holds nothing known."""
        return self._split(path, "/", unquote)

    def query(self, query: str, secret: Callable[[str, str], Text | None]) -> Text:
        """Scenario text for a percent-encoded query; `secret` may hide the value of a name that is not known."""
        parts: list[Text] = []
        for number, pair in enumerate(query.split("&")):
            name, equals, raw = pair.partition("=")
            parts.append(literal(("&" if number else "") + name + equals))
            decoded = unquote_plus(raw)
            parts.append(self._encoded(decoded, raw) or secret(unquote_plus(name), decoded) or literal(raw))
        return joined(parts)

    def address(self, url: str) -> tuple[Text, str] | None:
        """(text that holds the start of an address, its rest) when a response told that address."""
        origin_end = url.find("/", url.find("://") + 3)
        origin_end = len(url) if origin_end < 0 else origin_end
        for end in _ends(url, origin_end):
            for start, prefix in ((0, ""), (origin_end, literal(url[:origin_end]))):
                if is_address(url[start:end]):
                    variable = self.variable(url[start:end])
                    if variable is not None:
                        return joined([prefix, f"${{{variable}}}"]), url[end:]
        return None

    def _split(self, text: str, separator: str, decode: Callable[[str], str]) -> Text | None:
        pieces = text.split(separator)
        found = [self._encoded(decode(piece), piece) for piece in pieces]
        if not any(found):
            return None
        parts: list[Text] = []
        for number, (piece, replaced) in enumerate(zip(pieces, found, strict=True)):
            parts += [separator if number else "", replaced or literal(piece)]
        return joined(parts)

    def _encoded(self, decoded: str, raw: str) -> Text | None:
        """As it stands in an address. A hole there keeps `+`, `/` and `&`, so that it encodes others itself."""
        variable = self._either(decoded)
        if variable is not None:
            return f"${{{variable}}}" if _UNRESERVED.fullmatch(decoded) else f"${{url.encode({variable})}}"
        found = self._replaced(raw, _ENCODED) if raw else None
        if found is None and decoded:
            self._mark(decoded)
        return found

    def _either(self, text: str) -> str | None:
        return self.variable(text) or self.variable(text, is_number=True)

    def _replaced(self, text: str, pattern: re.Pattern[str]) -> Text | None:
        parts: list[Text] = []
        position = 0
        for match in pattern.finditer(text):
            if len(match[0]) > LONGEST:
                continue
            variable = self._either(match[0])
            if variable is not None:
                parts += [literal(text[position : match.start()]), f"${{{variable}}}"]
                position = match.end()
        return joined([*parts, literal(text[position:])]) if parts else None

    def _mark(self, text: str) -> None:
        self._sent.add(text[: LONGEST + 1])
        for pattern in (_COARSE, _FINE):
            self._sent.update(pattern.findall(text[:_LONGEST_TEXT]))

    def _name(self, known: _Known) -> str:
        """After the field; a vague one after what holds it, or the collection in the path."""
        name = known.value.name
        if name.lower() in _VAGUE:
            pieces = known.path.partition("?")[0].partition("://")[2].split("/")[1:]
            collection = next((piece for piece in reversed(pieces) if _COLLECTION.fullmatch(piece)), "")
            name = "_".join(filter(None, (known.value.within or collection, name))) or "value"
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return self._names.of(name if count == 1 else f"{name} {count}")


def _ends(url: str, origin_end: int) -> list[int]:
    """Where the start of an address may end, longest first: at its end, before its query, before its last 20 `/`."""
    query = url.find("?")
    path_end = query if query >= 0 else len(url)
    slashes = [number for number in range(origin_end + 1, path_end) if url[number] == "/"]
    return list(dict.fromkeys([len(url), path_end, *reversed(slashes[-20:])]))
