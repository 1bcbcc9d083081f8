"""Classes that people write, as roles: checked when they are loaded, and hosted as actors."""

from __future__ import annotations

import inspect
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from itertools import accumulate
from time import monotonic_ns
from types import ModuleType
from typing import Any, Literal, Protocol

from kilobar.errors import InputError
from kilobar.users.actor import Actor, Role, Turn
from kilobar.users.dice import Dice
from kilobar.users.failure import Told
from kilobar.users.person import Person, name_of, place_of, way_of
from kilobar.users.places import short
from kilobar.users.press import Press
from kilobar.users.request_parts import set_target
from kilobar.users.user import Task, User, selected
from kilobar.users.vocab import Deal
from kilobar.users.wait import Wait, nanoseconds, wait_of


class ClassCast:
    """The classes of a module, in the order of the plan."""

    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.roles = roles

    def close(self) -> None:
        """Classes have nothing that outlives their users."""


def cast(code: Mapping[str, Any], module: ModuleType) -> ClassCast:
    """The cast of a plan's `code` (as `next_code` gives it) from the module of the user's file.

    Raises InputError when a class is missing or cannot be pressed.
    """
    source = code["source"]
    # Imported now, so that no first turn has to wait for it.
    import_module("kilobar.users.http")
    set_target(source.get("target"))
    options = dict(source.get("options") or {})
    tags, exclude_tags = options.pop("tags", ()), options.pop("exclude_tags", ())
    Person.options = options
    share = (int(code.get("worker", 0)), int(code.get("workers", 1)))
    by_name = {name_of(cls): cls for cls in reversed(_persons_in(module))}
    roles: list[Role] = []
    for wanted in code["classes"]:
        cls = by_name.get(wanted["name"])
        if cls is None:
            raise InputError(
                f"there is no class `{wanted['name']}` in {short(str(module.__file__))}",
                hint=f"it has {', '.join(by_name) or 'none'}; was it changed, or does it differ from import to import?",
            )
        if issubclass(cls, Press):
            roles.append(PressRole(cls, *share))
        elif issubclass(cls, User):
            roles.append(UserRole(cls, int(code.get("seed", 0)), tags, exclude_tags))
    return ClassCast(tuple(roles))


def classes_of(module: ModuleType) -> list[type[Person]]:
    """The classes of a module that are pressed when nobody chooses: those that are written there, in their order.

    When all are imported there, those. A base of others that lacks `press` or tasks is not one of them; a class that
    lacks them and is nobody's base is, so that it is complained about.
    """
    found = _persons_in(module)
    found = [cls for cls in found if cls.__module__ == module.__name__] or found
    return [cls for cls in found if _is_complete(cls) or not any(cls in other.__mro__[1:] for other in found)]


def _persons_in(module: ModuleType) -> list[type[Person]]:
    """Those that are written there first."""
    found = [
        value
        for value in dict.fromkeys(value for value in vars(module).values() if isinstance(value, type))
        if issubclass(value, Press | User) and value.__module__.partition(".")[0] != "kilobar"
    ]
    return sorted(found, key=lambda cls: cls.__module__ != module.__name__)


def check(cls: type[Person]) -> None:
    """Raises InputError, with its place, for a class that cannot be pressed."""
    if issubclass(cls, Press):
        PressRole(cls, is_to_press=False)
    elif issubclass(cls, User):
        UserRole(cls)
    else:
        raise InputError(f"{cls.__name__} ({place_of(cls)}) is neither a Press nor a User")


class _ClassRole:
    """What roles of both kinds have in common."""

    def __init__(self, cls: type[Person]) -> None:
        self.cls = cls
        self.name = name_of(cls)
        if inspect.isabstract(cls):
            missing = ", ".join(sorted(vars(cls)["__abstractmethods__"]))
            raise InputError(f"{cls.__name__} ({place_of(cls)}) is abstract: it has no {missing}")
        _check_init(cls)
        for method in cls._acts():
            _check_method(cls, method, takes=1 if method == "press" and issubclass(cls, Press) else 0)
        self.way: Literal["threads", "async"] = way_of(cls)

    def _acting(self, instance: Person, doing: Doing) -> Actor:
        return (AsyncActor if self.way == "async" else PlainActor)(instance, self.name, doing)


class PressRole(_ClassRole):
    """A `Press`."""

    def __init__(self, cls: type[Press], worker: int = 0, workers: int = 1, *, is_to_press: bool = True) -> None:
        if cls.press is Press.press:
            raise InputError(
                f"{cls.__name__} ({place_of(cls)}) has no press()",
                hint="add `def press(self, row): ...`, which does one action",
            )
        if cls.rows not in ("cycle", "once"):
            raise InputError(f"rows of {cls.__name__} ({place_of(cls)}) is {cls.rows!r:.100}", hint='"cycle" or "once"')
        super().__init__(cls)
        _check_plain(cls, "vocab")
        # On an instance of its own: vocab() may read attributes that __init__ sets, and no user is there yet.
        self.deal = Deal(lambda: cls().vocab(), self.name, is_once=cls.rows == "once", worker=worker, workers=workers)
        if is_to_press:
            self.deal.prepare()

    def actor(self, user: int) -> Actor:
        """A new user. Raises what `__init__` of the class raises."""
        instance = self.cls()
        return self._acting(instance, _Pressing(instance.press, self.deal, self.name))  # type: ignore[attr-defined]


class UserRole(_ClassRole):
    """A `User`."""

    def __init__(
        self, cls: type[User], seed: int = 0, tags: tuple[str, ...] = (), exclude_tags: tuple[str, ...] = ()
    ) -> None:
        self.tasks = selected(cls, tags, exclude_tags)
        super().__init__(cls)
        self._seed = seed
        self._bounds = list(accumulate(task.weight for task in self.tasks))
        if callable(cls.wait) and not hasattr(cls.wait, "pause_ns"):
            _check_plain(cls, "wait")
        self._wait = wait_of(cls.wait, f"{cls.__name__} ({place_of(cls)})")

    def actor(self, user: int) -> Actor:
        """A new user. Raises what `__init__` of the class raises."""
        instance = self.cls()
        wait = instance.wait if callable(self._wait) else self._wait  # type: ignore[attr-defined]
        return self._acting(instance, _Tasks(instance, self.tasks, self._bounds, Dice(self._seed, user), wait))


class Doing(Protocol):
    """What one iteration is."""

    def begin(self, turn: Turn) -> Any:
        """Names the turn and calls user code; what that returns."""

    def pause_ns(self, took_ns: int) -> int:
        """How long to wait after one that took so long."""


class _Pressing:
    __slots__ = ("_deal", "_name", "_press")

    def __init__(self, press: Callable[[Any], Any], deal: Deal, name: str) -> None:
        self._press = press
        self._deal = deal
        self._name = name

    def begin(self, turn: Turn) -> Any:
        turn.name = self._name
        return self._press(self._deal.row(turn.row))

    def pause_ns(self, took_ns: int) -> int:
        return 0


class _Tasks:
    __slots__ = ("_bounds", "_dice", "_tasks", "_wait")

    def __init__(
        self, instance: Person, tasks: list[Task], bounds: list[float], dice: Dice, wait: Wait | Callable[[], float]
    ) -> None:
        self._tasks = [(task.name, getattr(instance, task.method)) for task in tasks]
        self._bounds = bounds
        self._dice = dice
        self._wait = wait

    def begin(self, turn: Turn) -> Any:
        bounds = self._bounds
        last = len(bounds) - 1
        # Not past the last one, should the product be rounded up to the whole sum.
        at = bisect_right(bounds, self._dice.throw() * bounds[-1], 0, last) if last else 0
        turn.name, method = self._tasks[at]
        return method()

    def pause_ns(self, took_ns: int) -> int:
        wait = self._wait
        if callable(wait):
            return nanoseconds(wait(), "what wait() returned")
        return wait.pause_ns(self._dice, took_ns)


class PlainActor:
    """A user of a class without coroutines."""

    __slots__ = ("_doing", "_instance", "_name", "_present")

    def __init__(self, instance: Person, name: str, doing: Doing) -> None:
        self._instance = instance
        self._present = instance._present
        self._name = name
        self._doing = doing

    def start(self, turn: Turn) -> None:
        """`on_start`."""
        self._call(turn, "on_start")

    def press(self, turn: Turn) -> None:
        """One iteration, and how long to wait after it, whether it went well or not."""
        began_ns = monotonic_ns()
        self._present.turn = turn
        try:
            _refuse_coroutine(self._doing.begin(turn), turn.name)
        finally:
            self._present.turn = None
            turn.pause_ns = self._doing.pause_ns(monotonic_ns() - began_ns)

    def stop(self, turn: Turn) -> None:
        """`on_stop`."""
        self._call(turn, "on_stop")

    def _call(self, turn: Turn, method: str) -> None:
        turn.name = f"{self._name}.{method}"
        self._present.turn = turn
        try:
            _refuse_coroutine(getattr(self._instance, method)(), turn.name)
        finally:
            self._present.turn = None


class AsyncActor:
    """A user of a class with coroutines. Its plain methods are called on the loop too, which they block meanwhile."""

    __slots__ = ("_doing", "_instance", "_name", "_present")

    def __init__(self, instance: Person, name: str, doing: Doing) -> None:
        self._instance = instance
        self._present = instance._present
        self._name = name
        self._doing = doing

    def start(self, turn: Turn) -> Awaitable[None]:
        """`on_start`."""
        return self._call(turn, "on_start")

    async def press(self, turn: Turn) -> None:
        """One iteration, and how long to wait after it, whether it went well or not."""
        began_ns = monotonic_ns()
        self._present.turn = turn
        try:
            done = self._doing.begin(turn)
            if hasattr(done, "__await__"):
                await done
        finally:
            self._present.turn = None
            turn.pause_ns = self._doing.pause_ns(monotonic_ns() - began_ns)

    def stop(self, turn: Turn) -> Awaitable[None]:
        """`on_stop`."""
        return self._call(turn, "on_stop")

    async def _call(self, turn: Turn, method: str) -> None:
        turn.name = f"{self._name}.{method}"
        self._present.turn = turn
        try:
            done = getattr(self._instance, method)()
            if hasattr(done, "__await__"):
                await done
        finally:
            self._present.turn = None


def _is_complete(cls: type[Person]) -> bool:
    if inspect.isabstract(cls):
        return False
    return cls.press is not Press.press if issubclass(cls, Press) else any(True for _ in cls._acts())


def _check_plain(cls: type[Person], method: str) -> None:
    function = getattr(cls, method)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise InputError(
            f"{method}() of {cls.__name__} ({place_of(cls)}) is async",
            hint=f"write `def {method}(self)`: nobody awaits it",
        )


def _check_init(cls: type[Person]) -> None:
    try:
        inspect.signature(cls.__init__).bind(None)
    except TypeError as error:
        raise InputError(
            f"{cls.__name__} ({place_of(cls)}) cannot be made: __init__() {error}",
            hint="users are made without arguments: give them defaults, and say rate, users and duration in attributes",
        ) from None


def _check_method(cls: type[Person], method: str, *, takes: int) -> None:
    function = getattr(cls, method)
    where = f"{method}() of {cls.__name__} ({place_of(cls)})"
    if not callable(function):
        raise InputError(f"{method} of {cls.__name__} ({place_of(cls)}) is {function!r:.100}, which is no method")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise InputError(f"{where} has a `yield`, so calling it does nothing", hint="take the `yield` out of it")
    has_self = not isinstance(inspect.getattr_static(cls, method), staticmethod | classmethod)
    try:
        inspect.signature(function).bind(*range(takes + has_self))
    except TypeError as error:
        form = f"def {method}(self, row)" if takes else f"def {method}(self)"
        raise InputError(f"{where} cannot be called: {error}", hint=f"write `{form}`") from None
    except ValueError:
        return  # written in C, without a signature


def _refuse_coroutine(done: object, name: str) -> None:
    if done is not None and inspect.iscoroutine(done):
        done.close()
        raise Told(f"{name} returned a coroutine, which nobody awaits: write `async def`")
