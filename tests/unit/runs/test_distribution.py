import pytest

from kilobar._native import Histogram
from kilobar.model.summary import Percentiles
from kilobar.runs.distribution import percentiles


def test_nothing_recorded_is_all_zero() -> None:
    assert percentiles(Histogram()) == Percentiles()


def test_nanoseconds_become_milliseconds() -> None:
    histogram = Histogram()
    for value_ms in range(1, 1001):
        histogram.record(value_ms * 1_000_000)
    shown = percentiles(histogram)
    assert shown.count == 1000
    assert shown.mean == pytest.approx(500.5, rel=0.001)
    assert (shown.min, shown.max) == (pytest.approx(1, rel=0.001), pytest.approx(1000, rel=0.001))
    assert (shown.p50, shown.p99) == (pytest.approx(500, rel=0.002), pytest.approx(990, rel=0.002))
