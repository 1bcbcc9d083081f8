"""`Press`: the smallest form of a load test, rows and one action."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from kilobar.users.person import Person


class Press(Person):
    """Inherit it, give `press(row)`, and if it needs data, `vocab()`.

    `press` is a plain function (a thread a user, so any blocking library works) or `async def` (one event loop a
    worker).
    `on_start` and `on_stop` are called once a user, when they exist.
    """

    rows: ClassVar[Literal["cycle", "once"]] = "cycle"
    """"cycle": after the last row comes the first one again; "once": the load ends when all rows have been dealt."""

    def vocab(self) -> Iterable[Any]:
        """Rows; each goes to one call of `press`, over all workers without repetition.

        Called once a worker, on an instance that never presses: a list is dealt by its indexes, anything else that can
        be iterated is read as rows are needed, and called for again when it has ended. Without it rows are None.
        """
        return [None]

    def press(self, row: Any) -> Any:
        """One action. What it raises fails it."""
        raise NotImplementedError(f"{type(self).__name__} has no press()")

    @classmethod
    def _acts(cls) -> Iterable[str]:
        return ["press", *super()._acts()]
