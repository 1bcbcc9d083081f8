import warnings

import pytest

from kilobar.users import forgotten
from kilobar.users.actor import Turn


async def something() -> None:
    pass


@pytest.fixture(autouse=True)
def watched() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *_: None
        forgotten.watch()
        yield
    forgotten.NOW.set(None)


def turn() -> Turn:
    now = Turn(number=1, user=0, flow=0, row=0, intended_ns=0)
    forgotten.NOW.set(now)
    return now


def test_a_coroutine_that_nobody_awaits_fails_its_turn_and_says_where() -> None:
    now = turn()
    something()  # type: ignore[unused-coroutine]
    assert now.failed is not None
    assert "'something' was never awaited: write `await` before it (test_forgotten.py:" in now.failed


def test_other_warnings_fail_nothing_and_outside_of_a_turn_nothing_fails() -> None:
    now = turn()
    warnings.warn("was never awaited by anybody", UserWarning, stacklevel=1)
    warnings.warn("something else", RuntimeWarning, stacklevel=1)
    forgotten.NOW.set(None)
    something()  # type: ignore[unused-coroutine]
    assert now.failed is None
