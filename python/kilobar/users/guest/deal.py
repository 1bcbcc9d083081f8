"""Which user is of which class, as Locust deals them: fixed counts first, then by weight. Pure arithmetic."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import gcd, lcm, log2
from typing import Any

from kilobar.errors import InputError

_LONGEST_CYCLE = 1_000
_MOST_FIXED = 1_000_000


def dealt(classes: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[int]]:
    """The plan's `first` and `cycle` (indices of classes) for classes with `weight` and `fixed_count`.

    A class with a fixed count has no part in the cycle; when all have one, the cycle is empty. Proportions that need a
    cycle of more than 1,000 users are rounded to one of that length. Raises InputError when nobody is left to deal or
    more than a million users are fixed.
    """
    fixed = {index: int(each["fixed_count"]) for index, each in enumerate(classes) if int(each["fixed_count"]) > 0}
    weighted = {
        index: float(each["weight"])
        for index, each in enumerate(classes)
        if index not in fixed and float(each["weight"]) > 0
    }
    if not fixed and not weighted:
        raise InputError("no user class has a weight above 0", hint="give a class a weight or a fixed_count")
    if sum(fixed.values()) > _MOST_FIXED:
        raise InputError(
            f"the fixed_count of the user classes adds up to {sum(fixed.values())}",
            hint=f"{_MOST_FIXED} is the limit",
        )
    return _take(fixed, sum(fixed.values())), _cycle(weighted)


def _cycle(weights: Mapping[int, float]) -> list[int]:
    if not weights:
        return []
    shares = {
        index: Fraction(weight).limit_denominator(1_000) or Fraction(1, 1_000) for index, weight in weights.items()
    }
    whole = lcm(*(share.denominator for share in shares.values()))
    counts = {index: int(share * whole) for index, share in shares.items()}
    divisor = reduce(gcd, counts.values())
    counts = {index: count // divisor for index, count in counts.items()}
    total = sum(counts.values())
    if total > _LONGEST_CYCLE:
        counts = {index: max(1, round(count * _LONGEST_CYCLE / total)) for index, count in counts.items()}
    return _take(counts, sum(counts.values()))


def _take(counts: Mapping[int, float], length: int) -> list[int]:
    sequence = _interleaved(counts)
    return [next(sequence) for _ in range(length)]


def _interleaved(counts: Mapping[int, float]) -> Iterator[int]:
    # Locust's own order: each user is of the class whose share of the ideal mix is missed most (Kullback-Leibler).
    heap = [(count * log2(count / (count + 1.0)), count + 1.0, count, index) for index, count in counts.items()]
    heapq.heapify(heap)
    while True:
        _, reached, count, index = heap[0]
        yield index
        heapq.heapreplace(heap, (count * log2(reached / (reached + 1.0)), reached + 1.0, count, index))
