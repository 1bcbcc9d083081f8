"""The time axis of a report, bounded in length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

from kilobar.model.summary import Percentiles, Point

MAX_POINTS = 600
"""A chart has about this many pixels to offer; more points only make the report larger."""


def bounded(points: Sequence[Point], limit: int = MAX_POINTS) -> tuple[Point, ...]:
    """At most `limit` points that cover the same time.

    Neighbours are put together: counts add up, gauges keep their largest value, and percentiles keep the worst of the
    stretch. The exact percentiles of a longer stretch are not in its points, and a chart must never hide a bad second.
    """
    group = -(-len(points) // limit) or 1
    if group == 1:
        return tuple(points)
    return tuple(_together(points[first : first + group]) for first in range(0, len(points), group))


def _together(points: Sequence[Point]) -> Point:
    first, last = points[0], points[-1]
    rates = [(point.asked_rate_per_s, point.duration_s) for point in points]
    asked = [(rate, length_s) for rate, length_s in rates if rate is not None]
    asked_s = sum(length_s for _, length_s in asked)
    length_s = last.start_s + last.duration_s - first.start_s
    errors: Counter[str] = Counter()
    for point in points:
        errors.update(point.errors)
    return Point(
        start_s=first.start_s,
        duration_s=length_s,
        asked_rate_per_s=sum(rate * part_s for rate, part_s in asked) / asked_s if asked_s else None,
        asked_users=max((point.asked_users for point in points if point.asked_users is not None), default=None),
        started=sum(point.started for point in points),
        ok=sum(point.ok for point in points),
        failed=sum(point.failed for point in points),
        dropped=sum(point.dropped for point in points),
        lost=sum(point.lost for point in points),
        in_flight=max(point.in_flight for point in points),
        active_users=max(point.active_users for point in points),
        requests=sum(point.requests for point in points),
        errors=dict(errors),
        response_ms=_worst([point.response_ms for point in points]),
        service_ms=_worst([point.service_ms for point in points]),
        start_lag_ms=_worst([point.start_lag_ms for point in points]),
        loop_lag_ms=_worst([point.loop_lag_ms for point in points]),
        cpu_cores=sum(point.cpu_cores * point.duration_s for point in points) / length_s if length_s > 0 else 0.0,
        rss_bytes=max(point.rss_bytes for point in points),
        connections_open=max(point.connections_open for point in points),
        bytes_in=sum(point.bytes_in for point in points),
        bytes_out=sum(point.bytes_out for point in points),
        degraded=any(point.degraded for point in points),
    )


def _worst(times: Sequence[Percentiles]) -> Percentiles:
    measured = [item for item in times if item.count]
    if not measured:
        return Percentiles()
    worst = {field.name: max(getattr(item, field.name) for item in measured) for field in fields(Percentiles)}
    total = sum(item.count for item in measured)
    worst["count"] = total
    worst["min"] = min(item.min for item in measured)
    worst["mean"] = sum(item.mean * item.count for item in measured) / total
    return Percentiles(**worst)
