"""Kilobar in a program: runs in processes of their own, and a typed summary at their end.

    summary = kilobar.run("http://127.0.0.1:8700/items", rate="500/s", duration="10s")
    summary = await kilobar.run_async("shop.yaml", thresholds=["p99 < 200ms"])

    with kilobar.start("shop.yaml") as running:
        for live in running:                               # about one a second
            if live.so_far.total.failed > 100:
                running.stop()
        summary = running.summary()

and the same with `async with kilobar.start_async(...)`, `async for` and `await running.summary()`. All four take the
same options (`RunOptions`), which mean what those of `kilobar run` mean. Nothing is printed, no signal handler is
installed, and any number of runs may go on at once. What `kilobar run` prints as an error is raised as an exception of
`kilobar.errors`. Warnings go to the logger "kilobar".
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Unpack

from kilobar.embedding.job import Job, RunOptions, Scenarios
from kilobar.embedding.running import AsyncRunning, Running
from kilobar.model.live import Live
from kilobar.model.summary import Summary

__all__ = ["AsyncRunning", "RunOptions", "Running", "Scenarios", "run", "run_async", "start", "start_async"]


def run(
    scenario: Scenarios, *, on_interval: Callable[[Live], Any] | None = None, **options: Unpack[RunOptions]
) -> Summary:
    """Runs a load test and waits for it. `on_interval` is called about once a second.

    What it raises ends the run, and so does KeyboardInterrupt.
    """
    with Running(Job.of(scenario, options, "run")) as running:
        for live in running:
            if on_interval is not None:
                on_interval(live)
        return running.summary()


async def run_async(
    scenario: Scenarios,
    *,
    on_interval: Callable[[Live], Awaitable[Any] | Any] | None = None,
    **options: Unpack[RunOptions],
) -> Summary:
    """As `run`, for a program with an event loop; `on_interval` may be a coroutine function.

    Cancelling it ends the run.
    """
    async with AsyncRunning(Job.of(scenario, options, "run_async")) as running:
        async for live in running:
            if on_interval is not None:
                result = on_interval(live)
                if inspect.isawaitable(result):
                    await result
        return await running.summary()


def start(scenario: Scenarios, **options: Unpack[RunOptions]) -> Running:
    """A run to look at, stop or scale while it goes: see `Running`. It starts where `with` is entered."""
    return Running(Job.of(scenario, options, "start"))


def start_async(scenario: Scenarios, **options: Unpack[RunOptions]) -> AsyncRunning:
    """As `start`, for a program with an event loop: see `AsyncRunning`. It starts where `async with` is entered."""
    return AsyncRunning(Job.of(scenario, options, "start_async"))
