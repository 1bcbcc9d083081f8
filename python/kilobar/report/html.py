"""The HTML report: one file that opens anywhere, offline.

The charting library comes from the vl-convert wheel and is written into the page. The page carries a content security
policy that forbids every request and every script but its own two, so that even a mistake in escaping could not run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from kilobar.model.summary import Summary
from kilobar.report import charts, numbers, palette, words
from kilobar.report import html_sections as sections
from kilobar.report.markup import Html, joined, tag


def html_report(summary: Summary) -> str:
    """The whole page. Takes about a second, which the bundling of the charting library needs."""
    drawn = charts.charts(summary)
    scripts = (_library(), _asset("report.js")) if drawn else (_asset("report.js"),)
    body = joined(
        _header(summary),
        tag("main", _key_numbers(summary), _insecure(summary), _charts(drawn), _tables(summary), _glossary()),
    )
    data = {"rows": charts.rows(summary), "specs": {chart.key: chart.spec for chart in drawn}}
    return Template(_asset("page.html")).substitute(
        title=tag("title", f"{words.WORD[summary.outcome]} · {summary.name} · Kilobar"),
        policy=" ".join(_hash(script) for script in scripts),
        css=_asset("report.css").replace("/* palette */", palette.css()),
        body=body,
        data=_script_json(data),
        scripts="\n".join(f'<script type="module">{script}</script>' for script in scripts),
    )


def _asset(name: str) -> str:
    return files("kilobar.report").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def _library() -> str:
    """Vega-Embed with all that it needs, as a module that sets `window.vegaEmbed`."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").replace("</script", "<\\/script")


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8", "backslashreplace")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _header(summary: Summary) -> Html:
    users = summary.asked_users
    facts = [
        f"started {summary.started_at}",
        f"load for {numbers.span(summary.duration_s)}",
        numbers.counted(summary.workers, "worker"),
        f"up to {numbers.counted(users, 'user')}" if users else None,
        summary.state,
    ]
    verdict = tag(
        "span", tag("i", words.MARK[summary.outcome], aria_hidden="true"), words.WORD[summary.outcome], class_="verdict"
    )
    headline = words.headline(summary)
    return tag(
        "header",
        tag(
            "div",
            tag("button", "Theme: auto", id="theme", type="button", hidden=True),
            tag("p", "Kilobar load test", class_="brand"),
            tag("h1", summary.name),
            tag("p", " · ".join(fact for fact in facts if fact), class_="facts"),
            tag(
                "p", verdict, tag("span", f"{headline[0].upper()}{headline[1:]}.", class_="headline"), class_="outcome"
            ),
            tag("ul", (tag("li", reason) for reason in summary.reasons), class_="reasons") if summary.reasons else None,
        ),
        class_=summary.outcome,
    )


def _insecure(summary: Summary) -> Html | None:
    if not words.is_insecure(summary):
        return None
    text = "TLS CERTIFICATES WERE NOT VERIFIED in this run: it may have measured something other than its target."
    return tag("p", text, class_="warning", role="note")


def _key_numbers(summary: Summary) -> Html:
    total, times = summary.total, summary.total.response_ms
    measured = times.count > 0
    load = numbers.rate(summary.achieved_rate_per_s)
    if summary.asked_rate_per_s is not None:
        held = numbers.percent(summary.achieved_rate_per_s, summary.asked_rate_per_s)
        asked = f"{held} of {numbers.rate(summary.asked_rate_per_s)} asked"
    else:
        asked = f"by {numbers.counted(summary.asked_users or 0, 'user')}"
    service = numbers.duration(total.service_ms.p99) if total.service_ms.count else numbers.NOTHING
    cards = (
        ("Load", load, f"iterations, {asked}", False),
        ("Requests", numbers.count(total.count), f"{numbers.rate(total.rate_per_s)}", False),
        (
            "Failed",
            numbers.percent(total.failed, total.count),
            f"{numbers.count(total.failed)} of {numbers.count(total.count)}",
            total.failed > 0,
        ),
        ("Response p50", numbers.duration(times.p50) if measured else numbers.NOTHING, "half were faster", False),
        ("Response p99", numbers.duration(times.p99) if measured else numbers.NOTHING, f"service p99 {service}", False),
        ("Response max", numbers.duration(times.max) if measured else numbers.NOTHING, "the slowest", False),
    )
    return tag(
        "div",
        (
            tag("div", tag("h2", title), tag("b", value, class_="bad" if bad else None), tag("small", note))
            for title, value, note, bad in cards
        ),
        class_="keys",
    )


def _charts(drawn: tuple[charts.Chart, ...]) -> Html:
    if not drawn:
        return sections.section("Over time", tag("p", "Nothing was measured.", class_="empty"))
    cards = []
    for chart in drawn:
        plot = tag(
            "div", id=f"chart-{chart.key}", class_="chart", role="img", aria_label=f"{chart.title}. {chart.note}"
        )
        cards.append(sections.section(chart.title, plot, note=chart.note))
    noscript = tag(
        "noscript", tag("p", "Charts need JavaScript; the numbers stand in the tables below.", class_="note")
    )
    return joined(noscript, tag("div", cards, class_="grid"))


def _tables(summary: Summary) -> Html:
    return joined(
        sections.thresholds(summary),
        sections.steps(summary),
        sections.flows(summary),
        sections.checks(summary),
        sections.samples(summary),
        tag("div", sections.ledger(summary), sections.generator(summary), class_="grid"),
        sections.events(summary),
        sections.environment(summary),
    )


def _glossary() -> Html:
    return tag("footer", tag("p", words.LATENCIES_NOTE), tag("p", words.VERDICT_NOTE))
