"""A run in words: the same sentences on the terminal, in HTML and in JSON."""

from __future__ import annotations

from kilobar.model.summary import Outcome, Percentiles, SeriesSummary, Summary
from kilobar.report import numbers

WORD: dict[Outcome, str] = {"passed": "PASSED", "failed": "FAILED", "invalid": "INVALID"}
MARK: dict[Outcome, str] = {"passed": "✓", "failed": "✗", "invalid": "!"}
"""Shape says the same as colour, for those who do not see colour."""

LATENCIES_NOTE = (
    "Response time counts from the moment a request was due, service time from the moment it was actually sent. "
    "They differ when requests had to wait for their turn: users feel response time."
)
VERDICT_NOTE = (
    "Passed: the measurement can be trusted and every threshold holds. Failed: it can be trusted and a threshold does "
    "not hold. Invalid: the load was not held or the generator could not keep up, so that the numbers say little about "
    "the target."
)

_DIFFERENCE = 0.05
"""Response and service time are worth showing apart when they differ by more than this fraction."""


def printable(text: str) -> str:
    """`text` on one line and without control characters, which could drive the terminal of whoever reads the report."""
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))


def first_line(text: str) -> str:
    """The first line with something in it, printable."""
    return printable(next((line for line in text.splitlines() if line.strip()), ""))


def step(series: SeriesSummary) -> str:
    """The name of a step, and what it is when it is no request."""
    return printable(series.name) + (f" ({series.kind})" if series.kind in ("group", "python", "hook") else "")


def headline(summary: Summary) -> str:
    """The verdict in one sentence, without its word."""
    broken = sum(not result.ok for result in summary.thresholds)
    total = len(summary.thresholds)
    match summary.outcome:
        case "invalid":
            text = "this measurement cannot be trusted, so it says little about the target"
        case "failed" if broken:
            text = f"{broken} of {numbers.counted(total, 'threshold')} {'does' if broken == 1 else 'do'} not hold"
        case "failed":
            text = "the run did not do what was asked"
        case _ if total == 0:
            text = "the measurement can be trusted; no threshold was set"
        case _ if total == 1:
            text = "the measurement can be trusted and the threshold holds"
        case _:
            text = f"the measurement can be trusted and all {total} thresholds hold"
    return f"{text}{_ending(summary)}"


def _ending(summary: Summary) -> str:
    match summary.state:
        case "stopped":
            return " (stopped before its end)"
        case "failed":
            return " (the run broke off)"
        case _:
            return ""


def load(summary: Summary) -> str:
    """What was asked and what was achieved."""
    achieved = numbers.rate(summary.achieved_rate_per_s)
    parts = []
    if summary.asked_rate_per_s is not None:
        held = numbers.percent(summary.achieved_rate_per_s, summary.asked_rate_per_s)
        parts.append(f"asked {numbers.rate(summary.asked_rate_per_s)}, achieved {achieved} ({held})")
    if summary.asked_users is not None:
        parts.append(f"asked for {numbers.counted(summary.asked_users, 'user')}")
    if summary.asked_rate_per_s is None:
        parts.append(f"achieved {numbers.rate(summary.achieved_rate_per_s)}")
    return ", ".join(parts)


def ledger(summary: Summary) -> str:
    """Where every planned iteration went, as two sums."""
    book = summary.ledger
    return (
        f"planned {book.planned:,} = started {book.started:,} + dropped {book.dropped:,} + lost {book.lost:,}; "
        f"started {book.started:,} = ok {book.ok:,} + failed {book.failed:,} + in flight {book.in_flight:,}"
    )


def requests(summary: Summary) -> str:
    """How many requests were made and how many of them failed, by class."""
    total = summary.total
    if total.count == 0:
        return "no request was made"
    made = numbers.counted(total.count, "request")
    if total.failed == 0:
        return f"{made}, none failed"
    share = numbers.percent(total.failed, total.count)
    return f"{made}, {total.failed:,} failed ({share}): {classes(total.errors)}"


def classes(errors: dict[str, int]) -> str:
    """Failures by class, the most frequent first."""
    ranked = sorted(errors.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {name}" for name, number in ranked)


def response(summary: Summary) -> str | None:
    """How long it took, if anything was measured."""
    total = summary.total
    if total.response_ms.count == 0:
        return None
    times = total.response_ms
    text = (
        f"response time p50 {numbers.duration(times.p50)}, p99 {numbers.duration(times.p99)}, "
        f"max {numbers.duration(times.max)}"
    )
    if latencies_differ(total):
        text += (
            f"; service time p50 {numbers.duration(total.service_ms.p50)}, p99 {numbers.duration(total.service_ms.p99)}"
        )
    return text


def latencies_differ(series: SeriesSummary) -> bool:
    """Whether the two latencies of a step differ enough at p50 or p99 to be shown apart."""
    pairs = ((series.response_ms.p50, series.service_ms.p50), (series.response_ms.p99, series.service_ms.p99))
    return series.service_ms.count > 0 and any(abs(a - b) > _DIFFERENCE * max(a, b) for a, b in pairs)


def cpu_cores(summary: Summary) -> float:
    """Mean processor cores that the generator used, until the last work had drained; 0 when nothing ran."""
    last = summary.timeline[-1] if summary.timeline else None
    worked_s = max(summary.duration_s, last.start_s + last.duration_s if last is not None else 0.0)
    return summary.generator_cpu_s / worked_s if worked_s > 0 else 0.0


def lag(times: Percentiles) -> str:
    """A lag of the generator: its p99 and its maximum."""
    if times.count == 0:
        return numbers.NOTHING
    return f"p99 {numbers.duration(times.p99)}, max {numbers.duration(times.max)}"


def is_insecure(summary: Summary) -> bool:
    """Whether TLS certificates were not verified: an environment entry about TLS whose value begins with "insecure"."""
    return any(
        "tls" in name.lower() and value.lower().startswith("insecure") for name, value in summary.environment.items()
    )


def sentences(summary: Summary) -> tuple[str, ...]:
    """The whole story in a handful of sentences, verdict first."""
    told = [f"{WORD[summary.outcome]}: {headline(summary)}", *summary.reasons, load(summary), requests(summary)]
    return tuple(_sentence(text) for text in (*told, response(summary)) if text)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
