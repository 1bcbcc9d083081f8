"""HAR 1.1 and 1.2: what a browser or proxy recorded, played again as it happened."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Literal

from kilobar.importers.har_entries import Entry, read_entries
from kilobar.importers.har_headers import share_headers
from kilobar.importers.har_pages import Pauses, Played, in_order, shown, steps_of, titles_of
from kilobar.importers.har_redirects import Redirects
from kilobar.importers.har_requests import HarRequests
from kilobar.importers.har_selection import Selection
from kilobar.importers.load import default_load
from kilobar.importers.outcome import Notes, Options
from kilobar.importers.source import Source
from kilobar.importers.targets import share_target
from kilobar.importers.untyped import mapping_at
from kilobar.model.scenario import Scenario, Step

_HTTP_2 = re.compile(r"(?i)(?:http/|h)2(?:\.0)?|spdy.*")
_HTTP_3 = re.compile(r"(?i)(?:http/|h)3(?:\.0|-\d+)?|.*quic.*")


def recognises(source: Source) -> bool:
    """By the list of entries in its log."""
    content = source.mapping
    log = content.get("log") if content is not None else None
    return isinstance(log, dict) and isinstance(log.get("entries"), list | None) and "entries" in log


def convert(source: Source, notes: Notes, options: Options) -> Scenario:
    """One flow that sends what was sent, in groups, with the pauses between."""
    content = source.json
    if not isinstance(content, dict):
        source.fail("a HAR recording is a JSON object with a `log`")
    log = mapping_at(content, "log", notes)
    with notes.at("log"):
        scenario = _Conversion(source, log, notes, options).scenario()
    share_target(scenario)
    scenario.load = default_load(notes)
    return scenario


class _Conversion:
    def __init__(self, source: Source, log: dict[str, Any], notes: Notes, options: Options) -> None:
        self._source = source
        self._log = log
        self._notes = notes
        self._options = options

    def scenario(self) -> Scenario:
        entries = read_entries(self._log, self._notes)
        kept = Selection(self._notes, self._options.static).of(entries)
        exchanges = in_order(Redirects(kept, self._notes).exchanges(), self._notes)
        requests = HarRequests(self._source, self._notes)
        played = []
        for exchange in exchanges:
            request, used = requests.of(exchange)
            played.append(Played(exchange, request, used))
        scenario = Scenario(http=self._version(kept))
        share_headers(scenario, [one.request for one in played])
        scenario.steps = self._steps(played, entries)
        return scenario

    def _steps(self, played: list[Played], entries: list[Entry]) -> list[Step]:
        longest_ms = self._options.max_think_s * 1000
        pauses = Pauses(longest_ms)
        pauses.watch([entry for entry in entries if entry.status not in (0, 101)])
        steps = steps_of(played, titles_of(self._log, self._notes), pauses)
        if pauses.cut:
            count = f"{len(pauses.cut)} pauses" if len(pauses.cut) > 1 else "1 pause"
            message = f"{count} of up to {shown(max(pauses.cut))} became {shown(longest_ms)} (`--max-think`)"
            self._notes.add(message, "entries")
        return steps

    def _version(self, kept: list[Entry]) -> Literal["2"] | None:
        versions = Counter(_version(entry) for entry in kept)
        if not versions or versions["2"] + versions["3"] <= versions["1.1"]:
            return None
        if versions["3"]:
            self._notes.add("recorded over HTTP/3, which is not supported; HTTP/2 takes its place", "entries")
        return "2"


def _version(entry: Entry) -> str:
    text = str(entry.response.get("httpVersion") or entry.request.get("httpVersion") or "").strip()
    if _HTTP_3.fullmatch(text):
        return "3"
    return "2" if _HTTP_2.fullmatch(text) else "1.1"
