"""Session scoped fixtures, made once in a process for all of its user threads.

pytest keeps a value on the definition of its fixture, and each user has definitions of its own (they are not made for
threads). So the function behind the definition is replaced by one that looks here first.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field
from typing import Any

LOOP_BOUND_MODULES = ("pytest_asyncio", "anyio", "pytest_trio", "pytest_aiohttp", "pytest_tornasync")
"""Plugins whose session fixtures hold an event loop, which belongs to one thread."""

MAX_VALUES = 10_000
"""Made of a fixture whose arguments are never the same twice, one value an iteration would be kept."""


@dataclass(slots=True)
class _Value:
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_made: bool = False
    value: Any = None
    arguments: tuple[Any, ...] = ()
    """Kept, because the key holds their identities."""
    error: BaseException | None = None
    finalizers: list[Callable[[], object]] = field(default_factory=list)


class SharedFixtures:
    """The values of a process. A fixture that failed stays failed, as in pytest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[Hashable, _Value] = {}
        self._made: list[_Value] = []
        """In the order in which they were made; what was made last is torn down first."""

    def share(self, definitions: dict[str, list[Any]]) -> None:
        """Replaces the functions of session scoped fixtures. `definitions` are pytest's, by name, of one session."""
        private: set[str] = set()
        # A fixture that uses a private one is private too, so until nothing changes.
        while True:
            more = {
                name
                for name, found in definitions.items()
                if name not in private and any(_is_loop_bound(each) or private & set(each.argnames) for each in found)
            }
            if not more:
                break
            private |= more
        for name, found in definitions.items():
            for definition in found:
                if definition.scope == "session" and name not in private and definition.argname != "request":
                    definition.func = self._shared(definition.func, definition)

    def close(self) -> list[BaseException]:
        """Tears down what was made, last things first. Returns what went wrong on the way."""
        errors: list[BaseException] = []
        while self._made:
            finalizers = self._made.pop().finalizers
            while finalizers:
                try:
                    finalizers.pop()()
                except BaseException as error:
                    errors.append(error)
        self._values.clear()
        return errors

    def _shared(self, function: Callable[..., Any], definition: Any) -> Callable[..., Any]:
        if hasattr(function, "kilobar_shared"):
            return function

        @functools.wraps(function)
        def shared(*instance: Any, **arguments: Any) -> Any:
            request = arguments.get("request")
            others = tuple(value for name, value in arguments.items() if name != "request")
            key = (function, getattr(request, "param_index", 0), *map(id, others))
            value = self._value(key)
            with value.lock:
                if not value.is_made:
                    self._make(value, functools.partial(function, *instance, **arguments), others, definition)
            if value.error is not None:
                raise value.error
            return value.value

        shared.kilobar_shared = True  # type: ignore[attr-defined]
        return shared

    def _value(self, key: Hashable) -> _Value:
        with self._lock:
            value = self._values.get(key)
            if value is None:
                if len(self._values) >= MAX_VALUES:
                    raise RuntimeError(f"session scoped fixtures were made with {MAX_VALUES} different arguments")
                value = self._values[key] = _Value()
            return value

    def _make(self, value: _Value, call: Callable[[], Any], others: tuple[Any, ...], definition: Any) -> None:
        before = len(definition._finalizers)
        try:
            made = call()
            if inspect.isgenerator(made):
                generator: Any = made
                made = _first(generator, definition.argname)
                value.finalizers.append(functools.partial(_finish, generator, definition.argname))
            value.value = made
        except BaseException as error:
            value.error = error
        # What it asked to be done at its end must not be done when the user leaves that happened to make it.
        value.finalizers.extend(definition._finalizers[before:])
        del definition._finalizers[before:]
        value.arguments = others
        value.is_made = True
        with self._lock:
            self._made.append(value)


def _is_loop_bound(definition: Any) -> bool:
    function = inspect.unwrap(definition.func)
    module = getattr(function, "__module__", None) or ""
    return (
        inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
        or (definition.scope == "session" and module.partition(".")[0] in LOOP_BOUND_MODULES)
    )


def _first(generator: Generator[Any, None, None], name: str) -> Any:
    try:
        return next(generator)
    except StopIteration:
        raise ValueError(f"{name} did not yield a value") from None


def _finish(generator: Generator[Any, None, None], name: str) -> None:
    try:
        next(generator)
    except StopIteration:
        return
    raise ValueError(f"fixture function {name} has more than one 'yield'")
