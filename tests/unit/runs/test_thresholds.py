import pytest

from kilobar.model.summary import Ledger
from kilobar.model.threshold import parse_threshold
from kilobar.runs.thresholds import judge

from .intervals import MS, interval, series

TOTAL = interval(
    series=[
        series("list", [10 * MS, 20 * MS, 30 * MS, 40 * MS], failed=1, service_ns=[MS] * 4),
        series("show", [100 * MS] * 6, failed=0),
    ],
    start_lag_ns=[50_000],
)
LEDGER = Ledger(planned=200, started=198, dropped=2, ok=198)


@pytest.mark.parametrize(
    ("text", "value", "ok"),
    [
        ("max < 101ms", 100, True),
        ("p50(list) <= 20.1ms", 20, True),
        ("max(list) > 1s", 0.04, False),
        ("service max(list) < 2ms", 1, True),
        ("mean(list) < 24ms", 25, False),
        ("min < 10.1ms", 10, True),
        ("start_lag p99 < 100us", 50, True),
        ("errors < 20%", 10, True),
        ("errors(list) < 0.2", 0.25, False),
        ("errors(show) < 1%", 0, True),
        ("dropped < 2%", 1, True),
        ("rate >= 2/s", 2, True),
        ("rate(list) > 60/min", 48, False),
        ("count == 10", 10, True),
        ("count(show) > 6", 6, False),
        ("failed < 2", 1, True),
    ],
)
def test_a_threshold_is_judged_on_its_series_and_shown_in_its_unit(text: str, value: float, ok: bool) -> None:
    (result,) = judge([parse_threshold(text)], TOTAL, LEDGER, duration_s=5.0)
    assert result.text == text
    assert result.value == pytest.approx(value, rel=0.001)
    assert result.ok is ok


def test_groups_count_what_their_requests_have_counted_so_only_their_own_thresholds_see_them() -> None:
    group = series("checkout", [500 * MS] * 5, failed=5, kind="group")
    total = interval(series=[series("list", [10 * MS] * 10), group])
    texts = ["count == 10", "errors < 1%", "max < 11ms", "count(checkout) == 5", "max(checkout) > 400ms"]
    results = judge([parse_threshold(text) for text in texts], total, LEDGER, duration_s=5.0)
    assert [result.ok for result in results] == [True] * 5


@pytest.mark.parametrize(
    "text",
    ["p99(nobody) < 1s", "service p99(nobody) < 1s", "errors(nobody) < 1%", "start_lag p50 < 1s", "dropped < 1%",
     "rate > 0/s"],
)  # fmt: skip
def test_what_was_not_measured_does_not_hold(text: str) -> None:
    empty = interval(series=[series("list")])
    (result,) = judge([parse_threshold(text)], empty, Ledger(), duration_s=0.0)
    assert (result.value, result.ok) == (None, False)
