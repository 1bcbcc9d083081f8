"""How late the loop of a host is: what a coroutine that blocks, or a thread that computes, does to all other users."""

from __future__ import annotations

from time import monotonic_ns

from kilobar import _native

TICK_NS = 10_000_000
"""How often a loop is looked at; that of the engine is, too."""
TICK_S = TICK_NS / 1e9
RESOLUTION_NS = 1_000_000
"""Timers of event loops count in milliseconds: so much is no lag."""


class LoopLag:
    """Tells the engine how late each tick was. Whoever has it calls `tick` about every `TICK_S` seconds."""

    def __init__(self) -> None:
        self._due_ns = monotonic_ns() + TICK_NS

    @property
    def due_in_ms(self) -> int:
        """In how many ms the next tick is due, rounded up."""
        return max(-(-(self._due_ns - monotonic_ns()) // 1_000_000), 0)

    def tick(self) -> None:
        """Now is the time of a tick; the next one is due `TICK_S` later."""
        now_ns = monotonic_ns()
        _native.host_lag(max(now_ns - self._due_ns - RESOLUTION_NS, 0))
        self._due_ns = now_ns + TICK_NS
