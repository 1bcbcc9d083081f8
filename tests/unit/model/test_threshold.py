from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.model.threshold import OTHER_METRICS, Threshold, ThresholdError, parse_threshold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p99 < 250ms", ("quantile", "response", 0.99, None, "<", 250e6, "ms")),
        ("p99.9<=1s", ("quantile", "response", 0.999, None, "<=", 1e9, "s")),
        ("p95(show item) < 100ms", ("quantile", "response", 0.95, "show item", "<", 100e6, "ms")),
        ("p95 (GET /a(b)) < 1m30s", ("quantile", "response", 0.95, "GET /a(b)", "<", 90e9, "s")),
        ("p50(a < b) < 1us", ("quantile", "response", 0.5, "a < b", "<", 1e3, "us")),
        ("service p99 < 5ms", ("quantile", "service", 0.99, None, "<", 5e6, "ms")),
        ("response max < 2s", ("max", "response", None, None, "<", 2e9, "s")),
        ("start_lag p99 < 10ms", ("quantile", "start_lag", 0.99, None, "<", 10e6, "ms")),
        ("mean < 1.5ms", ("mean", "response", None, None, "<", 1.5e6, "ms")),
        ("min > 0s", ("min", "response", None, None, ">", 0.0, "s")),
        ("errors < 0.1%", ("errors", None, None, None, "<", 0.001, "%")),
        ("errors(order) == 0", ("errors", None, None, "order", "==", 0.0, "")),
        ("dropped < 0.1 %", ("dropped", None, None, None, "<", 0.001, "%")),
        ("rate > 490/s", ("rate", None, None, None, ">", 490.0, "/s")),
        ("rate(order) >= 30/min", ("rate", None, None, "order", ">=", 0.5, "/min")),
        ("count > 1000", ("count", None, None, None, ">", 1000.0, "")),
        ("failed < 10", ("failed", None, None, None, "<", 10.0, "")),
    ],
)  # fmt: skip
def test_a_threshold_is_read(text: str, expected: tuple[object, ...]) -> None:
    assert parse_threshold(text) == Threshold(text, *expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "offset", "hint"),
    [
        ("", 0, "p99 < 250ms"),
        ("< 5ms", 0, "p99 < 250ms"),
        ("avg < 5ms", 0, "did you mean `mean`?"),
        ("  p99x < 5ms", 2, "did you mean `p99`?"),
        ("service errors < 1%", 8, "errors alone"),
        ("service < 5ms", 8, "p99"),
        ("p99 250ms", 4, "p99 < 250ms"),
        ("p99", 3, "p99 < 250ms"),
        ("p99 = 250ms", 4, "write =="),
        ("p99 ≤ 250ms", 4, "write <="),
        ("p99 < 250", 6, "250ms"),
        ("p99 < -5ms", 6, "200ms"),
        ("p99 <", 5, "200ms"),
        ("p99(a < 5ms", 3, "p99 < 250ms"),
        ("p99() < 5ms", 3, "name of a step"),
        ("errors < 10", 9, "failed < 10"),
        ("errors < 101%", 9, "errors < 0.1%"),
        ("errors < few", 9, "errors < 0.1%"),
        ("count > 1.5", 8, "whole number"),
        ("rate > 5", 7, "5/s"),
        ("start_lag p99(a) < 1ms", 16, "remove"),
        ("dropped(a) < 1%", 10, "remove"),
        ("p101 < 5ms", 0, "p"),
    ],
)
def test_a_bad_threshold_says_where_and_what_to_write(text: str, offset: int, hint: str) -> None:
    with pytest.raises(ThresholdError) as raised:
        parse_threshold(text)
    assert raised.value.offset == offset
    assert hint in raised.value.hint
    assert not raised.value.unsupported


def test_windows_are_told_to_be_unsupported() -> None:
    with pytest.raises(ThresholdError) as raised:
        parse_threshold("p95(show item) < 100ms over 10s")
    assert raised.value.unsupported
    assert raised.value.offset == 23
    assert "whole run" in raised.value.hint


@pytest.mark.parametrize(
    ("op", "below", "equal", "above"),
    [("<", True, False, False), ("<=", True, True, False), (">", False, False, True), (">=", False, True, True),
     ("==", False, True, False)],
)  # fmt: skip
def test_holds_compares_in_the_base_unit(op: str, below: bool, equal: bool, above: bool) -> None:
    threshold = parse_threshold(f"p99 {op} 1ms")
    assert [threshold.holds(value) for value in (999_999, 1_000_000, 1_000_001)] == [below, equal, above]


def test_nothing_measured_never_holds() -> None:
    assert not parse_threshold("p99 < 1ms").holds(math.nan)
    assert not parse_threshold("rate > 0/s").holds(math.nan)


def test_values_are_shown_in_the_unit_of_the_text() -> None:
    assert parse_threshold("p99 < 250ms").in_unit(12_300_000) == 12.3
    assert parse_threshold("errors < 0.1%").in_unit(0.002) == 0.2
    assert parse_threshold("errors < 0.001").in_unit(0.002) == 0.002
    assert parse_threshold("rate > 30/min").in_unit(2.0) == 120.0
    assert parse_threshold("count > 5").in_unit(7.0) == 7.0


def test_the_documented_examples_are_thresholds() -> None:
    assert [parse_threshold(example).metric for _, example in OTHER_METRICS.values()] == list(OTHER_METRICS)


@given(
    st.text(max_size=60) | st.from_regex(r"(service )?(p9[0-9]|errors|rate)(\(.{0,5}\))? ?[<>=]{0,2} ?[0-9a-z%/.]{0,6}")
)
def test_any_text_is_a_threshold_or_an_error_inside_it(text: str) -> None:
    try:
        threshold = parse_threshold(text)
    except ThresholdError as error:
        offset, hint = error.offset, error.hint
        assert 0 <= offset <= len(text)
        assert hint
    else:
        assert math.isfinite(threshold.limit)
        assert parse_threshold(threshold.text) == threshold
