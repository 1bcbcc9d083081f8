"""Pages of a recording -> groups; requests that overlapped -> `parallel`; pauses -> think times."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from urllib.parse import urlsplit

from kilobar.importers.har_entries import Entry
from kilobar.importers.har_redirects import Exchange
from kilobar.importers.names import UniqueNames
from kilobar.importers.outcome import Notes
from kilobar.importers.untyped import mappings_at, text_of
from kilobar.model.scenario import Group, Parallel, Request, Step, Think

SHORTEST_THINK_MS = 50.0
_STAYS_OPEN_MS = 5_000.0
"""A request that takes longer waits for events; what starts later was not loaded together with it."""


@dataclass(eq=False)
class Played:
    """An exchange as a step."""

    exchange: Exchange
    request: Request
    uses: list[Request]
    """Steps whose values it takes."""


@dataclass(eq=False)
class _Together:
    """Steps that are executed at the same time."""

    played: list[Played]
    busy_until_ms: float
    alone: bool = False
    """The page itself comes first, though browsers ask for more before they have read all of it."""

    def takes(self, next_one: Played) -> bool:
        """Whether it ran at the same time as these and needs nothing of them."""
        if self.alone or next_one.exchange.first.start_ms >= self.busy_until_ms:
            return False
        return not any(step is earlier.request for step in next_one.uses for earlier in self.played)

    def add(self, next_one: Played) -> None:
        """Adds one that `takes` allowed."""
        self.played.append(next_one)
        self.busy_until_ms = max(self.busy_until_ms, _counts_until(next_one))


@dataclass
class Pauses:
    """How long nothing happened before each entry, whether or not what happened before is sent."""

    longest_ms: float
    _before: dict[int, float] = field(default_factory=dict)
    cut: list[float] = field(default_factory=list)
    """Pauses that were longer."""

    def watch(self, entries: list[Entry]) -> None:
        """Takes all entries of the recording, in order of time."""
        busy_until_ms: float | None = None
        for entry in entries:
            if busy_until_ms is not None:
                self._before[entry.index] = entry.start_ms - busy_until_ms
            busy_until_ms = max(entry.end_ms, busy_until_ms or entry.end_ms)

    def before(self, entry: Entry) -> Think | None:
        """The think time before an entry, if there was a pause."""
        pause_ms = self._before.get(entry.index, 0.0)
        if pause_ms < SHORTEST_THINK_MS:
            return None
        if pause_ms > self.longest_ms:
            self.cut.append(pause_ms)
            pause_ms = self.longest_ms
        return Think(think=shown(pause_ms)) if pause_ms >= 1 else None


def in_order(exchanges: list[Exchange], notes: Notes) -> list[Exchange]:
    """The exchanges of a page together, where its first one is; those without a page where they are."""
    places: dict[str, int] = {}
    late = 0
    latest = -1
    for position, exchange in enumerate(exchanges):
        page = exchange.first.page
        place = places.setdefault(page, position) if page else position
        late += place < latest
        latest = max(latest, place)
    if late:
        notes.add(f"{late} came after the start of a later page; they are sent with their own page", "entries")
    order = sorted(range(len(exchanges)), key=lambda number: _place(exchanges[number], number, places))
    return [exchanges[number] for number in order]


def steps_of(played: list[Played], titles: dict[str, str], pauses: Pauses) -> list[Step]:
    """All steps: a group for each page, what has no page between them."""
    steps: list[Step] = []
    names = UniqueNames()
    for page, run in groupby(played, key=lambda one: one.exchange.first.page):
        of_page = list(run)
        if steps and (think := pauses.before(of_page[0].exchange.first)):
            steps.append(think)
        if page:
            steps.append(Group(group=names.of(titles.get(page) or page), steps=_page(of_page, pauses)))
            continue
        for number, one in enumerate(of_page):
            if number and (think := pauses.before(one.exchange.first)):
                steps.append(think)
            steps.append(one.request)
    return steps


def titles_of(log: dict[str, object], notes: Notes) -> dict[str, str]:
    """Page id -> its title; of one that is an address, host and path."""
    titles = {}
    for _, page in mappings_at(log, "pages", notes):
        title = " ".join(text_of(page.get("title")).split())
        if title.startswith(("http://", "https://")):
            try:
                address = urlsplit(title)
                title = f"{address.hostname or ''}{address.path}"
            except ValueError:
                title = title.partition("?")[0]
        titles[text_of(page.get("id"))] = title
    return titles


def shown(pause_ms: float) -> str:
    """As a duration: to 10 ms, from a second on to 100 ms."""
    if pause_ms < 10:
        return f"{pause_ms:.0f}ms"
    tens = round(pause_ms / 10) * 10
    return f"{tens}ms" if tens < 1000 else f"{round(pause_ms / 1000, 1):g}s"


def _page(played: list[Played], pauses: Pauses) -> list[Step]:
    together: list[_Together] = []
    for one in played:
        if together and together[-1].takes(one):
            together[-1].add(one)
        else:
            alone = not together and "html" in one.exchange.last.mime
            together.append(_Together([one], _counts_until(one), alone))
    steps: list[Step] = []
    for group in together:
        if steps and (think := pauses.before(group.played[0].exchange.first)):
            steps.append(think)
        requests: list[Step] = [one.request for one in group.played]
        steps.append(Parallel(parallel=requests) if len(requests) > 1 else requests[0])
    return steps


def _counts_until(one: Played) -> float:
    start_ms, end_ms = one.exchange.first.start_ms, one.exchange.last.end_ms
    return min(end_ms, start_ms + _STAYS_OPEN_MS)


def _place(exchange: Exchange, number: int, places: dict[str, int]) -> tuple[int, int]:
    page = exchange.first.page
    return (places[page] if page else number, number)
