"""The garbage collector is off for a while, and afterwards as it was."""

import contextlib
import gc

import pytest

from kilobar.scenario.garbage import without_garbage_collection


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_collector_is_afterwards_as_it_was_also_after_an_error(was_enabled: bool) -> None:
    before = gc.isenabled()
    (gc.enable if was_enabled else gc.disable)()
    try:
        with contextlib.suppress(ValueError), without_garbage_collection():
            assert not gc.isenabled()
            raise ValueError("no")
        assert gc.isenabled() is was_enabled
    finally:
        (gc.enable if before else gc.disable)()
