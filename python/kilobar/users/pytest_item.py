"""Pressing an existing pytest test: what is found in it before a run, and its users in a worker.

Function scoped fixtures are made for each iteration. Session scoped ones are made once in a worker process and shared
by its users, unless they belong to an event loop. Those of classes, modules and packages are made once for each user:
they are where tests keep what they change.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kilobar.errors import InputError
from kilobar.users.actor import Cast, Turn
from kilobar.users.pytest_session import Pytest
from kilobar.users.pytest_user import PytestUser

if TYPE_CHECKING:
    import pytest

MAX_TESTS = 100
"""Tests that one run presses. Each is a flow with series of its own."""

INSTRUMENT = "kilobar.users.instrument"

Instrument = Callable[[Callable[..., None]], Callable[[], None]]
"""Reports the calls of HTTP libraries to a function; returns what ends that."""

SHARED_BY_ALL = {
    "recwarn": "recwarn sees the warnings of all users of a worker and may lose some: what collects warnings in Python "
    "belongs to the process",
    "monkeypatch": "monkeypatch changes what all users of a worker see, until the last one that changed it has ended "
    "its iteration",
    "capfd": "capfd cannot be had: file descriptors belong to the process. Use capsys",
    "capfdbinary": "capfdbinary cannot be had: file descriptors belong to the process. Use capsys",
    "capsysbinary": "capsysbinary cannot be had. Use capsys",
}
"""Fixtures that are not the same in threads, with words for the user."""


def inspect(path: str, options: dict[str, Any]) -> dict[str, Any]:
    """What `path` (such as `tests/test_x.py::TestShop::test_buy[a]`) names: `source`, `classes` and `notes` of a plan.
    Imports the user's code: only for a process of its own. Raises InputError."""
    file, _, node = path.partition("::")
    if not Path(file).is_file():
        raise InputError(f"there is no file {file}", hint="name a test as pytest does: tests/test_x.py::test_y")
    host = Pytest(Path.cwd(), file, (node,) if node else ())
    try:
        tests = _tests_of(host.first)
        if len(tests) > MAX_TESTS:
            raise InputError(f"{path} has {len(tests)} tests; at most {MAX_TESTS} are pressed at once", hint=_SAMPLE)
        classes = [
            {
                "name": f"{os.path.basename(file)}::{name}",
                "way": "threads",
                "start": False,
                "stop": any(_keeps(item) for item in items),
                "weight": 1,
            }
            for name, items in tests.items()
        ]
        notes = [*host.notes, *_notes_on(host.first.items)]
    finally:
        host.close()
    source = {"kind": "pytest", "file": file, "node": node, "tests": list(tests), "options": options}
    return {"source": source, "classes": classes, "notes": notes}


def cast(source: dict[str, Any], instrument: Instrument | None = None) -> Cast:
    """The users of a source that `inspect` has made, in a worker. `source["bundle"]` is the directory in which its file
    is, the working directory when there is none. Raises InputError."""
    base = Path(source.get("bundle") or Path.cwd())
    host = Pytest(base, source["file"], (source["node"],) if source["node"] else ())
    undo: Callable[[], None] = _nothing
    present = Pressing()
    if source.get("instrument") is not False:
        undo = (instrument or _instrument())(present.count)
    return PytestCast(host, source.get("tests") or list(_tests_of(host.first)), present, undo)


class Pressing(threading.local):
    """The turn that this thread is in."""

    turn: Turn | None = None

    def count(
        self,
        name: str,
        kind: str,
        began_ns: int,
        ended_ns: int,
        bytes_in: int = 0,
        bytes_out: int = 0,
        error: str | None = None,
        message: str | None = None,
    ) -> None:
        """Counts a step in it; what is called outside of an iteration is nobody's."""
        if self.turn is not None:
            self.turn.count(
                name, kind, began_ns, ended_ns, bytes_in=bytes_in, bytes_out=bytes_out, error=error, message=message
            )


class PytestCast:
    """The tests of a run in this worker, and what their users share."""

    def __init__(self, host: Pytest, tests: list[str], present: Pressing, undo: Callable[[], None]) -> None:
        self.host = host
        self._undo = undo
        self._users: dict[int, PytestUser] = {}
        found = _tests_of(host.first)
        missing = [name for name in tests if name not in found]
        if missing:
            raise InputError(f"pytest finds no {missing[0]} any more", hint="the file has changed since the run began")
        self._roles = tuple(_Role(self, name, tuple(item.nodeid for item in found[name]), present) for name in tests)

    @property
    def roles(self) -> tuple[_Role, ...]:
        """A test each; parameter sets of it are one."""
        return self._roles

    def open(self) -> PytestUser:
        """Session and items of a user, for the calling thread."""
        user = PytestUser(self.host, self.host.open())
        self._users[id(user)] = user
        return user

    def leave(self, user: PytestUser) -> None:
        """Tears down what belongs to this user."""
        del self._users[id(user)]
        user.close()

    def close(self) -> None:
        """Tears down what users have left behind and what they shared. Raises ExceptionGroup with what went wrong."""
        left = list(self._users.values())
        self._users.clear()
        errors = [error for user in left if (error := user.close_if_idle()) is not None]
        self._undo()
        errors += self.host.close()
        if errors:
            raise BaseExceptionGroup("fixtures could not be torn down", errors)


@dataclass(frozen=True, slots=True)
class _Role:
    cast: PytestCast
    name: str
    nodes: tuple[str, ...]
    """Of its parameter sets, in pytest's order."""
    present: Pressing
    way: Literal["threads"] = "threads"

    def actor(self, user: int) -> _Actor:
        return _Actor(self)


class _Actor:
    """One user thread. Its session is opened in that thread, at the first turn."""

    def __init__(self, role: _Role) -> None:
        self._role = role
        self._user: PytestUser | None = None

    def start(self, turn: Turn) -> None:
        """Nothing: fixtures are set up by the first iteration that needs them."""

    def press(self, turn: Turn) -> None:
        """One iteration of the test; row after row, its parameter sets."""
        role = self._role
        turn.name = role.name
        if self._user is None:
            self._user = role.cast.open()
        role.present.turn = turn
        try:
            self._user.press(role.nodes[turn.row % len(role.nodes)])
        finally:
            role.present.turn = None

    def stop(self, turn: Turn) -> None:
        """Fixtures of classes, modules and packages are torn down."""
        turn.name = f"{self._role.name} teardown"
        user, self._user = self._user, None
        if user is not None:
            self._role.cast.leave(user)


_SAMPLE = "name one of them: tests/test_x.py::test_y"


def _tests_of(session: pytest.Session) -> dict[str, list[Any]]:
    """Items by what is named without parameters: `test_y`, `TestShop::test_buy`; in the order of pytest."""
    tests: dict[str, list[Any]] = {}
    for item in session.items:
        tests.setdefault(_name_of(item), []).append(item)
    return tests


def _name_of(item: Any) -> str:
    names = item.nodeid.partition("::")[2].split("::")
    if getattr(item, "callspec", None) is not None:
        names = [*item.nodeid.partition("::")[2].partition("[")[0].split("::")]
    return "::".join(names)


def _keeps(item: Any) -> bool:
    """Whether a user keeps fixtures for longer than an iteration, which it tears down when it leaves."""
    return any(
        definition.scope not in ("function", "session")
        or (definition.scope == "session" and not hasattr(definition.func, "kilobar_shared"))
        for definitions in item._fixtureinfo.name2fixturedefs.values()
        for definition in definitions
    )


def _notes_on(items: list[Any]) -> list[str]:
    used = {name for item in items for name in item.fixturenames}
    notes = [words for name, words in SHARED_BY_ALL.items() if name in used]
    shared_async = {
        name
        for item in items
        for name, definitions in item._fixtureinfo.name2fixturedefs.items()
        if definitions[-1].scope == "session" and not hasattr(definitions[-1].func, "kilobar_shared")
        if not name.startswith("_") and name not in ("request", "event_loop_policy")
    }
    notes += [
        f"fixture {name} is made once for each user, not for each worker: it belongs to an event loop"
        for name in sorted(shared_async)
    ]
    return notes


def _instrument() -> Instrument:
    return import_module(INSTRUMENT).instrument  # type: ignore[no-any-return]  # loaded only when it is wanted


def _nothing() -> None:
    """Ends nothing."""
