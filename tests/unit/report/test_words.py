from dataclasses import replace

import pytest

from kilobar.model.summary import Percentiles
from kilobar.report import words

from .summaries import ALL, empty, failed, invalid, long, passed, series, timeline


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("passed", "the measurement can be trusted and all 3 thresholds hold"),
        ("failed", "3 of 4 thresholds do not hold"),
        ("invalid", "this measurement cannot be trusted, so it says little about the target (stopped before its end)"),
        ("long", "the measurement can be trusted; no threshold was set"),
    ],
)
def test_the_headline_says_the_verdict(name: str, expected: str) -> None:
    assert words.headline(ALL[name]()) == expected


def test_one_threshold_is_in_the_singular() -> None:
    one = passed().thresholds[:1]
    assert words.headline(replace(passed(), thresholds=one)).endswith("and the threshold holds")
    broken = (replace(one[0], ok=False),)
    assert words.headline(replace(passed(), outcome="failed", thresholds=broken)) == "1 of 1 threshold does not hold"


def test_a_run_that_broke_off_says_so() -> None:
    assert words.headline(replace(failed(), state="failed")).endswith("(the run broke off)")


def test_the_load_is_told_as_a_rate_or_as_users() -> None:
    assert words.load(failed()) == "asked 500/s, achieved 499.8/s (99.96 %)"
    assert words.load(long()) == "asked for 2,000 users, achieved 1,415/s"


def test_failures_are_told_by_class_the_most_frequent_first() -> None:
    assert words.requests(failed()) == "20,021 requests, 1,151 failed (5.75 %): 742 status, 301 read_timeout, 108 reset"
    assert words.requests(passed()) == "21,133 requests, none failed"
    assert words.requests(empty()) == "no request was made"


def test_service_time_is_told_only_where_it_differs() -> None:
    assert "service" not in (words.response(passed()) or "")
    assert "service time p50 12.1 ms" in (words.response(invalid()) or "")
    assert words.response(empty()) is None


def test_latencies_differ_from_five_percent_on() -> None:
    step = series("a", 100, 100.0)
    assert not words.latencies_differ(replace(step, service_ms=replace(step.service_ms, p50=96.0)))
    assert words.latencies_differ(replace(step, service_ms=replace(step.service_ms, p50=94.0)))
    assert not words.latencies_differ(replace(step, service_ms=Percentiles()))


def test_the_story_begins_with_the_verdict_and_holds_every_reason() -> None:
    told = words.sentences(invalid())
    assert told[0].startswith("INVALID: this measurement cannot be trusted")
    assert len([line for reason in invalid().reasons for line in told if reason[1:].rstrip(".") in line]) == 3
    assert all(line[0].isupper() or not line[0].isalpha() for line in told)
    assert all(line.endswith(".") for line in told)


def test_only_a_tls_entry_that_begins_with_insecure_raises_the_alarm() -> None:
    assert words.is_insecure(failed())
    assert not words.is_insecure(passed())
    assert not words.is_insecure(
        replace(passed(), environment={"command": "kilobar run --insecure", "tls": "verified"})
    )


def test_control_characters_never_reach_a_terminal() -> None:
    assert words.printable("a\x1b[31mb\nc\x9d0;x\x07\u202e") == "a\ufffd[31mb c\ufffd0;x\ufffd\ufffd"


def test_no_processor_time_is_claimed_for_a_run_of_no_length() -> None:
    assert words.cpu_cores(empty()) == 0.0


def test_cores_are_those_of_the_whole_time_that_the_generator_worked() -> None:
    summary = replace(passed(), duration_s=2.0, generator_cpu_s=3.0, timeline=timeline(6))
    assert words.cpu_cores(summary) == 0.5
    assert words.cpu_cores(replace(summary, timeline=())) == 1.5
