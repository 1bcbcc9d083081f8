"""Runs to render: one that passed, one that failed, one that is invalid, an empty one, and one of six hours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from kilobar.model.summary import (
    Event,
    FlowSummary,
    Ledger,
    Percentiles,
    Point,
    Sample,
    SeriesSummary,
    Summary,
    ThresholdResult,
)

NOTHING = Percentiles()
HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>&amp;\'"'


def times(p50: float, count: int = 1000, spread: float = 1.0) -> Percentiles:
    """A long-tailed distribution of durations in ms around `p50`."""
    factors = {"min": 0.6, "p50": 1.0, "p90": 1.5, "p95": 1.9, "p99": 3.4, "p99_9": 7.9, "max": 12.6}
    values = {name: round(p50 * (factor if factor <= 1 else factor**spread), 4) for name, factor in factors.items()}
    return Percentiles(count=count, mean=round(p50 * 1.12, 4), **values) if count else NOTHING


def series(
    name: str,
    count: int,
    p50: float,
    *,
    seconds: float = 30.0,
    errors: dict[str, int] | None = None,
    service_p50: float | None = None,
    tls: bool = False,
) -> SeriesSummary:
    """One step; connections were opened for one in a hundred requests."""
    errors = errors or {}
    opened = count // 100
    phases = {
        "dns": times(0.3, opened),
        "connect": times(0.21, opened),
        "tls": times(2.4, opened) if tls else NOTHING,
        "send": times(0.012, count),
        "wait": times(p50 * 0.93, count),
        "receive": times(p50 * 0.05, count),
    }
    return SeriesSummary(
        name=name,
        kind="http",
        count=count,
        failed=sum(errors.values()),
        errors=errors,
        rate_per_s=count / seconds,
        response_ms=times(p50, count),
        service_ms=times(service_p50 or p50, count),
        phases_ms=phases,
        bytes_in=count * 1834,
        bytes_out=count * 212,
    )


def point(second: int, **changes: object) -> Point:
    """A second of 500/s that went well."""
    wave = 1 + 0.12 * math.sin(second / 3) + 0.05 * math.sin(second * 1.7)
    plain = Point(
        start_s=float(second),
        duration_s=1.0,
        asked_rate_per_s=500.0,
        asked_users=None,
        started=500,
        ok=500,
        failed=0,
        dropped=0,
        lost=0,
        in_flight=6,
        active_users=0,
        requests=500,
        errors={},
        response_ms=times(11.8 * wave, 500),
        service_ms=times(11.6 * wave, 500),
        start_lag_ms=times(0.06 * wave, 500),
        loop_lag_ms=times(0.03 * wave, 1000),
        cpu_cores=0.21 * wave,
        rss_bytes=48_000_000,
        connections_open=12,
        bytes_in=917_000,
        bytes_out=106_000,
        degraded=False,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def timeline(seconds: int, change: Callable[[int], dict[str, object]] = lambda _: {}) -> tuple[Point, ...]:
    return tuple(point(second, **change(second)) for second in range(seconds))


ENVIRONMENT = {
    "machine": "loadgen-1, AMD EPYC 7R13, 2 cores, 8.2 GB memory",
    "kernel": "Linux 6.12.0-amd64",
    "python": "3.11.9",
    "targets": "http://127.0.0.1:8700",
    "tls": "not used",
    "seed": "42",
    "command": "kilobar run examples/shop.yaml --html shop.html",
}


def passed() -> Summary:
    """Shop, ramped to 500/s in 10 s and held for 20 s."""

    def ramp(second: int) -> dict[str, object]:
        asked = min(500.0, 50.0 * (second + 0.5))
        return {
            "asked_rate_per_s": asked,
            "started": round(asked),
            "ok": round(asked),
            "requests": round(asked * 1.6),
            "in_flight": max(1, round(asked / 80)),
            "cpu_cores": 0.05 + 0.17 * asked / 500,
        }

    steps = (
        series("list items", 9_391, 12.1),
        series("show item", 7_052, 8.42),
        series("POST /session", 1_563, 21.7),
        series("POST /orders", 3_127, 34.9),
    )
    return Summary(
        kilobar="0.1.0",
        run_id="01JD9X4M7Q",
        name="shop",
        started_at="2026-11-20T18:31:07Z",
        duration_s=30.0,
        state="finished",
        workers=2,
        outcome="passed",
        reasons=(),
        ledger=Ledger(planned=12_500, started=12_500, ok=12_500),
        asked_rate_per_s=416.667,
        achieved_rate_per_s=416.66,
        asked_users=None,
        start_lag_ms=times(0.061, 12_500),
        series=steps,
        total=series("all", 21_133, 12.6),
        flows=(
            FlowSummary("browse", 9_391, 0, times(512.0, 9_391, 0.4)),
            FlowSummary("buy", 3_109, 0, times(36.0, 3_109)),
        ),
        thresholds=(
            ThresholdResult("p99 < 250ms", 42.84, True),
            ThresholdResult("errors < 0.1%", 0.0, True),
            ThresholdResult("p95(show item) < 100ms over 10s", 16.02, True),
        ),
        generator_cpu_s=6.12,
        loop_lag_ms=times(0.031, 30_000),
        rss_bytes=96_468_992,
        connections={"opened": 24, "tls_resumed": 0, "closed_idle": 2, "open": 22},
        timeline=timeline(30, ramp),
        environment=dict(ENVIRONMENT),
    )


def failed() -> Summary:
    """A target that breaks down after 20 s, over TLS that is not verified, with hostile names in it."""

    def breakdown(second: int) -> dict[str, object]:
        if second < 20:
            return {}
        depth = min(1.0, (second - 19) / 8)
        errors = {"status": round(60 * depth), "read_timeout": round(25 * depth**2), "reset": round(9 * depth)}
        bad = sum(errors.values())
        return {
            "ok": 500 - bad,
            "failed": bad,
            "errors": {name: number for name, number in errors.items() if number},
            "response_ms": times(11.8 + 900 * depth**2, 500, 0.5),
            "service_ms": times(11.6 + 420 * depth**2, 500, 0.5),
            "in_flight": round(6 + 640 * depth**2),
            "connections_open": round(12 + 640 * depth**2),
        }

    answer = (
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 2\r\n\r\n"
        '{"error": "pool exhausted", "detail": "' + HOSTILE + '"}'
    )
    request = (
        "POST /orders HTTP/1.1\r\nhost: shop.test\r\nauthorization: ***\r\ncontent-type: application/json\r\n\r\n"
        '{"item": 7, "tenant": "acme"}'
    )
    samples = (
        Sample(20.412, 0, "POST /orders", "status", "503 is not an expected status (200-299)", request, answer, 912.4),
        Sample(21.007, 1, HOSTILE, "read_timeout", f"no complete response within 5 s {HOSTILE}", request, "", 5000.3),
        Sample(24.630, 1, "list items", "reset", "connection reset by peer", "GET /items?page=3 HTTP/1.1", "", 31.9),
    )
    errors = {"status": 742, "read_timeout": 301, "reset": 108}
    whole = series("all", 20_021, 13.1, seconds=40, errors=errors, service_p50=12.2, tls=True)
    return replace(
        passed(),
        name="checkout under load",
        duration_s=40.0,
        outcome="failed",
        reasons=("p99 < 250ms does not hold: it was 2.31 s", "errors < 0.1% does not hold: it was 5.749 %"),
        ledger=Ledger(planned=20_000, started=20_000, ok=18_849, failed=1_151),
        asked_rate_per_s=500.0,
        achieved_rate_per_s=499.8,
        series=(
            series("list items", 12_410, 12.1, seconds=40, errors={"reset": 108}, tls=True),
            series(
                "POST /orders",
                6_480,
                34.9,
                seconds=40,
                errors={"status": 742, "read_timeout": 2},
                service_p50=21.3,
                tls=True,
            ),
            series(HOSTILE, 1_131, 1210.0, seconds=40, errors={"read_timeout": 299}, service_p50=640.0, tls=True),
        ),
        total=replace(whole, response_ms=replace(whole.response_ms, p99=2310.0, p99_9=5001.0, max=5032.0)),
        flows=(FlowSummary(HOSTILE, 20_000, 1_151, times(52.0, 20_000)),),
        thresholds=(
            ThresholdResult("p99 < 250ms", 2310.0, False),
            ThresholdResult("errors < 0.1%", 5.749, False),
            ThresholdResult("rate > 450/s", 499.8, True),
            ThresholdResult("p95(search) < 1s", None, False),
        ),
        timeline=timeline(40, breakdown),
        samples=samples,
        events=(Event(31.0, "load changed by hand to 110 %"), Event(35.5, f"note {HOSTILE}")),
        environment=ENVIRONMENT | {"targets": "https://shop.test", "tls": "insecure: certificates are not verified"},
    )


def invalid() -> Summary:
    """A worker was killed at 12 s; its share was taken over at 13.4 s; the generator is short of processor time."""

    def loss(second: int) -> dict[str, object]:
        if second == 12:
            return {"started": 3_120, "ok": 3_110, "lost": 1_880, "degraded": True, "asked_rate_per_s": 5000.0}
        if second == 13:
            return {"started": 4_210, "ok": 4_190, "lost": 790, "degraded": True, "asked_rate_per_s": 5000.0}
        late = second > 13
        return {
            "asked_rate_per_s": 5000.0,
            "started": 4_830 if late else 5_000,
            "ok": 4_830 if late else 5_000,
            "dropped": 170 if late else 0,
            "requests": 4_830 if late else 5_000,
            "in_flight": 900 if late else 60,
            "response_ms": times(64.0 if late else 11.8, 5000),
            "service_ms": times(12.3 if late else 11.7, 5000),
            "start_lag_ms": times(8.1 if late else 0.09, 5000),
            "loop_lag_ms": times(3.2 if late else 0.05, 1000),
            "cpu_cores": 0.99 if late else 1.4,
        }

    return replace(
        passed(),
        name="ten thousand carts",
        outcome="invalid",
        state="stopped",
        reasons=(
            "the load was not held: asked 5,000/s, achieved 4,831/s (96.63 %)",
            "start lag p99 was 27.5 ms, above 10 ms: the generator was late, so response times include its own delay",
            "worker 1 was lost at 12.0 s; its share was taken over after 1.4 s and 2,670 iterations were lost",
        ),
        ledger=Ledger(planned=150_000, started=144_610, dropped=2_720, lost=2_670, ok=144_580, failed=0, in_flight=30),
        asked_rate_per_s=5000.0,
        achieved_rate_per_s=4820.3,
        start_lag_ms=times(8.1, 144_610),
        series=(series("GET /", 144_610, 61.2, service_p50=12.1),),
        total=series("all", 144_610, 61.2, service_p50=12.1),
        flows=(),
        thresholds=(ThresholdResult("p99 < 250ms", 208.1, True),),
        generator_cpu_s=33.1,
        timeline=timeline(30, loss),
        events=(
            Event(12.0, "worker 1 was lost (killed by signal 9)"),
            Event(13.4, "1 worker takes over the share of worker 1"),
        ),
    )


def empty() -> Summary:
    """A run that was stopped before its first request."""
    return replace(
        passed(),
        name="nothing",
        duration_s=0.0,
        state="stopped",
        outcome="invalid",
        reasons=("no request was made",),
        ledger=Ledger(),
        asked_rate_per_s=500.0,
        achieved_rate_per_s=0.0,
        start_lag_ms=NOTHING,
        series=(),
        total=replace(series("all", 0, 1.0), response_ms=NOTHING, service_ms=NOTHING, phases_ms={}),
        flows=(),
        thresholds=(ThresholdResult("p99 < 250ms", None, False),),
        generator_cpu_s=0.0,
        loop_lag_ms=NOTHING,
        rss_bytes=0,
        connections={"opened": 0, "tls_resumed": 0, "closed_idle": 0, "open": 0},
        timeline=(),
        environment={},
    )


def long() -> Summary:
    """Six hours of 2,000 users in points of 10 s: more than a chart shows."""

    def day(index: int) -> dict[str, object]:
        users = min(2000, 5 + index * 4)
        wave = 1 + 0.4 * math.sin(index / 220)
        stalled = index % 700 == 350
        return {
            "start_s": index * 10.0,
            "duration_s": 10.0,
            "asked_rate_per_s": None,
            "asked_users": users,
            "active_users": users,
            "in_flight": users // 3,
            "started": users * 8,
            "ok": users * 8 - (40 if stalled else 0),
            "failed": 40 if stalled else 0,
            "errors": {"read_timeout": 25, "eof": 15} if stalled else {},
            "requests": users * 8,
            "response_ms": times(42 * wave * (9 if stalled else 1), users * 8, 0.8),
            "service_ms": times(42 * wave * (9 if stalled else 1), users * 8, 0.8),
            "rss_bytes": 60_000_000 + users * 9_000,
            "connections_open": users,
        }

    points = timeline(2160, day)
    started = sum(item.started for item in points)
    bad = sum(item.failed for item in points)
    errors = {"read_timeout": bad * 25 // 40, "eof": bad * 15 // 40}
    return replace(
        passed(),
        name="soak",
        duration_s=21_600.0,
        ledger=Ledger(planned=started, started=started, ok=started - bad, failed=bad),
        asked_rate_per_s=None,
        asked_users=2000,
        achieved_rate_per_s=started / 21_600,
        series=tuple(
            series(
                f"GET /catalogue/section-{number}/page/with/a/long/path", started // 12, 30.0 + number, seconds=21_600
            )
            for number in range(12)
        ),
        total=series("all", started, 42.0, seconds=21_600, errors=errors),
        thresholds=(),
        reasons=("4 seconds were slow",),
        generator_cpu_s=9_911.0,
        timeline=points,
    )


ALL: dict[str, Callable[[], Summary]] = {
    "passed": passed,
    "failed": failed,
    "invalid": invalid,
    "empty": empty,
    "long": long,
}
