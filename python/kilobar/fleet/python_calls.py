"""Calls of Python functions from scenarios: `${py.module.function(args)}`.

The engine never calls Python. A thread of the process pulls calls in batches, makes them and brings the results back,
while the engine's own thread goes on sending. Without such a call the thread sleeps and nothing of this is imported.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias

from kilobar import _native
from kilobar.model.plan import Plan

MAX_RESULT_BYTES = 1024 * 1024
MAX_WORDS = 1_000
"""Characters of what a failed call may say."""
ANSWER_AFTER_NS = 1_000_000
"""Answers are brought back together, but none waits longer than this for those of slower calls."""


class Functions:
    """Functions by their full name, imported when they are first called."""

    def __init__(self) -> None:
        self._known: dict[str, Callable[..., Any]] = {}

    def find(self, name: str) -> Callable[..., Any]:
        """The function. Raises ImportError, AttributeError, TypeError or whatever its module raises."""
        if name not in self._known:
            module, _, attribute = name.rpartition(".")
            function = getattr(importlib.import_module(module), attribute)
            if not callable(function):
                raise TypeError(f"`{name}` is no function but {type(function).__name__}")
            self._known[name] = function
        return self._known[name]

    def call(self, name: str, arguments: str) -> tuple[bool, str]:
        """Whether it went well, and the JSON form of the result, or what went wrong."""
        try:
            result = json.dumps(self.find(name)(*json.loads(arguments)), ensure_ascii=False, allow_nan=False)
            size = len(result.encode())
        except BaseException as error:  # user code: nothing that it raises may end the thread, not even sys.exit()
            return False, _words_of(error)
        if size > MAX_RESULT_BYTES:
            return False, f"it returned {size:,} bytes, at most {MAX_RESULT_BYTES:,} are allowed"
        return True, result


def _words_of(error: BaseException) -> str:
    try:
        words = f"{type(error).__name__}: {error}"
    except BaseException:  # user code again: its own __str__
        words = type(error).__name__
    # A lone surrogate has no form in UTF-8, in which the words go on.
    return words[:MAX_WORDS].encode("utf-8", "replace").decode()


_start = threading.Lock()
_is_serving = False


def answer_calls_of(plan: Plan) -> None:
    """Makes this process answer the calls of a plan that it executes steps of itself. Nothing, when there are none."""
    global _is_serving
    with _start:
        if plan.calls_python and not _is_serving:
            _is_serving = True
            threading.Thread(target=serve, daemon=True).start()


Call: TypeAlias = tuple[int, "str | None", str, str]
"""Number, directory where modules are looked for first, function, arguments as a JSON array."""


def serve(first: list[Call] | None = None) -> None:
    """Answers calls until the engine says that none will come any more. For a thread of its own."""
    functions = Functions()
    calls = first if first is not None else _native.next_calls()
    while calls is not None:
        answers: list[tuple[int, bool, str]] = []
        answered_ns = time.monotonic_ns()
        for number, directory, name, arguments in calls:
            if directory and directory not in sys.path:
                sys.path.insert(0, directory)
            answers.append((number, *functions.call(name, arguments)))
            if time.monotonic_ns() - answered_ns > ANSWER_AFTER_NS:
                _native.answer_calls(answers)
                answers, answered_ns = [], time.monotonic_ns()
        _native.answer_calls(answers)
        calls = _native.next_calls()
