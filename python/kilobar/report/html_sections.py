"""The parts of the HTML report below its charts: tables, samples, events, environment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kilobar.model.summary import Percentiles, Sample, SeriesSummary, Summary
from kilobar.report import numbers, words
from kilobar.report.markup import Html, joined, tag

PHASES = ("dns", "connect", "tls", "send", "wait", "receive")
_QUANTILES = ("p50", "p90", "p95", "p99", "p99_9", "max")
_QUANTILE_TITLES = ("p50", "p90", "p95", "p99", "p99.9", "max")


def section(title: str, *children: str | Iterable[str] | None, note: str | None = None) -> Html:
    """A titled card."""
    return tag("section", tag("h2", title), tag("p", note, class_="note") if note else None, *children, class_="card")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, text_columns: int = 1) -> Html:
    """A table whose first columns are text and whose others are numbers; it scrolls by itself on narrow screens."""
    body = [tag("tr", (_cell(place, cell, text_columns) for place, cell in enumerate(row))) for row in rows]
    titles = (tag("th", title, scope="col", class_=_class(place, text_columns)) for place, title in enumerate(head))
    inner = tag("table", tag("thead", tag("tr", titles)), tag("tbody", body))
    # A region that scrolls must be reachable by keyboard.
    return tag("div", inner, class_="scroll", tabindex="0")


def _class(place: int, text_columns: int) -> str | None:
    return None if place < text_columns else "number"


def _cell(place: int, cell: str, text_columns: int) -> Html:
    if place == 0:
        return tag("th", cell, scope="row")
    return tag("td", cell, class_=_class(place, text_columns))


def thresholds(summary: Summary) -> Html | None:
    """What was demanded, and whether it holds."""
    if not summary.thresholds:
        return None
    rows = [
        (
            tag("code", result.text),
            tag(
                "span",
                "✓ holds" if result.ok else "✗ does not hold",
                class_=f"pill {'passed' if result.ok else 'failed'}",
            ),
            numbers.threshold_value(result),
        )
        for result in summary.thresholds
    ]
    return section("Thresholds", table(("Threshold", "Result", "Measured"), rows, text_columns=2))


def steps(summary: Summary) -> Html:
    """Every step: counts, both latencies, and where the time went."""
    if not summary.series:
        return section("Steps", tag("p", "No request was made.", class_="empty"))
    every = (*summary.series, summary.total) if len(summary.series) > 1 else summary.series
    rows = [
        row
        for series in every
        for row in _step_rows(series, "all steps" if series is summary.total else words.step(series))
    ]
    head = ("Step", "Requests", "Rate", "Failed", "Share", *_QUANTILE_TITLES)
    return section(
        "Steps",
        table(head, rows),
        _phases(summary),
        _traffic(every, summary),
        note="Response times; service times below them where the two differ.",
    )


def _step_rows(series: SeriesSummary, name: str) -> Iterable[tuple[str, ...]]:
    failed = tag("span", numbers.count(series.failed), class_="bad" if series.failed else None)
    yield (
        name,
        numbers.count(series.count),
        numbers.rate(series.rate_per_s),
        failed,
        numbers.percent(series.failed, series.count),
        *_durations(series.response_ms, _QUANTILES),
    )
    if words.latencies_differ(series):
        blank = ("", "", "", "")
        yield (tag("span", "service time", class_="sub"), *blank, *_durations(series.service_ms, _QUANTILES))


def _durations(times: Percentiles, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(numbers.duration(getattr(times, name)) if times.count else numbers.NOTHING for name in names)


def _phases(summary: Summary) -> Html:
    rows = [
        (
            series.name,
            *(
                " / ".join(dict.fromkeys(_durations(series.phases_ms.get(phase, Percentiles()), ("p50", "p99"))))
                for phase in PHASES
            ),
        )
        for series in summary.series
    ]
    return tag(
        "details",
        tag("summary", "Phases: where the time goes"),
        tag("p", "p50 / p99 of each phase. A reused connection has no dns, connect and tls phase.", class_="note"),
        table(("Step", *PHASES), rows),
    )


def _traffic(every: Sequence[SeriesSummary], summary: Summary) -> Html:
    rows = [
        (
            "all steps" if series is summary.total else series.name,
            numbers.size(series.bytes_in),
            numbers.size(series.bytes_out),
            words.classes(series.errors) or "none",
        )
        for series in every
    ]
    return tag(
        "details",
        tag("summary", "Bytes and errors by step"),
        table(("Step", "Received", "Sent", "Errors"), rows),
    )


def flows(summary: Summary) -> Html | None:
    """Iterations of each flow, think times included."""
    if not summary.flows:
        return None
    rows = [
        (
            flow.name,
            numbers.count(flow.count),
            numbers.count(flow.failed),
            *_durations(flow.iteration_ms, _QUANTILES),
        )
        for flow in summary.flows
    ]
    head = ("Flow", "Iterations", "Failed", *_QUANTILE_TITLES)
    return section("Flows", table(head, rows), note="Length of a whole iteration, think times included.")


def checks(summary: Summary) -> Html | None:
    """How often each check held, failed ones first."""
    if not summary.checks:
        return None
    rows = [
        (
            check.name.removesuffix(" (warning)"),
            tag("span", check.series),
            tag("span", "warning" if check.warn else "check"),
            numbers.count(check.passed),
            tag("span", numbers.count(check.failed), class_="bad" if check.failed else None),
            numbers.percent(check.failed, check.passed + check.failed),
        )
        for check in sorted(summary.checks, key=lambda check: (check.failed == 0, check.warn))
    ]
    head = ("Check", "Step", "Kind", "Passed", "Failed", "Share")
    return section("Checks", table(head, rows, text_columns=3), note="A failed warning is counted and nothing more.")


def samples(summary: Summary) -> Html | None:
    """Whole failed exchanges, so that a reader sees what failed and not only how often."""
    if not summary.samples:
        return None
    note = "A bounded number of whole failed exchanges. Secrets are replaced."
    return section("Failed exchanges", (_sample(sample) for sample in summary.samples), note=note)


def _sample(sample: Sample) -> Html:
    title = tag(
        "summary",
        tag("span", f"{sample.at_s:.1f} s", class_="when"),
        tag("span", sample.error, class_="pill failed"),
        tag("strong", sample.series),
        tag("span", sample.message, class_="message"),
    )
    facts = f"worker {sample.worker}, took {numbers.duration(sample.elapsed_ms)}"
    request = (tag("h3", "Request"), tag("pre", sample.request or "(nothing was sent)"))
    response = (tag("h3", "Response"), tag("pre", sample.response or "(nothing was received)"))
    return tag("details", title, tag("p", facts, class_="note"), *request, *response, class_="sample")


def events(summary: Summary) -> Html | None:
    """What happened to the run itself."""
    if not summary.events:
        return None
    lines = [
        tag("li", tag("span", f"{event.at_s:.1f} s", class_="when"), tag("span", event.text))
        for event in summary.events
    ]
    return section("Events", tag("ol", lines, class_="events"))


def ledger(summary: Summary) -> Html:
    """Where every planned iteration went, as a sum that a reader can check."""
    book = summary.ledger

    def term(label: str, value: int, sign: str = "", bad: bool = False) -> Html:
        kind = "bad" if bad and value else None
        number = tag("span", tag("b", numbers.count(value), class_=kind), tag("small", label))
        return tag("span", tag("span", sign, class_="sign") if sign else None, number, class_="term")

    sums = (
        (term("planned", book.planned), term("started", book.started, "="), term("dropped", book.dropped, "+", True),
         term("lost", book.lost, "+", True)),
        (term("started", book.started), term("ok", book.ok, "="), term("failed", book.failed, "+", True),
         term("in flight", book.in_flight, "+")),
    )  # fmt: skip
    note = "Iterations. Both sums balance." if book.balances else "Iterations. THE SUMS DO NOT BALANCE."
    return section("Ledger", (tag("div", line, class_="sum") for line in sums), note=note)


def generator(summary: Summary) -> Html:
    """How well the generator itself was."""
    facts = {
        "Start lag": words.lag(summary.start_lag_ms),
        "Event-loop lag": words.lag(summary.loop_lag_ms),
        "Processor": f"{numbers.span(summary.generator_cpu_s)} ({words.cpu_cores(summary):.2f} cores on average)",
        "Memory": f"{numbers.size(summary.rss_bytes)} at most",
        "Workers": numbers.count(summary.workers),
        "Connections": ", ".join(
            f"{numbers.count(value)} {name.replace('_', ' ')}" for name, value in summary.connections.items()
        ),
    }
    return section(
        "Generator", _facts(facts), note="Kilobar watches itself: these numbers decide whether a run is valid."
    )


def environment(summary: Summary) -> Html:
    """What a reader needs to trust or repeat the run."""
    facts = {"Kilobar": summary.kilobar, "Run": summary.run_id, "Started": summary.started_at, **summary.environment}
    return section("Environment", _facts(facts))


def _facts(facts: dict[str, str]) -> Html:
    return tag("dl", (joined(tag("dt", name), tag("dd", value or numbers.NOTHING)) for name, value in facts.items()))
