"""What a class says about itself in attributes."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users import described as module
from kilobar.users.described import described
from kilobar.users.import_file import import_file

Import = Callable[[str], ModuleType]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    def imported(text: str) -> ModuleType:
        file = tmp_path / "described_users.py"
        file.write_text(f"from kilobar import Press, User, task\n{text}")
        found = import_file(str(file))
        sys.modules.pop(found.__name__)
        sys.modules["described_users"] = found
        return found

    yield imported
    sys.modules.pop("described_users", None)


def of(found: ModuleType, name: str = "A") -> dict[str, Any]:
    return described(getattr(found, name), "users.py")


def test_a_class_that_says_nothing_has_defaults(imported: Import) -> None:
    assert of(imported("class A(Press):\n    def press(self, row): pass")) == {
        "name": "A",
        "way": "threads",
        "weight": 1.0,
        "rows": None,
        "start": False,
        "stop": False,
        "insecure": False,
        "ca_file": None,
        "thresholds": [],
        "timeout": "60s",
        "lines": {"": 2},
    }


def test_numbers_have_the_unit_that_is_meant_and_aliases_are_understood(imported: Import) -> None:
    text = """
class A(Press):
    name = "query"
    qps = 0.5
    concurrent = 10
    duration = 90
    timeout: float = 2.5
    host = "http://127.0.0.1:1"
    weight = 3
    thresholds = "p99 < 1s"
    max_in_flight = 7
    grace = "5s"
    async def press(self, row): pass
    def on_stop(self): pass
"""
    entry = of(imported(text))
    lines = entry.pop("lines")
    assert entry == {
        "name": "query",
        "way": "async",
        "weight": 3.0,
        "rows": None,
        "start": False,
        "stop": True,
        "insecure": False,
        "ca_file": None,
        "thresholds": ["p99 < 1s"],
        "rate": "0.5/s",
        "users": "10",
        "duration": "90s",
        "timeout": "2.5s",
        "target": "http://127.0.0.1:1",
        "max_in_flight": "7",
        "grace": "5s",
    }
    assert (lines[""], lines["rate"], lines["timeout"], lines["target"]) == (3, 5, 8, 9)


def test_a_user_with_a_coroutine_among_its_tasks_is_async(imported: Import) -> None:
    found = imported("class A(User):\n    @task\n    async def buy(self): pass\n    def on_start(self): pass")
    assert (of(found)["way"], of(found)["start"]) == ("async", True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rate = ['5/s']", "`rate` of A is list"),
        ("users = True", "`users` of A is bool"),
        ("weight = -1", "`weight` of A must be a number of 0 or more, not -1"),
        ("weight = 'x'", "`weight` of A must be"),
        ("thresholds = [5]", "`thresholds` of A has 5, which is no text"),
    ],
)
def test_an_attribute_of_the_wrong_type_is_told_with_its_class(imported: Import, line: str, words: str) -> None:
    found = imported(f"class A(Press):\n    {line}\n    def press(self, row): pass")
    with pytest.raises(InputError, match=words) as caught:
        of(found)
    assert caught.value.message.startswith("users.py:2: ")


@pytest.mark.parametrize("rows", ["[1, 2, 3]", "iter([1, 2, 3])", "(row for row in 'abc')"])
def test_rows_that_are_dealt_once_are_counted(imported: Import, rows: str) -> None:
    text = f"class A(Press):\n    rows = 'once'\n    def vocab(self): return {rows}\n    def press(self, row): pass"
    assert of(imported(text))["rows"] == 3


def test_of_rows_that_are_dealt_again_and_again_only_the_first_is_asked_for(imported: Import) -> None:
    text = "class A(Press):\n    def vocab(self):\n        yield 1\n        1 / 0\n    def press(self, row): pass"
    assert of(imported(text))["rows"] is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return open('/nowhere/words.txt')", "vocab() of A in users.py failed: FileNotFoundError"),
        ("return []", "vocab() of A in users.py gave no rows"),
        ("raise SystemExit(2)", "vocab() of A in users.py failed: sys.exit(2) was called"),
        ("return 5", "vocab() of A in users.py gave a int; it must give rows"),
        ("return 'abc'", "vocab() of A in users.py gave a str; it must give rows"),
        ("pass", "vocab() of A in users.py gave None (is a `return` missing?)"),
    ],
)
def test_a_vocab_that_fails_is_told_before_the_run(imported: Import, body: str, words: str) -> None:
    found = imported(f"class A(Press):\n    def vocab(self): {body}\n    def press(self, row): pass")
    with pytest.raises(InputError) as caught:
        of(found)
    assert words in caught.value.message


def test_rows_without_an_end_cannot_be_dealt_once(imported: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 100)
    text = "from itertools import count\nclass A(Press):\n    rows = 'once'\n    def vocab(self): return count()\n"
    with pytest.raises(InputError, match="more than 100 rows"):
        of(imported(f"{text}    def press(self, row): pass"))


def test_a_file_of_certificates_is_beside_the_class(imported: Import, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    found = imported("class A(Press):\n    insecure = True\n    ca_file = 'ca.pem'\n    def press(self, row): pass")
    said = described(found.A, str(tmp_path / "users.py"))
    assert (said["insecure"], said["ca_file"]) == (True, str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("attribute", ["insecure = 'yes'", "ca_file = 'nowhere.pem'"])
def test_what_cannot_be_trusted_is_told_with_its_place(imported: Import, attribute: str) -> None:
    found = imported(f"class A(Press):\n    {attribute}\n    def press(self, row): pass")
    with pytest.raises(InputError, match=r"users\.py:2: `(insecure|ca_file)` of A"):
        of(found)
