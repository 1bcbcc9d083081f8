import os
import sys
from pathlib import Path
from typing import Any

import pytest

from kilobar.users.pytest_patch import SharedMonkeyPatch


class Thing:
    value: Any = "original"


def test_what_two_have_set_comes_back_when_the_last_of_them_is_done_in_whatever_order() -> None:
    for order in ((0, 1), (1, 0)):
        patches = [SharedMonkeyPatch(), SharedMonkeyPatch()]
        patches[0].setattr(Thing, "value", "first")
        patches[1].setattr(Thing, "value", "second")
        patches[order[0]].undo()
        assert Thing.value == ("second", "first")[order[0]]
        patches[order[1]].undo()
        assert Thing.value == "original"


def test_one_may_set_the_same_thing_more_than_once() -> None:
    patch = SharedMonkeyPatch()
    patch.setattr(Thing, "value", 1)
    patch.setattr(Thing, "value", 2)
    patch.undo()
    assert Thing.value == "original"


def test_what_was_not_there_is_not_there_again() -> None:
    first, second = SharedMonkeyPatch(), SharedMonkeyPatch()
    first.setattr(Thing, "other", 1, raising=False)
    second.setattr(Thing, "other", 2, raising=False)
    first.setenv("KILOBAR_TEST_PATCH", "1")
    second.setenv("KILOBAR_TEST_PATCH", "2")
    first.undo()
    assert (Thing.other, os.environ["KILOBAR_TEST_PATCH"]) == (2, "2")  # type: ignore[attr-defined]
    second.undo()
    assert not hasattr(Thing, "other")
    assert "KILOBAR_TEST_PATCH" not in os.environ


def test_what_was_deleted_comes_back() -> None:
    place = {"a": 1}
    patch = SharedMonkeyPatch()
    patch.delitem(place, "a")
    patch.delattr(Thing, "value")
    assert place == {}
    patch.undo()
    assert place == {"a": 1}
    assert Thing.value == "original"


def test_a_dotted_name_and_a_missing_attribute_are_treated_as_by_pytest() -> None:
    patch = SharedMonkeyPatch()
    patch.setattr("os.sep", "!")
    assert os.sep == "!"
    patch.undo()
    assert os.sep == "/"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        patch.setattr(Thing, "nothing", 1)


def test_directory_and_import_path_come_back_too(tmp_path: Path) -> None:
    before = os.getcwd()
    first, second = SharedMonkeyPatch(), SharedMonkeyPatch()
    (tmp_path / "a").mkdir()
    first.chdir(tmp_path)
    second.chdir(tmp_path / "a")
    first.undo()
    second.undo()
    assert os.getcwd() == before
    first.syspath_prepend(tmp_path)
    second.syspath_prepend(tmp_path / "a")
    first.undo()
    assert str(tmp_path) not in sys.path
    assert str(tmp_path / "a") in sys.path
    second.undo()
    assert str(tmp_path / "a") not in sys.path


def test_context_is_undone_at_its_end() -> None:
    with SharedMonkeyPatch.context() as patch:
        patch.setattr(Thing, "value", 1)
        assert Thing.value == 1
    assert Thing.value == "original"
