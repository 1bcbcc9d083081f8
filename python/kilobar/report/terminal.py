"""The summary on a terminal: a rich renderable, or plain text for a pipe."""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kilobar.model.summary import Outcome, Percentiles, SeriesSummary, Summary
from kilobar.report import numbers, words

WIDE_COLUMNS = 118
"""From this width on, counts and times of a step stand in one row."""

_STYLE: dict[Outcome, str] = {"passed": "bold green", "failed": "bold red", "invalid": "bold yellow"}
_QUANTILES = (("p50", "p50"), ("p90", "p90"), ("p95", "p95"), ("p99", "p99"), ("p99.9", "p99_9"), ("max", "max"))
_ALL_STEPS = "all steps"
_MARGIN = 2
_GAP = 3
_LEAST_NAME = 14
_MAX_NAME_LINES = 3
_MAX_EVENTS = 10
_MAX_FAILURES = 8
_MAX_WORDS = 240
_MAX_STEPS = 60
_MAX_CHECKS = 40


def summary_text(summary: Summary, width: int = 100) -> str:
    """The same view without colour or control characters."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(summary_view(summary, width))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def summary_view(summary: Summary, width: int) -> RenderableType:
    """The whole summary for a terminal of `width` columns, verdict first."""
    parts: list[RenderableType | None] = [
        _verdict(summary),
        _facts(summary),
        _thresholds(summary),
        *_steps(summary, width),
        _flows(summary, width),
        _checks(summary, width),
        _failures(summary),
        _events(summary),
    ]
    return Group(*(Padding(part, (1, 0, 0, _MARGIN)) for part in parts if part is not None))


def _verdict(summary: Summary) -> RenderableType:
    style = _STYLE[summary.outcome]
    title = Text()
    title.append(f"{words.MARK[summary.outcome]} {words.WORD[summary.outcome]}", style)
    title.append(f"  {words.printable(summary.name)}", "bold")
    headline = words.headline(summary)
    reasons = Table.grid(padding=(0, 1))
    for reason in summary.reasons:
        reasons.add_row(Text("•", style), Text(words.printable(reason)))
    return Group(title, Text(f"{headline[0].upper()}{headline[1:]}."), reasons)


def _facts(summary: Summary) -> Table:
    """One line a fact: label, value."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    book = summary.ledger
    # Two rows, so that each of the two sums can be read at 80 columns.
    first, second = words.ledger(summary).split("; ")
    response = words.response(summary)
    rows: list[tuple[str, str | Text]] = [
        ("load", f"{words.load(summary)}, for {numbers.span(summary.duration_s)}"),
        ("requests", Text(words.requests(summary), "red" if summary.total.failed else "")),
        *([("", response)] if response else []),
        ("ledger", Text(first, "" if book.balances else "bold red")),
        ("", Text(second if book.balances else f"{second}  DOES NOT BALANCE", "" if book.balances else "bold red")),
        ("generator", f"start lag {words.lag(summary.start_lag_ms)}; loop lag {words.lag(summary.loop_lag_ms)}"),
        ("", _machine(summary)),
    ]
    if words.is_insecure(summary):
        rows.append(("tls", Text("CERTIFICATES WERE NOT VERIFIED", "bold red")))
    for label, value in rows:
        grid.add_row(label, value if isinstance(value, Text) else Text(value))
    return grid


def _machine(summary: Summary) -> str:
    parts = [
        numbers.counted(summary.workers, "worker"),
        f"{words.cpu_cores(summary):.2f} cores",
        f"memory {numbers.size(summary.rss_bytes)}",
    ]
    opened = summary.connections.get("opened")
    return ", ".join([*parts, *([f"{numbers.count(opened)} connections opened"] if opened is not None else [])])


def _thresholds(summary: Summary) -> Table | None:
    if not summary.thresholds:
        return None
    table = _table()
    table.add_column("threshold", overflow="fold")
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("")
    for result in summary.thresholds:
        mark = Text("✓ holds", "green") if result.ok else Text("✗ does not hold", "bold red")
        table.add_row(Text(words.printable(result.text)), numbers.threshold_value(result), mark)
    return table


def _steps(summary: Summary, width: int) -> Iterable[Table]:
    if not summary.series:
        return
    shown = list(summary.series[:_MAX_STEPS])
    every = [(words.step(series), series) for series in shown]
    if len(summary.series) > len(shown):
        every.append((f"({len(summary.series) - len(shown)} more steps)", summary.total))
    elif len(shown) > 1:
        every.append((_ALL_STEPS, summary.total))
    if width >= WIDE_COLUMNS:
        yield _step_table(every, width, with_counts=True, with_times=True)
    else:
        yield _step_table(every, width, with_counts=True, with_times=False)
        yield _step_table(every, width, with_counts=False, with_times=True)


def _step_table(every: list[tuple[str, SeriesSummary]], width: int, *, with_counts: bool, with_times: bool) -> Table:
    titles = [*(("requests", "rate", "failed", "share") if with_counts else ())]
    titles += [title for title, _ in _QUANTILES] if with_times else ["received", "sent"]
    rows: list[tuple[str, list[str | Text], str]] = []
    for name, series in every:
        cells = [*(_counts(series) if with_counts else ())]
        cells += _times(series.response_ms) if with_times else _bytes(series)
        rows.append((name, cells, ""))
        if with_times and words.latencies_differ(series):
            blank: list[str | Text] = [""] * (4 if with_counts else 0)
            rows.append(("  service time", [*blank, *_times(series.service_ms)], "dim"))
    table = _table()
    # Names give way to numbers, and are folded before they are cut: paths often differ only near their end.
    name_width = max(_LEAST_NAME, width - _MARGIN - _taken(titles, [cells for _, cells, _ in rows]))
    table.add_column("step" if with_counts else "response time", no_wrap=True, max_width=name_width)
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    for name, cells, style in rows:
        if name == _ALL_STEPS:
            table.add_section()
        table.add_row(Text(_folded(name, name_width)), *cells, style=style)
    return table


def _folded(name: str, width: int) -> str:
    """`name` on at most `_MAX_NAME_LINES` lines; the end of a longer one is kept, the middle is left out."""
    limit = _MAX_NAME_LINES * width
    if len(name) > limit:
        name = f"{name[: limit // 2]}…{name[-(limit - limit // 2 - 1) :]}"
    return "\n".join(name[start : start + width] for start in range(0, len(name), width))


def _taken(titles: list[str], rows: list[list[str | Text]]) -> int:
    """Width of the columns of numbers, their gaps included."""
    columns = zip(titles, *rows, strict=True)
    return sum(_GAP + max(len(cell) for cell in column) for column in columns)


def _counts(series: SeriesSummary) -> list[str | Text]:
    return [
        numbers.count(series.count),
        numbers.rate(series.rate_per_s),
        Text(numbers.count(series.failed), "red" if series.failed else ""),
        numbers.percent(series.failed, series.count),
    ]


def _times(times: Percentiles) -> list[str | Text]:
    return [numbers.duration(getattr(times, field)) if times.count else numbers.NOTHING for _, field in _QUANTILES]


def _bytes(series: SeriesSummary) -> list[str | Text]:
    return [numbers.size(series.bytes_in), numbers.size(series.bytes_out)]


def _flows(summary: Summary, width: int) -> Table | None:
    # A single flow of one step would only say again what the table of steps says.
    if len(summary.flows) < 2:
        return None
    table = _table()
    table.add_column("flow", no_wrap=True, overflow="ellipsis", max_width=max(14, width - 60))
    for title in ("iterations", "failed", "p50", "p99", "max"):
        table.add_column(title, justify="right", no_wrap=True)
    for flow in summary.flows:
        times = flow.iteration_ms
        measured = [
            numbers.duration(value) if times.count else numbers.NOTHING for value in (times.p50, times.p99, times.max)
        ]
        table.add_row(
            Text(words.printable(flow.name)), numbers.count(flow.count), numbers.count(flow.failed), *measured
        )
    return table


def _checks(summary: Summary, width: int) -> Table | None:
    """Failed checks first: a reader who has many looks for those."""
    if not summary.checks:
        return None
    every = sorted(summary.checks, key=lambda check: (check.failed == 0, check.warn))
    table = _table()
    for title in ("check", "step"):
        table.add_column(title, overflow="fold", max_width=max(14, (width - 34) // 2))
    for title in ("passed", "failed", "share"):
        table.add_column(title, justify="right", no_wrap=True)
    for check in every[:_MAX_CHECKS]:
        style = "" if not check.failed else "yellow" if check.warn else "red"
        table.add_row(
            Text(words.printable(check.name)),
            Text(words.printable(check.series)),
            numbers.count(check.passed),
            Text(numbers.count(check.failed), style),
            numbers.percent(check.failed, check.passed + check.failed),
        )
    if len(every) > _MAX_CHECKS:
        table.add_row(f"({len(every) - _MAX_CHECKS} more checks)", "", "", "", "")
    return table


def _failures(summary: Summary) -> Table | None:
    """What failed steps said, each once: samples of them, not all."""
    said = dict.fromkeys((one.series, one.error, words.first_line(one.message)) for one in summary.samples)
    if not said:
        return None
    table = _table()
    table.add_column("failed", overflow="fold")
    table.add_column("class", no_wrap=True)
    table.add_column("for example", overflow="fold")
    for series, error, message in list(said)[:_MAX_FAILURES]:
        table.add_row(words.printable(series), Text(error, "red"), Text(message[:_MAX_WORDS]))
    if len(said) > _MAX_FAILURES:
        table.add_row("", "", f"and {len(said) - _MAX_FAILURES} more; the HTML report has them")
    return table


def _events(summary: Summary) -> Table | None:
    if not summary.events:
        return None
    table = _table()
    table.add_column("at", justify="right", no_wrap=True)
    table.add_column("event", overflow="fold")
    for event in summary.events[:_MAX_EVENTS]:
        table.add_row(f"{event.at_s:.1f} s", Text(words.printable(event.text)))
    if len(summary.events) > _MAX_EVENTS:
        table.add_row("", f"and {len(summary.events) - _MAX_EVENTS} more")
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="dim", show_edge=False)
