import pytest

from kilobar.runs.timeline import MAX_POINTS, Asked, Timeline

from .intervals import MS, SECOND_NS, interval, series

S = SECOND_NS


def second(number: int, *, response_ns: list[int] | None = None, failed: int = 0, **books: int) -> dict[str, object]:
    """Arguments of `Timeline.append` for one second."""
    measured = interval(number * S, series=[series("GET /", response_ns or [], failed=failed)], **books)
    return {"start_ns": number * S, "duration_ns": S, "interval": measured, "asked": Asked(100.0, None)}


def test_a_point_has_what_its_second_measured() -> None:
    timeline = Timeline()
    measured = interval(
        0, series=[series("a", [10 * MS, 20 * MS], failed=1), series("b", [30 * MS])], start_lag_ns=[MS],
        started=3, ok=1, failed=1, in_flight=1, planned=4, dropped=1, rss_bytes=7, cpu_ns=S // 2,
    )  # fmt: skip
    timeline.append(0, S, measured, Asked(4.0, 9))
    (point,) = timeline.points()
    assert (point.start_s, point.duration_s, point.asked_rate_per_s, point.asked_users) == (0.0, 1.0, 4.0, 9)
    assert (point.started, point.ok, point.failed, point.dropped, point.in_flight) == (3, 1, 1, 1, 1)
    assert (point.requests, point.errors, point.bytes_in) == (3, {"status": 1}, 300)
    assert (point.cpu_cores, point.rss_bytes, point.degraded) == (0.5, 7, False)
    assert point.response_ms.count == 3
    assert point.response_ms.max == pytest.approx(30, rel=0.001)
    assert point.start_lag_ms.p50 == pytest.approx(1, rel=0.001)
    assert timeline.latest == point


def test_a_full_axis_folds_neighbours_without_losing_a_count() -> None:
    timeline = Timeline(max_points=4)
    for number in range(23):
        timeline.append(**second(number, response_ns=[(number + 1) * MS], started=2, ok=1, in_flight=number))
        assert len(timeline.points()) <= 4
    points = timeline.points()
    assert [(point.start_s, point.duration_s) for point in points] == [(0, 8), (8, 8), (16, 7)]
    assert [point.started for point in points] == [16, 16, 14]
    assert [point.in_flight for point in points] == [7, 15, 22]
    assert points[1].response_ms.count == 8
    assert points[1].response_ms.min == pytest.approx(9, rel=0.001)
    assert points[1].response_ms.max == pytest.approx(16, rel=0.001)
    assert timeline.latest is not None
    assert (timeline.latest.start_s, timeline.latest.duration_s) == (22, 1)


def test_a_folded_point_asks_for_the_mean_rate_of_the_time_in_which_one_was_asked() -> None:
    timeline = Timeline(max_points=2)
    for number, asked in enumerate([Asked(10.0, None), Asked(30.0, None), Asked(None, 5), Asked(None, None)]):
        timeline.append(number * S, S, interval(number * S), asked)
    timeline.append(4 * S, S // 2, interval(4 * S, S // 2), Asked(None, None))
    first, last = timeline.points()
    assert (first.duration_s, first.asked_rate_per_s, first.asked_users) == (4, 20.0, 5)
    assert (last.duration_s, last.asked_rate_per_s, last.asked_users) == (0.5, None, None)


def test_what_comes_late_is_added_to_its_own_second() -> None:
    timeline = Timeline()
    for number in range(3):
        timeline.append(**second(number, response_ns=[MS], started=1, ok=1, in_flight=4))
    timeline.points()
    timeline.add_late(interval(S, series=[series("GET /", [9 * MS])], started=5, in_flight=2))
    assert [point.started for point in timeline.points()] == [1, 6, 1]
    assert [point.in_flight for point in timeline.points()] == [4, 6, 4]
    assert timeline.points()[1].response_ms.max == pytest.approx(9, rel=0.001)


def test_what_comes_late_for_a_folded_point_leaves_its_newer_gauges_alone() -> None:
    timeline = Timeline(max_points=2)
    for number in range(4):
        timeline.append(**second(number, started=1, in_flight=4))
    timeline.add_late(interval(0, started=5, in_flight=2))
    assert [(point.started, point.in_flight) for point in timeline.points()] == [(7, 4), (2, 4)]


def test_what_comes_before_the_axis_or_after_it_changes_nothing() -> None:
    timeline = Timeline()
    timeline.append(**second(0, started=1))
    timeline.add_late(interval(5 * S, started=5))
    timeline.degrade(5 * S, 6 * S, 3)
    assert [(point.started, point.lost, point.degraded) for point in timeline.points()] == [(1, 0, False)]


def test_a_loss_marks_every_second_it_touches_and_is_counted_once() -> None:
    timeline = Timeline()
    for number in range(4):
        timeline.append(**second(number, started=1))
    timeline.degrade(S, 3 * S, 7)
    assert [point.degraded for point in timeline.points()] == [False, True, True, False]
    assert [point.lost for point in timeline.points()] == [0, 0, 7, 0]


def test_ten_thousand_seconds_fit_in_the_space_of_six_hundred() -> None:
    timeline = Timeline()
    values = [MS * value for value in range(1, 200, 10)]
    for number in range(1300):
        timeline.append(**second(number, response_ns=values, started=20))
    points = timeline.points()
    assert MAX_POINTS // 2 <= len(points) <= MAX_POINTS
    assert sum(point.response_ms.count for point in points) == 1300 * 20
    size = sum(
        len(data) for cell in timeline._cells for data in (cell.response, cell.service, cell.start_lag, cell.loop_lag)
    )
    assert size < MAX_POINTS * 2_000


def test_an_odd_number_of_points_is_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        Timeline(max_points=3)
