import json
from dataclasses import replace

import pytest

from kilobar.model.summary import Percentiles
from kilobar.report import charts

from .summaries import ALL, empty, failed, invalid, long, passed, point

KEYS = ["load", "response", "errors", "lag", "occupancy", "processor"]


def _spec(summary_name: str, key: str) -> str:
    return json.dumps({chart.key: chart.spec for chart in charts.charts(ALL[summary_name]())}[key])


def test_a_run_with_errors_has_every_chart_and_one_without_has_no_errors_chart() -> None:
    assert [chart.key for chart in charts.charts(failed())] == KEYS
    assert [chart.key for chart in charts.charts(passed())] == [key for key in KEYS if key != "errors"]
    assert charts.charts(empty()) == ()


def test_all_charts_share_the_time_axis() -> None:
    domains = {json.dumps(chart.spec["encoding"]["x"]["scale"]["domain"]) for chart in charts.charts(failed())}
    assert domains == {"[0, 40.0]"}


def test_rows_are_bounded_and_are_plain_json() -> None:
    rows = charts.rows(long())
    assert len(rows) <= 600
    json.dumps(rows, allow_nan=False)


def test_a_second_without_an_answer_is_a_gap_and_not_a_zero() -> None:
    summary = replace(passed(), timeline=(point(0), point(1, response_ms=Percentiles())))
    first, second = charts.rows(summary)
    assert first["p99"] == pytest.approx(0.04012)
    assert second["p99"] is None


def test_rates_are_per_second_whatever_the_length_of_a_point() -> None:
    summary = replace(passed(), timeline=(point(0, duration_s=10.0, started=5000, errors={"eof": 20}),))
    (row,) = charts.rows(summary)
    assert (row["achieved"], row["error_eof"], row["t"]) == (500.0, 2.0, 5.0)


def test_lost_load_and_degraded_seconds_are_drawn_only_where_there_are_any() -> None:
    assert '"lost"' in _spec("invalid", "load")
    assert "datum.degraded" in _spec("invalid", "load")
    assert '"lost"' not in _spec("passed", "load")
    assert "datum.degraded" not in _spec("passed", "load")


def test_a_closed_load_shows_users_and_no_asked_rate() -> None:
    assert '"asked"' not in _spec("long", "load")
    assert '"asked_users"' in _spec("long", "occupancy")
    assert '"asked_users"' not in _spec("passed", "occupancy")


def test_the_scale_is_logarithmic_only_when_the_times_are_far_apart() -> None:
    assert '"type": "log"' in _spec("failed", "response")
    assert '"type": "log"' not in _spec("passed", "response")


def test_service_time_is_shown_from_the_start_only_where_it_differs() -> None:
    shown = {name: charts.charts(ALL[name]())[1].spec["params"][0]["value"] for name in ("passed", "invalid")}
    assert shown == {"passed": False, "invalid": True}


def test_more_error_classes_than_colours_are_still_drawn() -> None:
    errors = {f"class_{number}": number + 1 for number in range(16)}
    summary = replace(passed(), timeline=(point(0, errors=errors), point(1)))
    spec = {chart.key: chart for chart in charts.charts(summary)}["errors"].spec
    assert len(spec["layer"][0]["encoding"]["color"]["scale"]["range"]) == 16


@pytest.mark.parametrize("key", KEYS)
def test_every_chart_compiles_to_svg_without_a_variable_left(key: str) -> None:
    svg = charts.chart_svg(failed(), key, dark=True)
    assert svg.startswith("<svg")
    assert "var(--" not in svg


def test_a_chart_that_a_run_does_not_have_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        charts.chart_svg(passed(), "errors")


def test_the_picture_for_documents_is_a_png_or_nothing() -> None:
    picture = charts.charts_png(invalid())
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    assert charts.charts_png(empty()) is None
