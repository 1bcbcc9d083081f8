"""Intervals and plans as a test wants them. Intervals are built in their documented MessagePack form."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from kilobar._native import Histogram, Interval
from kilobar.model.plan import Flow, Origin, Plan, Request, Stage, Template, Think

SECOND_NS = 1_000_000_000
MS = 1_000_000
ERROR_CLASSES = 17
STATUS = 12
"""Index of the error class `status`."""


def pack(value: Any) -> bytes:
    """MessagePack, in its widest forms."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return b"\xcf" + struct.pack(">Q", value)
        case str():
            data = value.encode()
            return b"\xdb" + struct.pack(">I", len(data)) + data
        case bytes():
            return b"\xc6" + struct.pack(">I", len(value)) + value
        case Mapping():
            items = b"".join(pack(key) + pack(item) for key, item in value.items())
            return b"\xdf" + struct.pack(">I", len(value)) + items
        case Sequence():
            return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
        case _:
            raise TypeError(type(value))


def durations(values_ns: Sequence[int]) -> dict[str, Any] | None:
    if not values_ns:
        return None
    histogram = Histogram()
    for value_ns in values_ns:
        histogram.record(value_ns)
    return {
        "min_ns": min(values_ns),
        "max_ns": max(values_ns),
        "sum_ns": sum(values_ns),
        "counts": histogram.encode(),
    }


def series(
    name: str = "GET /",
    response_ns: Sequence[int] = (),
    failed: int = 0,
    service_ns: Sequence[int] = (),
    kind: str = "http",
) -> dict[str, Any]:
    errors = [0] * ERROR_CLASSES
    errors[STATUS] = failed
    return {
        "name": {"name": name, "kind": kind},
        "count": max(len(response_ns), failed),
        "failed": failed,
        "errors": errors,
        "bytes_in": 100 * len(response_ns),
        "bytes_out": 10 * len(response_ns),
        "response": durations(response_ns),
        "service": durations(service_ns or response_ns),
        "phases": [None] * 6,
    }


def encoded(
    start_ns: int = 0,
    duration_ns: int = SECOND_NS,
    *,
    series: Sequence[dict[str, Any]] = (),
    start_lag_ns: Sequence[int] = (),
    loop_lag_ns: Sequence[int] = (),
    active_users: int | None = None,
    rss_bytes: int = 0,
    cpu_ns: int = 0,
    **ledger: int,
) -> bytes:
    return pack(
        {
            "start_ns": start_ns,
            "duration_ns": duration_ns,
            "workers": 1,
            "ledger": ledger,
            "active_users": ledger.get("in_flight", 0) if active_users is None else active_users,
            "generator": {"cpu_ns": cpu_ns, "rss_bytes": rss_bytes},
            "start_lag": durations(start_lag_ns),
            "loop_lag": durations(loop_lag_ns),
            "series": series,
        }
    )


def interval(*args: Any, **kwargs: Any) -> Interval:
    return Interval.decode(encoded(*args, **kwargs))


def rate(per_s: float, seconds: float, to_per_s: float | None = None) -> Stage:
    return Stage("rate", per_s, per_s if to_per_s is None else to_per_s, int(seconds * SECOND_NS))


def users(count: float, seconds: float, to_count: float | None = None) -> Stage:
    return Stage("users", count, count if to_count is None else to_count, int(seconds * SECOND_NS))


def plan(*load: Stage, **changes: Any) -> Plan:
    get = Request(
        series=0,
        method="GET",
        origin=0,
        path=Template.fixed("/"),
        headers=(),
        body=None,
        timeout_ns=10 * SECOND_NS,
        expect_status=((200, 299),),
        saves=(),
    )
    values: dict[str, Any] = {
        "name": "test",
        "seed": 1,
        "arrivals": "uniform",
        "load": load or (rate(100, 5),),
        "flows": (Flow("browse", 1.0, (get, Think(0, 0))),),
        "series": (("GET /", "http"),),
        "variables": (),
        "origins": (Origin("http", "127.0.0.1", 8700),),
    }
    return Plan(**values | changes)
