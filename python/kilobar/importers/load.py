"""The load of formats that have none."""

from __future__ import annotations

from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Rate, Users


def default_load(notes: Notes) -> list[Rate | Users]:
    """One user for 30 s, and a note that says so."""
    notes.add("the source has no load; one user for 30 s is assumed, change `load`")
    return [Users(users=1, for_="30s")]
