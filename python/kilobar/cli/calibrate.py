"""`kilobar calibrate`: what Kilobar measures on this machine, against known truth."""

from __future__ import annotations

import click

from kilobar.cli import exit_codes


@click.command()
@click.option("--seconds", default=6.0, show_default=True, help="Length of each of the three runs.")
def calibrate(seconds: float) -> int:
    """Measure known delays and a known stall, and compare.

    Exit code 1 when a number is off by more than 2 %, 3 when the machine was too busy to say.
    """
    from kilobar.calibration import fixed, measure, stall, two_modes
    from kilobar.target import TargetProcess

    duration_s = max(seconds, 4.0)
    truths = (fixed(10, 200, duration_s), two_modes(10, 100, 0.2, 200, duration_s), stall(2, 200, duration_s))
    off = 0
    invalid = False
    with TargetProcess() as target:
        for truth in truths:
            print(f"{truth.name}, {truth.rate_per_s:g}/s for {truth.duration_s:g} s")
            summary, comparisons = measure(truth, target)
            for compared in comparisons:
                mark = "ok " if compared.holds else "OFF"
                off += not compared.holds
                print(
                    f"  {mark} {compared.what:<36} {compared.measured:>10.6g} {compared.unit:<3}"
                    f" truth {compared.truth:>8.6g}  error {compared.error:.2%}"
                )
            invalid |= summary.outcome == "invalid"
            print(f"      start lag p99 {summary.start_lag_ms.p99:.3f} ms, verdict {summary.outcome}")
    if not off:
        print("all numbers within 2 % of the truth, counts equal")
        return 0
    print(f"{off} numbers are off" + ("; the machine was too busy to say whose fault that is" if invalid else ""))
    return exit_codes.INVALID if invalid else exit_codes.FAILED
