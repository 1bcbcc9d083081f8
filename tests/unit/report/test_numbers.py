import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.model.summary import ThresholdResult
from kilobar.report import numbers


@pytest.mark.parametrize(
    ("value_ms", "expected"),
    [
        (0, "0 ms"),
        (0.0004, "0.400 µs"),
        (0.84, "840 µs"),
        (0.9996, "1.00 ms"),
        (1, "1.00 ms"),
        (12.34, "12.3 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (2312, "2.31 s"),
        (99_940, "99.9 s"),
        (99_960, "1 min 40 s"),
        (3_600_000, "1 h"),
    ],
)
def test_a_duration_has_three_digits_in_the_unit_that_suits_it(value_ms: float, expected: str) -> None:
    assert numbers.duration(value_ms) == expected


@given(st.floats(min_value=1e-6, max_value=99_000))
def test_a_duration_read_back_is_within_half_a_percent(value_ms: float) -> None:
    number, unit = numbers.duration(value_ms).split(" ")
    scale = {"µs": 1e-3, "ms": 1.0, "s": 1e3}[unit]
    assert float(number) * scale == pytest.approx(value_ms, rel=0.00501)
    assert len(re.sub(r"[.]|^0[.]0*", "", number)) <= 4


@pytest.mark.parametrize(
    ("value_s", "expected"),
    [
        (0, "0 s"),
        (4.52, "4.5 s"),
        (30, "30 s"),
        (59.97, "1 min"),
        (90, "1 min 30 s"),
        (21_600, "6 h"),
        (5_400, "1 h 30 min"),
    ],
)
def test_a_span_has_at_most_two_units(value_s: float, expected: str) -> None:
    assert numbers.span(value_s) == expected


@pytest.mark.parametrize(("value_s", "expected"), [(7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")])
def test_a_clock_counts_whole_seconds(value_s: float, expected: str) -> None:
    assert numbers.clock(value_s) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0/s"),
        (0.25, "0.25/s"),
        (9.5, "9.5/s"),
        (500, "500/s"),
        (498.66, "498.7/s"),
        (499.998, "500.0/s"),
        (20_000, "20,000/s"),
    ],
)
def test_a_rate_is_whole_only_when_it_is_exact_or_large(value: float, expected: str) -> None:
    assert numbers.rate(value) == expected


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 10, "0 %"),
        (10, 10, "100 %"),
        (1, 1_000_000, "<0.01 %"),
        (999_999, 1_000_000, ">99.99 %"),
        (1_000_001, 1_000_000, ">100 %"),
        (996, 1000, "99.60 %"),
        (1, 0, "–"),
    ],
)
def test_a_share_never_looks_like_none_or_all_when_it_is_not(part: int, whole: int, expected: str) -> None:
    assert numbers.percent(part, whole) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0 B"), (999, "999 B"), (1234, "1.23 kB"), (999_999, "1.00 MB"), (96_468_992, "96.5 MB")],
)
def test_a_size_counts_in_powers_of_a_thousand(value: int, expected: str) -> None:
    assert numbers.size(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(1, "1 worker"), (0, "0 workers"), (2000, "2,000 workers")])
def test_a_noun_is_in_the_plural_unless_there_is_one(value: int, expected: str) -> None:
    assert numbers.counted(value, "worker") == expected


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("p99 < 200ms", 200.3, "200.3 ms"),
        ("errors < 0.1%", 0.0, "0 %"),
        ("p95(show item) < 1.5 s over 10s", 0.25, "0.25 s"),
        ("rate >= 450/s", 449.96, "450/s"),
        ("dropped < 5", 7.0, "7"),
        ("p99 < 200ms", None, "nothing to judge"),
    ],
)
def test_a_threshold_value_carries_the_unit_of_its_text(text: str, value: float | None, expected: str) -> None:
    assert numbers.threshold_value(ThresholdResult(text, value, False)) == expected
