from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.model import units
from kilobar.model.units import UnitError


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("200ms", 200_000_000),
        ("10s", 10_000_000_000),
        ("1m30s", 90_000_000_000),
        ("2h", 7_200_000_000_000),
        ("500us", 500_000),
        ("500µs", 500_000),
        ("1.1s", 1_100_000_000),
        ("0.000000001s", 1),
        ("1d1h1m1s1ms1us1ns", 90_061_001_001_001),
        (" 10 s ", 10_000_000_000),
        ("1m 30s", 90_000_000_000),
        ("0s", 0),
        ("365d", units.MAX_DURATION_NS),
    ],
)
def test_durations_are_read_exactly(text: str, duration_ns: int) -> None:
    assert units.parse_duration(text) == duration_ns


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("", "empty", "200ms"),
        ("10", "unit", "10s"),
        ("10 sec", "unknown unit `sec`", "write 10s"),
        ("5 Minutes", "unknown unit", "write 5m"),
        ("10x", "unknown unit", "200ms"),
        ("-1s", "negative", "200ms"),
        ("nan", "finite", "200ms"),
        ("inf", "finite", "200ms"),
        (".inf", "finite", "200ms"),
        ("30s1m", "large to small", "1m30s"),
        ("1s1s", "large to small", "1m30s"),
        ("0.5ns", "whole number of nanoseconds", "fewer decimals"),
        ("366d", "365d", "shorter"),
        ("1e3s", "unknown unit", "200ms"),
        ("s", "number", "200ms"),
        ("١s", "number", "200ms"),
        ("9" * 100 + "s", "too long", "200ms"),
        ("1h 30", "unit of `30`", "30s"),
    ],
)
def test_bad_durations_say_what_is_wrong(text: str, problem: str, hint: str) -> None:
    with pytest.raises(UnitError) as raised:
        units.parse_duration(text)
    assert problem in raised.value.problem
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("text", "rate_per_s"),
    [("500/s", 500.0), ("30/min", 0.5), ("30/m", 0.5), ("2/h", 2 / 3600), ("0/s", 0.0), ("0.1/s", 0.1), ("5 / s", 5.0)],
)
def test_rates_are_per_second(text: str, rate_per_s: float) -> None:
    assert units.parse_rate(text) == rate_per_s


@pytest.mark.parametrize(
    ("text", "hint"),
    [("500", "500/s"), ("500 rps", "write 500/s"), ("500/sec", "write 500/s"), ("500/day", "30/min"), ("/s", "500/s"),
     ("-1/s", "500/s"), ("10000001/s", "lower"), ("1/s/s", "500/s")],
)  # fmt: skip
def test_bad_rates_say_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(UnitError) as raised:
        units.parse_rate(text)
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("text", "size_bytes"), [("20kB", 20_000), ("64KiB", 65_536), ("1.5MB", 1_500_000), ("7B", 7), ("1GiB", 1 << 30)]
)
def test_sizes_are_bytes(text: str, size_bytes: int) -> None:
    assert units.parse_size(text) == size_bytes


@pytest.mark.parametrize(
    ("text", "hint"), [("20kb", "20kB"), ("20", "20MB"), ("1.5B", "decimals"), ("2000GiB", "smaller")]
)
def test_bad_sizes_say_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(UnitError) as raised:
        units.parse_size(text)
    assert hint in raised.value.hint


def test_a_ramp_has_two_ends_and_a_single_value_is_both() -> None:
    assert units.parse_ramp("0/s to 500/s", units.parse_rate) == (0.0, 500.0)
    assert units.parse_ramp("50", units.parse_count) == (50, 50)
    with pytest.raises(UnitError):
        units.parse_ramp("0/s to", units.parse_rate)


@given(st.integers(0, units.MAX_DURATION_NS))
def test_a_formatted_duration_is_read_back(duration_ns: int) -> None:
    assert units.parse_duration(units.format_duration(duration_ns)) == duration_ns


@given(st.integers(0, units.MAX_SIZE_BYTES))
def test_a_formatted_size_is_read_back(size_bytes: int) -> None:
    assert units.parse_size(units.format_size(size_bytes)) == size_bytes


@given(st.integers(0, 10**10), st.sampled_from([1, 60, 3600]))
def test_a_formatted_rate_is_read_back(count: int, seconds: int) -> None:
    rate_per_s = count / 1000 / seconds
    if rate_per_s <= units.MAX_RATE_PER_S:
        assert units.parse_rate(units.format_rate(rate_per_s)) == pytest.approx(rate_per_s, rel=1e-12, abs=1e-18)


@given(st.text(max_size=80))
def test_any_text_is_a_quantity_or_a_unit_error(text: str) -> None:
    for parse in (units.parse_duration, units.parse_rate, units.parse_size, units.parse_count):
        try:
            assert parse(text) >= 0
        except UnitError as error:
            hint = error.hint
            assert hint


def test_formats_are_what_a_person_writes() -> None:
    assert [units.format_duration(ns) for ns in (0, 90_000_000_000, 1_500_000)] == ["0s", "1m30s", "1ms500us"]
    assert [units.format_rate(rate) for rate in (500.0, 0.5, 2 / 3600, 0.25)] == ["500/s", "30/min", "2/h", "15/min"]
    assert [units.format_size(size) for size in (65_536, 20_000, 513, 0)] == ["64KiB", "20kB", "513B", "0B"]
