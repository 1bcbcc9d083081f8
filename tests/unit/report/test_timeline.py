from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kilobar.model.summary import Percentiles
from kilobar.report.timeline import bounded

from .summaries import long, point, timeline, times


def test_a_short_run_keeps_its_points() -> None:
    points = timeline(30)
    assert bounded(points) == points
    assert bounded(()) == ()


@given(st.integers(1, 90), st.integers(1, 40))
def test_bounded_points_cover_the_same_time_and_count_the_same(length: int, limit: int) -> None:
    points = tuple(point(n, errors={"eof": n, "dns": 1}, lost=n) for n in range(length))
    fewer = bounded(points, limit)
    assert len(fewer) <= limit
    assert fewer[0].start_s == 0
    for left, right in pairwise(fewer):
        assert left.start_s + left.duration_s == right.start_s
    assert fewer[-1].start_s + fewer[-1].duration_s == length
    assert sum(item.started for item in fewer) == sum(item.started for item in points)
    assert sum(item.lost for item in fewer) == sum(item.lost for item in points)
    assert sum(item.errors["eof"] for item in fewer) == sum(range(length))


def test_a_bad_second_is_never_hidden() -> None:
    quiet, loud = point(0, response_ms=times(10.0, 10)), point(1, response_ms=times(900.0, 1), degraded=True)
    (both,) = bounded((quiet, loud), 1)
    assert both.response_ms.p50 == 900.0
    assert both.response_ms.min == quiet.response_ms.min
    assert both.response_ms.count == 11
    assert both.degraded


def test_time_in_which_nothing_was_measured_does_not_count_as_fast() -> None:
    (both,) = bounded((point(0, response_ms=Percentiles()), point(1, response_ms=times(50.0, 5))), 1)
    assert both.response_ms == times(50.0, 5)
    (none,) = bounded((point(0, response_ms=Percentiles()), point(1, response_ms=Percentiles())), 1)
    assert none.response_ms == Percentiles()


def test_rates_that_were_asked_are_averaged_over_the_time_in_which_they_were_asked() -> None:
    points = (point(0, asked_rate_per_s=100.0), point(1, asked_rate_per_s=300.0), point(2, asked_rate_per_s=None))
    assert bounded(points, 1)[0].asked_rate_per_s == 200.0
    assert bounded((point(0, asked_rate_per_s=None),) * 2, 1)[0].asked_rate_per_s is None


def test_six_hours_fit_into_a_chart() -> None:
    assert 300 <= len(bounded(long().timeline)) <= 600
