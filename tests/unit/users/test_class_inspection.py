"""Which classes of a file are pressed."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kilobar.errors import InputError
from kilobar.users.class_inspection import chosen, inspect
from kilobar.users.import_file import import_file

TEXT = """
from kilobar import Press, User, task
class Base(Press):
    rate = "5/s"
class A(Base):
    def press(self, row): pass
class B(User):
    @task
    def buy(self): pass
class Other: pass
"""


@pytest.fixture
def imported(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    file = tmp_path / "chosen_users.py"

    def imported(text: str) -> ModuleType:
        file.write_text(text)
        sys.modules.pop("chosen_users", None)
        return import_file(str(file))

    yield imported
    sys.modules.pop("chosen_users", None)


def test_all_classes_that_can_be_pressed_are_chosen_unless_some_are_named(
    imported: Callable[[str], ModuleType],
) -> None:
    module = imported(TEXT)
    assert chosen(module, [], "users.py") == [module.A, module.B]
    assert chosen(module, ["B"], "users.py") == [module.B]
    assert chosen(module, ["B", "A", "B"], "users.py") == [module.B, module.A]


def test_a_class_may_be_named_as_reports_name_it(imported: Callable[[str], ModuleType]) -> None:
    module = imported(TEXT + "class C(A):\n    name = 'search'\n")
    assert chosen(module, ["search"], "users.py") == [module.C]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (TEXT, "Nobody", "users.py has no class `Nobody`"),
        (TEXT, "Other", "`Other` in users.py does not inherit"),
        (TEXT, "Base", r"Base .*chosen_users.py:3\) has no press\(\)"),
        ("from kilobar import Press", "", "has no class that inherits from kilobar.Press"),
        ("from kilobar import Press\nclass A(Press): pass", "", r"has no press\(\)"),
        ("from kilobar import User\nclass A(User): pass", "", "has no tasks"),
        ("from kilobar import Press\nclass A(Press):\n    abstract = True", "", "says that it is abstract"),
        (
            "from abc import ABC, abstractmethod\nfrom kilobar import Press\nclass A(Press, ABC):\n"
            "    def press(self, row): pass\n    @abstractmethod\n    def connect(self): pass",
            "",
            "connect",
        ),
    ],
)
def test_what_cannot_be_pressed_is_told(
    imported: Callable[[str], ModuleType], text: str, name: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        chosen(imported(text), [name] if name else [], "users.py")


def test_the_document_names_the_source_and_passes_options_on(
    imported: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    path = imported(TEXT).__file__
    sys.modules.pop("chosen_users")
    document = inspect(str(path), {"names": ["A"], "user": "ann"})
    assert document["source"] == {"kind": "classes", "file": path, "options": {"user": "ann"}}
    assert [entry["name"] for entry in document["classes"]] == ["A"]
    assert document["classes"][0]["rate"] == "5/s"
