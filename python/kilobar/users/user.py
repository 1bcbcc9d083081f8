"""`User`: the larger form of a load test, several tasks that are chosen by weight."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, overload

from kilobar.errors import InputError
from kilobar.users.person import Person, name_of, place_of

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__kilobar_task__"
_TAGS = "__kilobar_tags__"


@dataclass(frozen=True, slots=True)
class Mark:
    """What `@task` leaves on a method."""

    weight: float
    name: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a class."""

    method: str
    weight: float
    name: str
    """In reports."""
    tags: frozenset[str]


@overload
def task(weight: F, /) -> F: ...
@overload
def task(weight: float = 1, *, name: str | None = None) -> Callable[[F], F]: ...
def task(weight: Any = 1, *, name: str | None = None) -> Any:
    """Makes a method a task: `@task`, `@task(3)`, `@task(3, name="look")`. Raises InputError for a bad weight."""
    if callable(weight):
        return task(1)(weight)
    if name is not None and not (isinstance(name, str) and name):
        raise InputError(f"@task(name={name!r:.100}): a name is a text", hint='write @task(name="look")')
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not (math.isfinite(weight) and weight > 0):
        raise InputError(f"@task({weight!r:.100}): a weight is a number above 0", hint="write @task or @task(3)")

    def mark(function: F) -> F:
        setattr(function, _MARK, Mark(float(weight), name))
        return function

    return mark


def tag(*names: str) -> Callable[[F], F]:
    """Names a task, so that `--tags` and `--exclude-tags` can choose it. Raises InputError without a name."""
    if not names or not all(isinstance(name, str) and name for name in names):
        raise InputError("@tag needs names", hint='write @tag("slow") above a task')

    def mark(function: F) -> F:
        if isinstance(function, type):
            raise InputError(f"@tag stands above the class {function.__name__}", hint="write it above its tasks")
        setattr(function, _TAGS, frozenset(names) | getattr(function, _TAGS, frozenset()))
        return function

    return mark


class User(Person):
    """Inherit it and give it methods with `@task`. Each iteration executes one of them, chosen by weight.

    Methods may be plain or `async def`; with one coroutine among them the class is hosted on the event loop.
    `on_start` and `on_stop` are called once a user, when they exist.
    """

    wait: ClassVar[Any] = None
    """After each task: seconds, "1s..3s", `between(1, 3)`, `constant(2)`, `pacing(5)`, or a method that gives them."""

    @classmethod
    def _acts(cls) -> Iterable[str]:
        return [*(one.method for one in tasks_of(cls)), *super()._acts()]


def tasks_of(cls: type[User]) -> list[Task]:
    """Its tasks and those that it inherits, in the order in which they are written, those of its bases first.

    A method that replaces a task is a task too, with the same weight; None in its place removes it.
    """
    marks: dict[str, tuple[Mark, frozenset[str]]] = {}
    for base in reversed(cls.__mro__):
        for method, value in vars(base).items():
            mark = getattr(value, _MARK, None)
            if isinstance(mark, Mark):
                marks[method] = mark, getattr(value, _TAGS, frozenset())
    return [
        Task(method, mark.weight, mark.name or f"{name_of(cls)}.{method}", tags)
        for method, (mark, tags) in marks.items()
        if getattr(cls, method, None) is not None
    ]


def selected(cls: type[User], tags: Collection[str] = (), exclude_tags: Collection[str] = ()) -> list[Task]:
    """The tasks that have any of `tags` (all of them without any) and none of `exclude_tags`.

    Raises InputError when there are none.
    """
    tasks = tasks_of(cls)
    if not tasks:
        more = "; a class with press(row) inherits from Press" if callable(getattr(cls, "press", None)) else ""
        raise InputError(f"{cls.__name__} ({place_of(cls)}) has no tasks", hint=f"write @task above a method{more}")
    left = [one for one in tasks if (not tags or one.tags & set(tags)) and not one.tags & set(exclude_tags)]
    if not left:
        known = ", ".join(sorted(frozenset().union(*(one.tags for one in tasks)))) or "none"
        raise InputError(f"no task of {cls.__name__} ({place_of(cls)}) is left by the tags", hint=f"its tags: {known}")
    return left
