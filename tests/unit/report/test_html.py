import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from kilobar.report.html import html_report

from .summaries import ALL, HOSTILE, failed, invalid, passed


class Page(HTMLParser):
    """The elements and the visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._raw = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._raw = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.mark.parametrize("name", ALL)
def test_a_page_refers_to_nothing_outside_itself(name: str) -> None:
    page = Page(html_report(ALL[name]()))
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert not {"src", "href", "srcset", "action", "data"} & set(attributes), (tag, attributes)
        assert not any(key.startswith("on") for key in attributes), (tag, attributes)


@pytest.mark.parametrize("name", ALL)
def test_a_page_forbids_all_requests_and_all_scripts_but_its_own(name: str) -> None:
    page = Page(html_report(ALL[name]()))
    (policy,) = [str(a["content"]) for tag, a in page.elements if tag == "meta" and "http-equiv" in a]
    assert "default-src 'none'" in policy
    scripts = [a for tag, a in page.elements if tag == "script"]
    assert len(re.findall("'sha256-", policy)) == len([a for a in scripts if a.get("type") == "module"])
    assert "'unsafe-inline'" not in policy.split("script-src")[1]


def test_hostile_text_stays_text() -> None:
    text = html_report(replace(failed(), name=HOSTILE, reasons=(HOSTILE,), environment={HOSTILE: HOSTILE}))
    page = Page(text)
    assert "<img src=x" not in text
    assert 'alert("x")</script>' not in text.replace("&quot;", "")
    assert [tag for tag, _ in page.elements].count("script") == 3
    assert page.words.count(HOSTILE) >= 8


def test_the_verdict_and_its_reasons_come_first() -> None:
    page = Page(html_report(invalid()))
    words = page.words
    assert words.index("INVALID") < words.index("This measurement cannot be trusted") < words.index("Load")
    for reason in invalid().reasons:
        assert reason in words
    assert "✗" not in words.split("Thresholds")[0]


def test_every_number_of_the_ledger_is_there_and_an_unbalanced_one_is_loud() -> None:
    words = Page(html_report(invalid())).words
    for number in ("150,000", "144,610", "2,720", "2,670", "144,580", "30"):
        assert number in words
    broken = replace(invalid(), ledger=replace(invalid().ledger, lost=1))
    assert "THE SUMS DO NOT BALANCE" in Page(html_report(broken)).words


def test_steps_show_both_latencies_phases_and_errors() -> None:
    words = Page(html_report(failed())).words
    steps = words[words.index("Steps Response times") : words.index("Flows")]
    for expected in ("POST /orders", "service time", "21.3 ms", "dns", "receive", "742 status", "26.44 %"):
        assert expected in steps


def test_samples_show_request_and_response() -> None:
    words = Page(html_report(failed())).words
    assert "503 Service Unavailable" in words
    assert '{"item": 7, "tenant": "acme"}' in words
    assert "(nothing was received)" in words


def test_unverified_tls_is_printed_loudly() -> None:
    assert "TLS CERTIFICATES WERE NOT VERIFIED" in Page(html_report(failed())).words
    assert "NOT VERIFIED" not in Page(html_report(passed())).words


def test_a_run_without_a_request_says_so_and_carries_no_charting_library() -> None:
    text = html_report(ALL["empty"]())
    assert "Nothing was measured." in text
    assert len(text) < 40_000


def test_the_same_run_gives_the_same_page() -> None:
    assert html_report(passed()) == html_report(passed())
