"""Chance that repeats: the same run, user and throw give the same number, on every machine."""

from __future__ import annotations

_MASK = (1 << 64) - 1


class Dice:
    """The chance of one user. A `random.Random` would cost 2.5 kB a user, and this one needs two numbers."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, user: int) -> None:
        self._state = _mixed((seed & _MASK) ^ _mixed(user & _MASK))

    def throw(self) -> float:
        """From 0 up to, but without, 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        return (_mixed(self._state) >> 11) * 2.0**-53


def _mixed(value: int) -> int:
    """The finish of SplitMix64: every bit of the value changes half of the result."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
