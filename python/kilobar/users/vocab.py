"""Who gets which row of `vocab()`: turn number j of worker i of n gets row i + j n, which its order carries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from time import monotonic_ns
from typing import Any

from kilobar.users.failure import Told, told_in_a_line

RETRY_NS = 1_000_000_000
"""A `vocab()` that has failed is called again after so long, not by every turn."""
MAX_PASSED_OVER = 10_000
"""Rows of this worker that are kept for turns which ask later than the ones behind them."""


class Deal:
    """Rows of one class in one worker. Threads may ask at the same time, in any order.

    `row` raises Told when there is none: `vocab()` has failed or is empty, or it is dealt once and has ended.
    """

    __slots__ = (
        "_base", "_is_once", "_iterator", "_lock", "_make", "_next", "_passed", "_problem", "_retry_ns", "_rows",
        "_whose", "_worker", "_workers",
    )  # fmt: skip

    def __init__(
        self, make: Callable[[], object], whose: str, *, is_once: bool = False, worker: int = 0, workers: int = 1
    ) -> None:
        self._make = make
        self._whose = whose
        self._is_once = is_once
        self._worker = worker
        self._workers = workers
        self._lock = Lock()
        self._rows: Sequence[Any] | None = None
        self._iterator: Iterator[Any] | None = None
        self._base = 0
        """The index of the first row that the iterator has given."""
        self._next = 0
        """The index of the row that the iterator gives next."""
        self._passed: dict[int, Any] = {}
        self._problem: str | None = None
        self._retry_ns = 0

    def prepare(self) -> None:
        """Calls `vocab()` now, so that no turn waits for it. Should it fail, the turns say so."""
        with self._lock:
            try:
                self._have_rows()
            except Told:
                return

    def row(self, index: int) -> Any:
        """The row of this index of the whole run."""
        rows = self._rows
        if rows is None:
            with self._lock:
                self._have_rows()
                rows = self._rows
                if rows is None:
                    return self._advance(index)
        if self._is_once and index >= len(rows):
            raise self._used_up(len(rows))
        return rows[index % len(rows)]

    def _have_rows(self) -> None:
        """Either rows or an iterator is there after it."""
        if self._rows is not None or self._iterator is not None:
            return
        if self._problem is not None and monotonic_ns() < self._retry_ns:
            raise Told(self._problem)
        try:
            given = self._make()
            check_rows(given, self._whose)
            if isinstance(given, Sequence):
                self._rows = given
            else:
                self._iterator = iter(given)  # type: ignore[call-overload]  # check_rows has seen to it
        except Told as error:
            self._fail(str(error))
        except BaseException as error:  # user code
            self._fail(f"vocab() of {self._whose} failed: {told_in_a_line(error)}")
        self._problem = None

    def _fail(self, problem: str) -> None:
        self._iterator = None
        self._problem = problem
        self._retry_ns = monotonic_ns() + RETRY_NS
        raise Told(problem) from None

    def _advance(self, index: int) -> Any:
        if index < self._next:
            try:
                return self._passed.pop(index)
            except KeyError:
                raise Told(f"row {index} of {self._whose} was passed over: it was asked for too late") from None
        while True:
            row = self._take()
            at = self._next - 1
            if at == index:
                return row
            if at % self._workers == self._worker:
                self._passed[at] = row
                if len(self._passed) > MAX_PASSED_OVER:
                    del self._passed[next(iter(self._passed))]

    def _take(self) -> Any:
        """The next row of the iterator, or the first one of the next."""
        while True:
            self._have_rows()
            if self._iterator is None:
                # What it gave this time has indexes of its own, which count on from here.
                rows = self._rows or ()
                self._rows, self._iterator = None, iter(rows)
            try:
                row = next(self._iterator)
            except StopIteration:
                self._end()
            except BaseException as error:  # user code
                self._fail(f"vocab() of {self._whose} failed: {told_in_a_line(error)}")
            else:
                self._next += 1
                return row

    def _end(self) -> None:
        if self._next == self._base:
            self._fail(f"vocab() of {self._whose} gave no rows")
        if self._is_once:
            raise self._used_up(self._next - self._base)
        self._iterator = None
        self._base = self._next

    def _used_up(self, count: int) -> Told:
        return Told(f'all {count} rows of {self._whose} have been dealt, and `rows` is "once"')


def check_rows(given: object, whose: str) -> None:
    """Raises Told for what `vocab()` of `whose` may not give."""
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        if inspect.iscoroutine(given):
            given.close()
        raise Told(f"vocab() of {whose} gave {_kind(given)}; it must give rows: a list, or an iterator")
    if isinstance(given, Sequence) and not len(given):
        raise Told(f"vocab() of {whose} gave no rows")


def _kind(given: object) -> str:
    if given is None:
        return "None (is a `return` missing?)"
    if inspect.iscoroutine(given) or inspect.isasyncgen(given):
        return "a coroutine (write `def`, not `async def`)"
    return f"a {type(given).__name__}"
