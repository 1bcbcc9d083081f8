"""A load test in the middle of a program: hold 200 requests a second for three seconds, and judge what came of it."""

import os

import kilobar

target = os.environ.get("TARGET_URL", "http://127.0.0.1:8700")


def show(live: kilobar.Live) -> None:
    """Called about once a second."""
    if live.latest is not None:
        print(f"{live.elapsed_s:5.1f} s  {live.latest.ok} ok, p99 {live.latest.response_ms.p99:.1f} ms")


summary = kilobar.run(f"{target}/bytes/1000", rate="200/s", duration="3s", thresholds=["errors < 1%"], on_interval=show)
print(summary.verdict.outcome, *summary.verdict.reasons, sep="\n  ")
for series in summary.series:
    print(f"{series.name}: {series.count} requests, p99 {series.response_ms.p99:.1f} ms, {series.failed} failed")
print(f"{summary.ledger.ok} of {summary.ledger.planned} iterations are ok")
