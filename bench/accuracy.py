"""Percentiles against the values that arithmetic gives, and the error of merging eight workers' histograms."""

from __future__ import annotations

import argparse
import math
import random

from peers import target

from kilobar._native import Histogram
from kilobar.calibration import Truth, fixed, measure, stall, two_modes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    print("| truth | number | measured | true | error | within |")
    print("|---|---|---|---|---|---|")
    truths = (
        fixed(10, 200, options.seconds),
        two_modes(10, 100, 0.2, 200, options.seconds),
        stall(2, 200, options.seconds),
    )
    with target() as server:
        # What a request costs that is answered at once: two sleeping cores wake up, on a virtual machine slowly.
        empty, _ = measure(Truth("no delay", "/", 200, min(options.seconds, 10), lambda *_: None), server, workers=1)
        trip_ms = empty.total.response_ms.p50
        print(f"| no delay | response p50: the round trip itself | {trip_ms:.3f} ms | | | |")
        for truth in truths:
            summary, comparisons = measure(truth, server, workers=1)
            if truth.stall_at_s is None:
                off = (summary.total.response_ms.p50 - trip_ms - 10) / 10
                print(f"| {truth.name} | response p50 less the round trip | | 10 ms | {off:+.2%} | |")
            for compared in comparisons:
                held = "yes" if compared.holds else "NO"
                print(
                    f"| {truth.name} | {compared.what} | {compared.measured:,.6g} {compared.unit} |"
                    f" {compared.truth:,.6g} {compared.unit} | {compared.error:.2%} | {held} |"
                )
            if truth.stall_at_s is not None:
                _service_of_a_stall(truth.arrivals, truth.rate_per_s * truth.stall_s, summary)
    _merge_error()


def _service_of_a_stall(arrivals: int, in_flight: float, summary) -> None:
    """Service time may show the stall only on requests in flight; with open load those are all that arrived in it."""
    slow = in_flight / arrivals
    service = summary.total.service_ms
    shown = "p90" if slow < 0.1 else "p50"
    print(
        f"| {slow:.1%} of the requests were in flight | service {shown} outside the stall |"
        f" {getattr(service, shown):.3f} ms | below 10 ms | | {'yes' if getattr(service, shown) < 10 else 'NO'} |"
    )


def _merge_error() -> None:
    draw = random.Random(1)
    values = [int(draw.lognormvariate(16, 1.5)) for _ in range(400_000)]
    parts = [Histogram() for _ in range(8)]
    for index, value in enumerate(values):
        parts[index % 8].record(value)
    merged = Histogram()
    for part in parts:
        merged.merge(Histogram.decode(part.encode()))
    values.sort()
    worst = 0.0
    for quantile in (0.5, 0.9, 0.95, 0.99, 0.999, 0.9999):
        true = values[math.ceil(quantile * len(values)) - 1]
        worst = max(worst, abs(merged.quantile(quantile) - true) / true)
    print(
        f"| 400,000 drawn values over 8 workers, encoded and merged | worst quantile | | | {worst:.4%} | "
        f"{'yes' if worst <= 0.001 else 'NO'} |"
    )


if __name__ == "__main__":
    main()
