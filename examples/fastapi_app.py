"""Load tests behind a web interface: `pip install fastapi uvicorn`, then `uvicorn fastapi_app:app`.

The load runs in processes of its own, so that the event loop goes on answering while ten thousand requests a second are
sent. A client that goes away ends its run.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import kilobar
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from kilobar.errors import InputError

app = FastAPI()


@app.post("/runs")
async def run(scenario: str, rate: str = "100/s", duration: str = "5s") -> dict[str, Any]:
    """Answers with the whole summary when the run is over."""
    try:
        summary = await kilobar.run_async(scenario, rate=rate, duration=duration)
    except InputError as error:
        raise HTTPException(422, str(error)) from error
    return summary.to_dict()


@app.get("/runs/live")
async def live(scenario: str, rate: str = "100/s", duration: str = "5s") -> StreamingResponse:
    """Answers with a line a second, and the verdict in the last one."""

    async def lines() -> AsyncIterator[str]:
        async with kilobar.start_async(scenario, rate=rate, duration=duration) as running:
            async for live in running:
                if live.latest is not None:
                    yield json.dumps({"at_s": live.elapsed_s, "p99_ms": live.latest.response_ms.p99}) + "\n"
            summary = await running.summary()
        yield json.dumps({"outcome": summary.verdict.outcome, "ok": summary.ledger.ok}) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")
