"""Makes calls of requests, httpx and urllib3 visible as steps, in code that knows nothing of Kilobar.

The few functions through which every call of these libraries goes are wrapped; nothing of them is imported here.
Libraries that are imported later are wrapped right after their import. What goes wrong in here never reaches user code.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from kilobar.users import library_calls
from kilobar.users.library_calls import Sent, error_of

KIND = "http"


class Count(Protocol):
    """Counts a step: `Turn.count`, or something that finds out whose turn it is."""

    def __call__(
        self,
        name: str,
        kind: str,
        began_ns: int,
        ended_ns: int,
        *,
        bytes_in: int,
        bytes_out: int,
        error: str | None,
        message: str | None,
    ) -> None:
        """Times are of CLOCK_MONOTONIC."""


class _Point(NamedTuple):
    """One function that is wrapped, and how to look into its calls."""

    owner: str
    function: str
    is_async: bool
    look: Callable[[tuple[Any, ...], dict[str, Any], Any], Sent]


_POINTS: dict[str, tuple[_Point, ...]] = {
    "requests.sessions": (_Point("Session", "send", False, library_calls.of_requests),),
    "httpx._client": (
        _Point("Client", "send", False, library_calls.of_httpx),
        _Point("AsyncClient", "send", True, library_calls.of_httpx),
    ),
    "urllib3.connectionpool": (_Point("HTTPConnectionPool", "urlopen", False, library_calls.of_urllib3),),
}
"""By the module that has to be there."""

_inside: ContextVar[bool] = ContextVar("kilobar_inside_a_call", default=False)
"""Whether a call is under way: those inside of it (requests in urllib3, redirects) are parts of it."""


def instrument(count: Count) -> Callable[[], None]:
    """Calls `count` for every call of the libraries from now on, in the thread or task of the call.

    The function returned undoes it. A call is counted when its response is there; a status of 400 and above is an
    error.
    """
    return _Instrument(count).undo


class _Instrument:
    def __init__(self, count: Count) -> None:
        self._count = count
        self._active = True
        self._wrapped: list[tuple[type, str, Any, Any]] = []
        self._finder = _Finder(self._wrap_module)
        sys.meta_path.insert(0, self._finder)
        for name in _POINTS:
            if (module := sys.modules.get(name)) is not None:
                self._wrap_module(module)

    def undo(self) -> None:
        """Puts the original functions back. May be called twice."""
        # What others have wrapped in the meantime stays, and goes through without being counted.
        self._active = False
        with suppress(ValueError):
            sys.meta_path.remove(self._finder)
        for owner, function, original, wrapper in self._wrapped:
            if vars(owner).get(function) is wrapper:
                setattr(owner, function, original)
        self._wrapped.clear()

    def _wrap_module(self, module: ModuleType) -> None:
        if not self._active:
            return
        for point in _POINTS[module.__name__]:
            owner = getattr(module, point.owner, None)
            original = getattr(owner, point.function, None)
            # A version of the library that looks otherwise is left alone.
            if not isinstance(owner, type) or not callable(original):
                continue
            wrapper = (self._async_wrapper if point.is_async else self._wrapper)(point, original)
            setattr(owner, point.function, wrapper)
            self._wrapped.append((owner, point.function, original, wrapper))

    def _wrapper(self, point: _Point, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not self._active or _inside.get():
                return original(*args, **kwargs)
            token = _inside.set(True)
            began_ns = time.monotonic_ns()
            try:
                response = original(*args, **kwargs)
            except Exception as error:
                self._failed(point, args, kwargs, began_ns, error)
                raise
            finally:
                _inside.reset(token)
            self._counted(point, args, kwargs, began_ns, response)
            return response

        return call

    def _async_wrapper(self, point: _Point, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        async def call(*args: Any, **kwargs: Any) -> Any:
            if not self._active or _inside.get():
                return await original(*args, **kwargs)
            token = _inside.set(True)
            began_ns = time.monotonic_ns()
            try:
                response = await original(*args, **kwargs)
            except (Exception, asyncio.CancelledError) as error:
                self._failed(point, args, kwargs, began_ns, error)
                raise
            finally:
                _inside.reset(token)
            self._counted(point, args, kwargs, began_ns, response)
            return response

        return call

    def _counted(
        self, point: _Point, args: tuple[Any, ...], kwargs: dict[str, Any], began_ns: int, response: Any
    ) -> None:
        ended_ns = time.monotonic_ns()
        with suppress(Exception):
            sent = point.look(args, kwargs, response)
            bad = sent.status >= 400
            self._count(
                sent.name,
                KIND,
                began_ns,
                ended_ns,
                bytes_in=sent.bytes_in,
                bytes_out=sent.bytes_out,
                error="status" if bad else None,
                message=f"status {sent.status}" if bad else None,
            )

    def _failed(
        self, point: _Point, args: tuple[Any, ...], kwargs: dict[str, Any], began_ns: int, error: BaseException
    ) -> None:
        ended_ns = time.monotonic_ns()
        with suppress(Exception):
            sent = point.look(args, kwargs, None)
            kind, message = error_of(error)
            self._count(
                sent.name,
                KIND,
                began_ns,
                ended_ns,
                bytes_in=0,
                bytes_out=sent.bytes_out,
                error=kind,
                message=message,
            )


class _Finder(importlib.abc.MetaPathFinder):
    """Sees the import of a library, leaves it to the other finders, and has it wrapped when it is done."""

    def __init__(self, wrap: Callable[[ModuleType], None]) -> None:
        self._wrap = wrap
        self._searching: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The specification that the other finders have, with a loader that wraps; None when it is not our affair."""
        if fullname not in _POINTS or fullname in self._searching:
            return None
        self._searching.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        except (ImportError, ValueError):
            return None
        finally:
            self._searching.discard(fullname)
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Loader(spec.loader, self._wrap)
        return spec


class _Loader(importlib.abc.Loader):
    """Loads as the real loader does, and then leaves no trace of itself."""

    def __init__(self, real: importlib.abc.Loader, wrap: Callable[[ModuleType], None]) -> None:
        self._real = real
        self._wrap = wrap

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As the real one."""
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the real one, then wraps."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        module.__loader__ = self._real
        self._real.exec_module(module)
        with suppress(Exception):
            self._wrap(module)
