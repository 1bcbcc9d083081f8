"""From a native histogram, in ns, to the percentiles that people read, in ms."""

from __future__ import annotations

from kilobar._native import Histogram
from kilobar.model.summary import Percentiles


def percentiles(histogram: Histogram) -> Percentiles:
    """All zero when nothing was recorded."""
    if histogram.count == 0:
        return Percentiles()
    p50, p90, p95, p99, p99_9 = (histogram.quantile(q) / 1e6 for q in (0.5, 0.9, 0.95, 0.99, 0.999))
    return Percentiles(
        count=histogram.count,
        mean=histogram.mean / 1e6,
        min=histogram.min / 1e6,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        p99_9=p99_9,
        max=histogram.max / 1e6,
    )
