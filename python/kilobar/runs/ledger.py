"""The controller's books: what the workers reported, and what became of the share of a worker that was lost.

They are kept here and not in the merged interval, because of a lost worker more is known than an interval can say: what
it had in flight and what it had due but not started are lost as well, and its gauges have no meaning any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple

from kilobar.model.summary import Ledger


def write_off(reported: Ledger, never_reported: int) -> Ledger:
    """The books of a lost worker, from what it had reported last.

    `never_reported` are the iterations that were due on it after that. Everything of which the end is not known is
    lost. Books that did not balance before do not balance afterwards.
    """
    not_started = max(reported.planned - reported.started - reported.dropped - reported.lost, 0)
    return Ledger(
        planned=reported.planned + never_reported,
        started=reported.started - reported.in_flight,
        dropped=reported.dropped,
        lost=reported.lost + never_reported + not_started + reported.in_flight,
        ok=reported.ok,
        failed=reported.failed,
        in_flight=0,
    )


def total(ledgers: Iterable[Ledger]) -> Ledger:
    """The books of all workers together."""
    return Ledger(*(sum(column) for column in zip(*map(astuple, ledgers), strict=True)))
