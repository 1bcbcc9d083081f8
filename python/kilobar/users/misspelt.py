"""Names in a class of users that nobody looks at, and that are nearly those that somebody does."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from kilobar.users.person import Person
from kilobar.users.press import Press
from kilobar.users.user import User

_LIKENESS = 0.82
_OF_USERS = ("wait",)


def misspelt(cls: type[Person], place: str) -> Iterator[str]:
    """A sentence for each of them; `place` is the file and line of the class."""
    bases = [name for base in (Person, Press, User) for name in (*vars(base), *base.__annotations__)]
    known = {"press", "on_start", "on_stop", "vocab"} | {name for name in bases if not name.startswith("_")}
    for name in vars(cls):
        if name.startswith("_") or name in known:
            continue
        for near in difflib.get_close_matches(name, known, n=1, cutoff=_LIKENESS):
            yield f"{place}: nobody looks at `{name}` of {cls.__name__}: did you mean `{near}`?"
    if issubclass(cls, Press):
        for name in _OF_USERS:
            if hasattr(cls, name) and not callable(getattr(cls, name)):
                yield f"{place}: nobody looks at `{name}` of {cls.__name__}: only a User waits, a Press has a rate"
