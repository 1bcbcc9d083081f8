"""Which user is of which class: arithmetic that needs no conversation between workers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

MAX_CYCLE = 1_000
"""So many users have the classes of their weights exactly, or as exactly as this allows."""


def cycle_of(weights: Sequence[float]) -> tuple[int, ...]:
    """Indexes of classes in the proportions of their weights, as evenly mixed as possible: any stretch of it has nearly
    those proportions. At least one weight is above 0."""
    counts = _counts(weights)
    total = sum(counts)
    # Smooth weighted round-robin: at each turn every class earns its weight, the richest is dealt and pays the total.
    credits = [0] * len(counts)
    dealt = []
    for _ in range(total):
        credits = [credit + count for credit, count in zip(credits, counts, strict=True)]
        richest = max(range(len(counts)), key=credits.__getitem__)
        credits[richest] -= total
        dealt.append(richest)
    return tuple(dealt)


def first_of(fixed_counts: Sequence[int]) -> tuple[int, ...]:
    """Indexes of classes of which there is a fixed number of users, evenly mixed."""
    wanted = list(fixed_counts)
    dealt: list[int] = []
    while any(wanted):
        dealt += [index for index, count in enumerate(wanted) if count > 0]
        wanted = [max(count - 1, 0) for count in wanted]
    return tuple(dealt)


def _counts(weights: Sequence[float]) -> list[int]:
    """Whole numbers in the proportions of the weights, MAX_CYCLE in all at most; who has a weight gets at least one."""
    exact = [Fraction(str(weight)) for weight in weights]
    denominator = lcm(*(weight.denominator for weight in exact))
    counts = [int(weight * denominator) for weight in exact]
    divisor = gcd(*counts)
    counts = [count // divisor for count in counts]
    total = sum(counts)
    if total <= MAX_CYCLE:
        return counts
    room = MAX_CYCLE - len(counts)
    return [max(round(count * room / total), 1) if count else 0 for count in counts]
