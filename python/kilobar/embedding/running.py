"""A run that goes on while the program does: as the program looks at it, waits for it and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections import deque
from types import TracebackType
from typing import Self

from kilobar.embedding.job import Job
from kilobar.embedding.process import Ended, RunProcess
from kilobar.errors import InputError, KilobarError
from kilobar.model.live import Live
from kilobar.model.summary import Summary

MAX_UNSEEN = 600
"""Looks at a run that a program has not taken yet, ten minutes of them; then the oldest are forgotten."""


class _Controls:
    """What both kinds of running have: orders to the run, from any thread and at any time."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._started: RunProcess | None = None
        self._unseen: deque[Live] = deque(maxlen=MAX_UNSEEN)
        self._ended: Ended | None = None

    def stop(self) -> None:
        """Ends the load; work in flight may go on for the grace of the scenario. May be called again."""
        self._process.send({"do": "stop"})

    def abort(self) -> None:
        """Ends the load and all work in flight at once; `teardown` is left out."""
        self._process.send({"do": "abort"})

    def scale(self, factor: float) -> None:
        """Multiplies the load from now on. Raises InputError for a factor that is not positive and finite."""
        if isinstance(factor, bool) or not (math.isfinite(factor) and factor > 0):
            raise InputError(f"the load cannot be multiplied by {factor}", hint="give a number above zero, such as 2")
        self._process.send({"do": "scale", "factor": factor})

    @property
    def _process(self) -> RunProcess:
        if self._started is None:
            raise RuntimeError("the run has not started: use `with` or `async with`")
        return self._started

    def _result(self) -> Summary:
        assert self._ended is not None
        if isinstance(self._ended.result, KilobarError):
            raise self._ended.result
        return self._ended.result


class Running(_Controls):
    """A context manager and an iterator of `Live`, about one a second. Leaving it ends the run and its processes."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._news = threading.Condition()

    def __enter__(self) -> Self:
        if self._started is not None:
            raise RuntimeError("a run can be started once only")
        self._started = RunProcess(self._job, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.leave()
        self._process.join()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Live:
        """The next look at the run. At its end, raises what went wrong if anything did."""
        process = self._process
        with self._news:
            self._news.wait_for(lambda: self._unseen or self._ended)
            if self._unseen:
                return self._unseen.popleft()
        process.join()
        self._result()
        raise StopIteration

    def summary(self) -> Summary:
        """Waits for the end. Raises the errors of the command line: InputError, FleetError and the others."""
        process = self._process
        with self._news:
            self._news.wait_for(lambda: self._ended)
        process.join()
        return self._result()

    def _hear(self, news: Live | Ended) -> None:
        with self._news:
            if isinstance(news, Live):
                self._unseen.append(news)
            else:
                self._ended = news
            self._news.notify_all()


class AsyncRunning(_Controls):
    """As `Running`, with `async with`, `async for` and `await running.summary()`."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._end = asyncio.Event()

    async def __aenter__(self) -> Self:
        if self._started is not None:
            raise RuntimeError("a run can be started once only")
        self._loop = asyncio.get_running_loop()
        self._started = RunProcess(self._job, self._hear)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.leave()
        await self._end.wait()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Live:
        """The next look at the run. At its end, raises what went wrong if anything did."""
        assert self._process
        while not self._unseen:
            if self._ended is not None:
                self._result()
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._unseen.popleft()

    async def summary(self) -> Summary:
        """Waits for the end. Raises the errors of the command line: InputError, FleetError and the others."""
        assert self._process
        await self._end.wait()
        return self._result()

    def _hear(self, news: Live | Ended) -> None:
        """Called by the thread of the process."""
        assert self._loop is not None
        # A loop that was closed has nobody left who waits: the process is not to go on for nobody.
        try:
            self._loop.call_soon_threadsafe(self._arrive, news)
        except RuntimeError:
            with contextlib.suppress(RuntimeError):
                self._process.leave()

    def _arrive(self, news: Live | Ended) -> None:
        if isinstance(news, Live):
            self._unseen.append(news)
        else:
            self._ended = news
            self._end.set()
        self._news.set()
