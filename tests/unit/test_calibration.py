import pytest

from kilobar.calibration import Comparison, fixed, stall, two_modes


def test_a_stall_is_the_share_of_arrivals_that_waited_at_least_so_long() -> None:
    truth = stall(2, 200, 10)
    # By counting: 400 of the 2,000 arrivals wait 2 s, 1.995 s, ... 0.005 s; the slowest 1 % are the first 20 of them.
    waits = sorted([0.0] * 1600 + [2000.0 - 5 * index for index in range(400)])
    for name, quantile in (("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
        counted = waits[int(quantile * len(waits)) - 1]
        assert truth.expected_ms(truth, name) == pytest.approx(counted, abs=5.001)
    assert truth.expected_ms(truth, "p50") is None


def test_two_modes_say_nothing_about_a_quantile_at_the_step_between_them() -> None:
    truth = two_modes(10, 100, 0.1, 200, 10)
    assert truth.expected_ms(truth, "p50") == 10
    assert truth.expected_ms(truth, "p90") is None
    assert truth.expected_ms(truth, "p99") == 100
    assert truth.path == "/delay/bimodal/10ms/100ms/0.1"


def test_the_number_of_arrivals_is_rate_times_duration() -> None:
    assert fixed(10, 200, 6).arrivals == 1200


def test_a_comparison_holds_within_its_tolerance_and_counts_only_when_equal() -> None:
    assert Comparison("p99", "ms", 10, 10.2, 0.02).holds
    assert not Comparison("p99", "ms", 10, 10.3, 0.02).holds
    assert not Comparison("started", "", 1000, 1001, 0).holds
    assert Comparison("lost", "", 0, 0, 0).holds
