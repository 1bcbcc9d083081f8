"""A summary of a run that never was."""

from __future__ import annotations

from kilobar.model.summary import Ledger, Percentiles, SeriesSummary, Summary


def a_summary() -> Summary:
    nothing = Percentiles()
    total = SeriesSummary("all", "http", 10, 0, {}, 10.0, nothing, nothing, {}, 0, 0)
    return Summary(
        kilobar="0.1.0",
        run_id="r",
        name="shop",
        started_at="2026-11-20T18:31:07Z",
        duration_s=1.0,
        state="finished",
        workers=1,
        outcome="passed",
        reasons=(),
        ledger=Ledger(planned=10, started=10, ok=10),
        asked_rate_per_s=10.0,
        achieved_rate_per_s=10.0,
        asked_users=None,
        start_lag_ms=nothing,
        series=(total,),
        total=total,
        flows=(),
        thresholds=(),
        generator_cpu_s=0.1,
        loop_lag_ms=nothing,
        rss_bytes=0,
        connections={},
    )
