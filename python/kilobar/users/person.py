"""What a `Press` and a `User` have in common: somebody who does something and counts it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar, Literal, Self

from kilobar.users.actor import Present
from kilobar.users.measure import Measure


class Person:
    """One user of a class. What the load does not say, the class attributes say; the command line beats them."""

    name: ClassVar[str | None] = None
    """In reports; the name of the class when None."""
    weight: ClassVar[float] = 1
    """Its share among several classes."""
    rate: ClassVar[str | float | None] = None
    """Arrivals, such as "200/s" or "0/s to 500/s"; a number is per second."""
    qps: ClassVar[str | float | None] = None
    """The same as `rate`."""
    users: ClassVar[int | None] = None
    """Users who begin again as soon as they are done."""
    concurrent: ClassVar[int | None] = None
    """The same as `users`."""
    duration: ClassVar[str | float | None] = None
    """How long, such as "30s"; a number is seconds."""
    max_in_flight: ClassVar[int | None] = None
    """Most arrivals at a time; more are dropped and counted as dropped."""
    timeout: ClassVar[str | float] = "60s"
    """How long one turn may take. Then it has failed, and its user is replaced."""
    grace: ClassVar[str | float | None] = None
    """How long turns that are under way may take after the end of the load."""
    target: ClassVar[str | None] = None
    """Where paths in `self.http` lead, such as "http://127.0.0.1:8700" or "https://shop.test/api"."""
    host: ClassVar[str | None] = None
    """The same as `target`."""
    insecure: ClassVar[bool] = False
    """Whether `self.http` takes any certificate. Said in the report."""
    ca_file: ClassVar[str | None] = None
    """A file of certificates that `self.http` trusts besides the usual ones, relative to the file of the class."""
    thresholds: ClassVar[Sequence[str]] = ()
    """What the run must keep to, such as "p99 < 200ms"."""
    options: ClassVar[Mapping[str, Any]] = {}
    """What the command line says to user code: `--set NAME=VALUE`."""

    data: dict[str, Any]
    """Whatever the user wants to keep between turns."""
    _present: Present
    __http: Any

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """What is there before `__init__`: classes that people write have their own, and forget to call ours."""
        self = super().__new__(cls)
        self._present = Present()
        self.__http = None
        self.data = {}
        return self

    def measure(self, name: str) -> Measure:
        """Times what is done inside of `with self.measure("name") as step:` and counts it as a step of this name."""
        return Measure(self._present, name)

    @property
    def http(self) -> Any:
        """Kilobar's own HTTP client: that of plain functions, or the one of coroutines in a class that has any."""
        if self.__http is None:
            clients = import_module("kilobar.users.http")
            if way_of(type(self)) == "async":
                from kilobar.users.event_loop import PENDING

                self.__http = clients.AsyncHttp(self._present, PENDING.get())
            else:
                self.__http = clients.SyncHttp(self._present)
        return self.__http

    @classmethod
    def _acts(cls) -> Iterable[str]:
        """Names of the methods that turns call; subclasses add theirs."""
        return [name for name in ("on_start", "on_stop") if getattr(cls, name, None) is not None]


def way_of(cls: type[Person]) -> Literal["threads", "async"]:
    """`async` when any method that turns call is a coroutine function. Plain ones of such a class block its loop."""
    is_async = any(inspect.iscoroutinefunction(getattr(cls, name)) for name in cls._acts())
    return "async" if is_async else "threads"


def name_of(cls: type[Person]) -> str:
    """What reports call it."""
    return cls.name or cls.__name__


def place_of(cls: type) -> str:
    """`load.py:12`: where a class is written."""
    try:
        file, line = inspect.getsourcefile(cls), inspect.findsource(cls)[1] + 1
    except (OSError, TypeError):
        return f"module {cls.__module__}"
    return f"{file}:{line}"
