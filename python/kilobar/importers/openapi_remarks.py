"""Notes about a whole description: what is the same everywhere is said once, with how often it was met."""

from __future__ import annotations

from collections import Counter

from kilobar.importers.outcome import Notes


class Remarks:
    """Collects what `say` adds to the notes."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._said: dict[str, None] = {}

    def once(self, message: str) -> None:
        """Something that holds for the whole."""
        self._said[message] = None

    def count(self, what: str, number: int = 1) -> None:
        """Something that is met several times."""
        self._counts[what] += number

    def say(self, notes: Notes) -> None:
        """Adds all of it to the notes."""
        for message in self._said:
            notes.add(message)
        for what, number in self._counts.items():
            if number:
                notes.add(f"{what} ({number})")
