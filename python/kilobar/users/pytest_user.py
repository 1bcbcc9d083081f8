"""One user of a pressed test: executes items of its own session, an iteration at a time."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kilobar.users.actor import StopRun
from kilobar.users.pytest_failure import PressedTestFailed, is_skip, message_of, without_pytest, words_of_failure
from kilobar.users.pytest_session import MAX_TRIMMED, Pytest

if TYPE_CHECKING:
    import pytest


class PytestUser:
    """Belongs to one thread, which calls all of its methods but `close_if_idle`."""

    def __init__(self, host: Pytest, session: pytest.Session) -> None:
        self._host = host
        self._session: Any = session
        self._busy = threading.Lock()
        self._pressed: dict[str, _Pressed] = {}
        self._parent: Any = None
        for item in session.items:
            self._pressed[item.nodeid] = _Pressed(item)

    def press(self, node: str) -> None:
        """Executes the item once: function scoped fixtures are set up and torn down, those of wider scopes stay.
        Raises PressedTestFailed, StopRun for `pytest.exit`, and what is no Exception as it came."""
        with self._busy:
            self._press(self._pressed[node])

    def close(self) -> None:
        """Tears down what was set up for longer than an iteration. Raises what that raises."""
        with self._busy:
            self._parent = None
            self._session._setupstate.teardown_exact(None)

    def close_if_idle(self) -> BaseException | None:
        """`close` by another thread, unless its own is in the middle of an iteration: given up, it may never end."""
        if not self._busy.acquire(blocking=False):
            return None
        self._busy.release()
        try:
            self.close()
        except BaseException as error:
            return error
        return None

    def _press(self, pressed: _Pressed) -> None:
        item = pressed.item
        if self._parent is not None and self._parent is not item.parent:
            self._session._setupstate.teardown_exact(item)
        self._parent = item.parent
        pressed.renew()
        failure: _Failure | None = None
        try:
            failure = self._execute(pressed)
        finally:
            # Whatever happened before: what this iteration set up is not left to the next one.
            item._request = False
            item.funcargs = None
            self._trim(item)
        subtest = self._host.take_subtest_failure()
        if failure is None and subtest is None:
            return
        if failure is None:
            raise PressedTestFailed(subtest)
        failure.throw()

    def _execute(self, pressed: _Pressed) -> _Failure | None:
        item, hook = pressed.item, pressed.hook
        failure = self._phase(pressed, "setup", lambda: hook.pytest_runtest_setup(item=item))
        if failure is None or failure.was_expected:
            expected = failure
            if expected is None:
                failure = self._phase(pressed, "call", lambda: hook.pytest_runtest_call(item=item))
        # The parent as the next item: all that is above the item stays as it is.
        end = functools.partial(hook.pytest_runtest_teardown, item=item, nextitem=item.parent)
        after = self._phase(pressed, "teardown", end)
        for each in (failure, after):
            if each is not None and not each.was_expected:
                return each
        return None

    def _phase(self, pressed: _Pressed, phase: Any, call: Callable[[], Any]) -> _Failure | None:
        item = pressed.item
        error: BaseException | None = None
        if self._host.reports:
            from _pytest.runner import CallInfo

            info = CallInfo.from_call(call, phase)
            report = pressed.hook.pytest_runtest_makereport(item=item, call=info)
            error = info.excinfo.value if info.excinfo is not None else None
            if error is not None and report.passed:
                return _Failure(phase, error, "", True)
        else:
            try:
                call()
            except BaseException as raised:
                error = raised
            # unittest's cases do not raise: they note.
            noted = getattr(item, "_excinfo", None)
            if noted:
                error = noted[0].value
                noted.clear()
        if error is not None:
            is_expected = _is_expected(item, error)
            words = "" if is_expected else words_of_failure(item, phase, error)
            return _Failure(phase, error, words, is_expected)
        if phase == "call":
            xfail = _xfail_of(item)
            if xfail is not None and xfail.strict:
                return _Failure(phase, None, f"[XPASS(strict)] {xfail.reason}", False)
        return None

    def _trim(self, item: Any) -> None:
        """Each iteration leaves its fixtures' finalizers with the fixtures of wider scopes and with their nodes; pytest
        clears them when those end, which here is the end of the run."""
        for node, (finalizers, _) in self._session._setupstate.stack.items():
            if node is not item:
                _trim_finalizers(finalizers)
        for definitions in item._fixtureinfo.name2fixturedefs.values():
            for definition in definitions:
                _trim_finalizers(definition._finalizers)


class _Pressed:
    """An item, and how it was before its first iteration."""

    def __init__(self, item: Any) -> None:
        self.item = item
        self.hook = item.ihook
        self._markers = list(item.own_markers)
        self._keywords = dict(item.keywords._markers)

    def renew(self) -> None:
        """What an iteration may have added to the item is taken away: markers, properties, sections of reports."""
        item = self.item
        if item.own_markers != self._markers:
            item.own_markers[:] = self._markers
            item.keywords._markers.clear()
            item.keywords._markers.update(self._keywords)
        item.user_properties.clear()
        item._report_sections.clear()
        # A method's instance is made for each test.
        if hasattr(item, "_instance") and item.parent is not None and item.cls is not None:
            item.__dict__.pop("_obj", None)
            item.__dict__.pop("_instance", None)
        item._initrequest()


class _Failure:
    def __init__(self, phase: str, error: BaseException | None, words: str, was_expected: bool) -> None:
        self.phase = phase
        self.error = error
        self.words = words
        self.was_expected = was_expected

    def throw(self) -> None:
        import pytest

        error = self.error
        if error is None:
            raise PressedTestFailed(self.words)
        if isinstance(error, pytest.exit.Exception):
            raise StopRun(f"pytest.exit: {message_of(error).partition(': ')[2] or 'without a reason'}") from None
        if not isinstance(error, Exception) and not isinstance(error, pytest.fail.Exception | pytest.skip.Exception):
            raise error
        raise PressedTestFailed(self.words) from without_pytest(error)


def _xfail_of(item: Any) -> Any:
    from _pytest.skipping import xfailed_key

    return None if item.config.option.runxfail else item.stash.get(xfailed_key, None)


def _is_expected(item: Any, error: BaseException) -> bool:
    """Whether pytest would call it an expected failure."""
    import pytest

    if item.config.option.runxfail or is_skip(error):
        return False
    xfail = _xfail_of(item)
    if isinstance(error, pytest.xfail.Exception):
        # A test that is marked with run=False was not executed: nothing was pressed.
        return not (xfail is not None and not xfail.run)
    if xfail is None or isinstance(error, pytest.exit.Exception | KeyboardInterrupt):
        return False
    raises = xfail.raises
    if raises is None or isinstance(raises, type | tuple):
        return raises is None or isinstance(error, raises)
    return bool(raises.matches(error))


def _trim_finalizers(finalizers: list[Any]) -> None:
    if len(finalizers) < MAX_TRIMMED:
        return
    kept: dict[Any, Any] = {}
    for finalizer in reversed(finalizers):
        owner = getattr(getattr(finalizer, "func", None), "__self__", None)
        if owner is None or not hasattr(owner, "cached_result"):
            kept[id(finalizer)] = finalizer
        elif owner.cached_result is not None:
            # Once is enough, and the last one is the one that counts.
            kept.setdefault(id(owner), finalizer)
    finalizers[:] = reversed(kept.values())
