"""A FastAPI application that measures the lag of its own event loop, with and without a run that it started itself.

python lag_app.py PORT
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

import kilobar

TICK_S = 0.005

app = FastAPI()


@asynccontextmanager
async def ticking() -> AsyncIterator[list[float]]:
    """How late each tick was, in ms."""
    lags_ms: list[float] = []

    async def tick() -> None:
        while True:
            due_s = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            lags_ms.append((time.monotonic() - due_s) * 1e3)

    ticker = asyncio.create_task(tick())
    try:
        yield lags_ms
    finally:
        ticker.cancel()


def spread(lags_ms: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(lags_ms, n=100)
    return {"count": len(lags_ms), "p50": cuts[49], "p99": cuts[98], "max": max(lags_ms)}


@app.get("/watch")
async def watch(seconds: float) -> dict[str, float]:
    """Its lag while it does nothing itself."""
    async with ticking() as lags_ms:
        await asyncio.sleep(seconds)
    return spread(lags_ms)


@app.post("/run")
async def run(scenario: str, rate: str, duration: str) -> dict[str, Any]:
    """Its lag while a run goes that it started, and how old the newest second of each look at the run was."""
    looks: list[tuple[float, float, float]] = []
    async with ticking() as lags_ms, kilobar.start_async(scenario, rate=rate, duration=duration) as running:
        async for live in running:
            if live.phase == "running" and live.latest is not None:
                looks.append((time.monotonic(), live.elapsed_s, live.latest.start_s + live.latest.duration_s))
        summary = await running.summary()
    # The look that was underway for the shortest time tells when the run began.
    began_s = min(arrived_s - elapsed_s for arrived_s, elapsed_s, _ in looks)
    ages_s = [arrived_s - began_s - until_s for arrived_s, _, until_s in looks]
    return {"lag_ms": spread(lags_ms), "ages_s": ages_s, "summary": summary.to_dict()}


@app.get("/ready")
async def ready() -> bool:
    return True


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
