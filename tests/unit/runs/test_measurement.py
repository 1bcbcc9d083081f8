from kilobar.runs.asked import AskedLoad
from kilobar.runs.measurement import CLOSE_AFTER_NS, Measurement

from .intervals import SECOND_NS, interval, plan, rate, series, users

S = SECOND_NS


def measurement(*load: object, workers: int = 2) -> Measurement:
    return Measurement(workers, AskedLoad(plan(*load or (rate(100, 10),))))  # type: ignore[arg-type]


def test_a_second_is_closed_when_all_have_reported_it() -> None:
    measured = measurement()
    measured.add(0, interval(0, started=50))
    assert not measured.close_seconds(S + 1, [0, 1])
    measured.add(1, interval(0, started=49))
    assert measured.close_seconds(S + 2, [0, 1])
    assert [point.started for point in measured.timeline.points()] == [99]
    assert measured.closed_ns == S


def test_a_second_is_closed_without_those_that_are_late_and_nobody_waits_for_the_dead() -> None:
    measured = measurement()
    measured.add(0, interval(0, started=50))
    assert not measured.close_seconds(S + CLOSE_AFTER_NS - 1, [0, 1])
    assert measured.close_seconds(S + CLOSE_AFTER_NS, [0, 1])
    measured.add(0, interval(S, started=50))
    assert measured.close_seconds(2 * S + 1, [0])
    assert [point.started for point in measured.timeline.points()] == [50, 50]


def test_gauges_of_the_books_are_those_of_each_worker_whoever_reports_last() -> None:
    measured = measurement()
    measured.add(0, interval(0, started=9, planned=9, ok=5, in_flight=4))
    measured.add(0, interval(S, ok=1, in_flight=3))
    measured.add(1, interval(0, started=7, planned=7, in_flight=7))
    assert measured.ledger().in_flight == 10
    assert measured.ledger().balances


def test_the_end_of_a_run_closes_the_shorter_last_stretch_and_what_was_lost_after_it() -> None:
    measured = measurement()
    measured.add(0, interval(0, started=50))
    measured.add(0, interval(S, S // 4, started=5, in_flight=2, ok=53, planned=55))
    assert measured.lose(1, 30, 3 * S) == 30
    measured.close_all()
    assert [point.duration_s for point in measured.timeline.points()] == [1.0, 1.0, 1.0]
    assert [point.degraded for point in measured.timeline.points()] == [True, True, True]
    assert [point.lost for point in measured.timeline.points()] == [0, 0, 30]
    assert measured.ledger().lost == 30


def test_the_shorter_last_stretch_is_as_long_as_it_was() -> None:
    measured = measurement(workers=1)
    measured.add(0, interval(0, started=50))
    measured.add(0, interval(S, S // 4, started=5))
    measured.close_all()
    assert [point.duration_s for point in measured.timeline.points()] == [1.0, 0.25]


def test_what_was_started_after_the_load_had_ended_was_not_started_in_time() -> None:
    measured = measurement(rate(100, 1), workers=1)
    measured.add(0, interval(0, planned=100, started=95))
    measured.add(0, interval(S, started=5))
    measured.close_all()
    assert (measured.arrivals_planned, measured.arrivals_started, measured.achieved_rate_per_s) == (100, 95, 95.0)


def test_the_achieved_rate_is_that_of_the_time_in_which_one_was_asked_or_of_all_users() -> None:
    mixed = measurement(users(5, 2), rate(100, 1.5), workers=1)
    closed = measurement(users(5, 2), workers=1)
    for second, started in enumerate([900, 900, 100, 50]):
        mixed.add(0, interval(second * S, started=started))
    for second in range(2):
        closed.add(0, interval(second * S, started=900))
    mixed.close_all()
    closed.close_all()
    assert mixed.achieved_rate_per_s == 100.0
    assert closed.achieved_rate_per_s == 900.0
    assert measurement().achieved_rate_per_s == 0.0


def test_users_are_compared_only_in_whole_seconds_without_failures() -> None:
    measured = measurement(rate(10, 1), users(10, 4.5), workers=1)
    for second, active, failed in [(0, 3, 0), (1, 10, 0), (2, 4, 6), (3, 9, 0), (4, 10, 0), (5, 1, 0)]:
        measured.add(0, interval(second * S, in_flight=active, failed=failed))
    measured.close_all()
    assert measured.mean_users_asked == 10
    assert measured.mean_users_active == 29 / 3
    assert measurement().mean_users_active == measurement().mean_users_asked == 0.0


def test_the_peak_of_memory_is_that_of_all_workers_in_one_second() -> None:
    measured = measurement()
    for second, rss_bytes in enumerate([5, 9, 7]):
        for worker in range(2):
            measured.add(worker, interval(second * S, rss_bytes=rss_bytes))
    measured.close_all()
    assert measured.peak_rss_bytes == 18


def test_the_total_has_the_measurements_of_every_worker() -> None:
    measured = measurement()
    for worker in range(2):
        measured.add(worker, interval(0, series=[series("GET /", [10, 20])]))
    assert measured.total().response().count == 4
