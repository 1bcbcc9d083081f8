"""The live view of a run on a terminal, drawn with rich. Imported only when there is a terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kilobar.cli.live import asked, current_rate, draining
from kilobar.model.live import Live
from kilobar.model.summary import Percentiles
from kilobar.report import numbers, words

HISTORY_S = 60
"""Seconds that the small curves show."""

_BLOCKS = "▁▂▃▄▅▆▇█"
_MAX_CLASSES = 4


class LiveScreen:
    """Draws one moment over the last; leaves nothing behind when closed."""

    def __init__(self, stream: TextIO, console: Console | None = None) -> None:
        self._console = console or Console(file=stream)
        self._rates: deque[float] = deque(maxlen=HISTORY_S)
        self._p99_ms: deque[float | None] = deque(maxlen=HISTORY_S)
        self._newest_s = -1.0
        # No refresh thread: the run has its own beat, and a picture between two looks would show the same numbers.
        self._live = RichLive(console=self._console, auto_refresh=False, transient=True)
        self._live.start()

    def show(self, live: Live) -> None:
        """Draws this moment."""
        self._remember(live)
        self._live.update(screen(live, self._console.width, self._rates, self._p99_ms), refresh=True)

    def close(self) -> None:
        """Takes the picture away and gives the cursor back."""
        self._live.stop()

    def _remember(self, live: Live) -> None:
        point = live.latest
        if point is None or point.start_s <= self._newest_s:
            return
        self._newest_s = point.start_s
        self._rates.append(current_rate(live))
        self._p99_ms.append(point.response_ms.p99 if point.response_ms.count else None)


def screen(live: Live, width: int, rates: Iterable[float], p99_ms: Iterable[float | None]) -> RenderableType:
    """One moment of a run as a rich renderable."""
    curve_width = min(HISTORY_S, max(10, width - 34))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=9)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    p99 = _curve(list(p99_ms)[-curve_width:], "magenta")
    if live.latest is not None and live.latest.response_ms.count:
        p99.append(f"  {numbers.duration(live.latest.response_ms.p99)}", "bold default")
    for label, value in (
        ("load", _load(live)),
        ("", _curve(list(rates)[-curve_width:], "cyan")),
        ("p99", p99),
        ("requests", _requests(live)),
        ("errors", _errors(live)),
        ("generator", _generator(live)),
    ):
        grid.add_row(label, value)
    parts: list[RenderableType] = [_title(live), _progress(live, width), Text(""), grid, Text(""), _latencies(live)]
    notice = _notice(live)
    if notice is not None:
        parts += [Text(""), notice]
    parts += [Text(""), _keys(live)]
    return Padding(Group(*parts), (1, 2, 0, 2))


def _title(live: Live) -> Text:
    text = Text(words.printable(live.so_far.name), "bold", no_wrap=True, overflow="ellipsis")
    return text.append(f"  {live.phase}", "yellow" if live.phase == "draining" else "green")


def _progress(live: Live, width: int) -> RenderableType:
    left_s = max(0.0, live.load_s - live.elapsed_s)
    times = f"{numbers.clock(live.elapsed_s)} of {numbers.clock(live.load_s)}, {numbers.clock(left_s)} left"
    grid = Table.grid(padding=(0, 2))
    bar_width = max(10, min(60, width - len(times) - 8))
    grid.add_row(ProgressBar(total=live.load_s or 1.0, completed=live.elapsed_s, width=bar_width), times)
    return grid


def _load(live: Live) -> Text:
    text = Text(f"{numbers.rate(current_rate(live))}", "bold").append(f"  of {asked(live)} asked", "not bold")
    if live.latest is not None and live.latest.asked_users is not None:
        text.append(f"  {numbers.counted(live.latest.active_users, 'user')} active", "not bold")
    if live.scale != 1.0:
        text.append(f"  changed by hand to {live.scale:.0%}", "yellow not bold")
    return text


def _curve(values: Sequence[float | None], style: str) -> Text:
    known = [value for value in values if value is not None]
    top = max(known, default=0.0)
    text = Text("".join(_block(value, top) for value in values), style)
    return text if text.plain.strip() else Text("–", "dim")


def _block(value: float | None, top: float) -> str:
    """A column of the curve, from 0 to `top`; a gap where nothing was measured."""
    if value is None:
        return " "
    return _BLOCKS[min(len(_BLOCKS) - 1, int(value / top * len(_BLOCKS)))] if top > 0 else _BLOCKS[0]


def _requests(live: Live) -> Text:
    total = live.so_far.total
    text = Text(f"{numbers.count(total.count)} done, ")
    if total.failed == 0:
        return text.append("none failed")
    return text.append(
        f"{numbers.count(total.failed)} failed ({numbers.percent(total.failed, total.count)})", "bold red"
    )


def _errors(live: Live) -> Text:
    ranked = sorted(live.so_far.total.errors.items(), key=lambda item: (-item[1], item[0]))
    if not ranked:
        return Text("none", "dim")
    more = f", {len(ranked) - _MAX_CLASSES} more classes" if len(ranked) > _MAX_CLASSES else ""
    return Text(f"{words.classes(dict(ranked[:_MAX_CLASSES]))}{more}", "red")


def _generator(live: Live) -> Text:
    point = live.latest
    text = Text(f"{live.workers_alive} of {numbers.counted(live.so_far.workers, 'worker')}")
    if live.workers_alive < live.so_far.workers:
        text.stylize("bold yellow")
    if point is not None:
        text.append(f", {numbers.count(point.in_flight)} in flight, start lag p99 ", "not bold")
        text.append(numbers.duration(point.start_lag_ms.p99) if point.start_lag_ms.count else numbers.NOTHING)
        text.append(f", {point.cpu_cores:.2f} cores", "not bold")
    return text


def _latencies(live: Live) -> Table:
    """Percentiles of the newest second and of the whole run."""
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim", no_wrap=True)
    names = (("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("max", "max"))
    for _ in names:
        table.add_column(justify="right", no_wrap=True, min_width=8)
    table.add_row("response time", *(Text(title, "dim") for title, _ in names))
    nothing = Percentiles()
    rows = (
        ("last second", live.latest.response_ms if live.latest else nothing),
        ("so far", live.so_far.total.response_ms),
        ("service, so far", live.so_far.total.service_ms),
    )
    for label, times in rows:
        cells = (numbers.duration(getattr(times, field)) if times.count else numbers.NOTHING for _, field in names)
        table.add_row(label, *cells)
    return table


def _notice(live: Live) -> Text | None:
    if live.phase == "draining":
        return Text(draining(live).capitalize(), "yellow")
    if live.latest is not None and live.latest.degraded:
        return Text("! Degraded: a worker was lost; the others take over its share", "bold yellow")
    if live.so_far.events:
        event = live.so_far.events[-1]
        return Text(f"{event.at_s:.1f} s  {words.printable(event.text)}", "dim", no_wrap=True, overflow="ellipsis")
    return None


def _keys(live: Live) -> Text:
    if live.phase == "draining":
        return Text("Ctrl-C stops at once", "dim")
    return Text("+ more load   - less load   Ctrl-C drains and stops, again stops at once", "dim")
