"""Why an iteration of a pressed test failed, in one line of words."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

MAX_WORDS = 500


class PressedTestFailed(Exception):  # noqa: N818  # what users read in their tracebacks
    """An iteration of a test failed. The message says why, and where in the test it was."""


def words_of_failure(item: Any, phase: str, error: BaseException) -> str:
    """One line such as `assert 500 == 200 (test_shop.py:12)`. `phase` is setup, call or teardown. To be called before
    the fixtures of the item are torn down, or their names are gone."""
    import pytest

    error = _first_of(error)
    where = place_of(error, item.config.rootpath)
    place = f" ({where})" if where else f" ({item.path.name})"
    if is_skip(error) or str(error).startswith("[NOTRUN]"):
        return f"skipped: {_bounded(str(error).strip()) or 'without a reason'}, so nothing was pressed"
    if isinstance(error, pytest.FixtureLookupError):
        report = error.formatrepr()
        return _bounded(report.errorstring.strip().partition("\n")[0]) + f" ({item.path.name})"
    words = _bounded(message_of(error)) + place
    if phase == "setup":
        return f"{_fixture_of(item, error)}: {words}"
    return f"teardown: {words}" if phase == "teardown" else words


def is_skip(error: BaseException) -> bool:
    """Whether a test says by it that it is not to be executed."""
    import unittest

    import pytest

    return isinstance(error, pytest.skip.Exception | unittest.SkipTest)


def message_of(error: BaseException) -> str:
    """The first line of it, with its type unless that says nothing; never raises."""
    import pytest

    try:
        text = str(error).strip().partition("\n")[0]
    except BaseException:  # user code: its own __str__
        text = ""
    if isinstance(error, pytest.fail.Exception) or (isinstance(error, AssertionError) and text):
        return text or "failed"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def place_of(error: BaseException, root: Path) -> str | None:
    """`file:line` of the innermost frame that is the user's: below the root directory, and not an installed package."""
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if file.startswith(f"{root}{os.sep}") and "site-packages" not in file:
            found = f"{os.path.basename(file)}:{line}"
    return found


def without_pytest(error: BaseException) -> BaseException:
    """The error with a traceback that begins where pytest's and Kilobar's own frames end."""
    shown = error.__traceback__
    while shown is not None and _is_machinery(shown.tb_frame.f_globals.get("__name__", "")):
        shown = shown.tb_next
    return error.with_traceback(shown)


def _is_machinery(module: str) -> bool:
    return module.partition(".")[0] in ("_pytest", "pluggy", "kilobar", "pytest_asyncio", "anyio", "unittest")


def _first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _fixture_of(item: Any, error: BaseException) -> str:
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        for definition in definitions:
            result = definition.cached_result
            if result is not None and result[2] is not None and _error_of(result[2]) is error:
                return _name_of(name)
    return "setup"


def _error_of(kept: Any) -> Any:
    return kept[0] if isinstance(kept, tuple) else kept


def _name_of(fixture: str) -> str:
    for part in ("setup_module", "setup_class", "setup_function", "setup_method"):
        if fixture.startswith(("_xunit_", "xunit_")) and part in fixture:
            return part
    return f"fixture {fixture}"


def _bounded(text: str) -> str:
    # A lone surrogate has no form in UTF-8, in which the words go on.
    return text[:MAX_WORDS].encode("utf-8", "replace").decode()
