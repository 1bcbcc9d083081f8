import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kilobar import rows
from kilobar.errors import InputError


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Writes a file in the current directory; its name."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> str:
        Path(name).write_text(text, encoding="utf-8")
        return name

    return write


Write = Callable[[str, str], str]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.csv", 'user,age\nada,36\n"b, c",7\n', [{"user": "ada", "age": "36"}, {"user": "b, c", "age": "7"}]),
        ("a.CSV", "\ufeffuser\nada\n", [{"user": "ada"}]),
        ("a.jsonl", '{"a": 1}\n\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ("a.json", '[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ("a.txt", "one\r\n\ntwo", ["one", "two"]),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_files_give_their_rows_again_and_again(written: Write, name: str, text: str, expected: Any) -> None:
    found = rows(written(name, text))
    assert list(found) == expected
    assert list(found) == expected


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "a,b\n1,2\n3\n", "a.csv:3: the row has not 2 fields"),
        ("a.csv", "a,b\n1,2,3\n", "a.csv:2: the row has not 2 fields"),
        ("a.jsonl", '{"a": 1}\n{"a"\n', "a.jsonl:2: it is not JSON"),
        ("a.json", "[1,\n2,\n}", "a.json:3: it is not JSON"),
        ("a.json", '{"a": 1}', "a.json holds no list"),
    ],
)
def test_what_is_no_row_is_told_with_its_line(written: Write, name: str, text: str, words: str) -> None:
    found = rows(written(name, text))
    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        list(found)


def test_bytes_that_are_no_text_are_told(written: Write) -> None:
    Path(written("a.txt", "")).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"a\.txt is not UTF-8"):
        list(rows("a.txt"))


def test_a_missing_file_is_told_with_where_it_was_looked_for(written: Write) -> None:
    with pytest.raises(InputError, match="there is no such file") as raised:
        rows("missing.csv")
    assert os.path.join(os.getcwd(), "missing.csv") in (raised.value.hint or "")
    assert os.path.join(os.path.dirname(__file__), "missing.csv") in (raised.value.hint or "")


def test_a_kind_of_file_that_cannot_be_read_is_told_with_those_that_can(written: Write) -> None:
    with pytest.raises(InputError, match=r"no reader for `\.xlsx`") as raised:
        rows(written("a.xlsx", ""))
    assert ".csv, .jsonl, .json, .txt" in (raised.value.hint or "")


def test_the_directory_of_the_caller_comes_first(written: Write, tmp_path: Path) -> None:
    written("a.txt", "here")
    beside = tmp_path / "code"
    beside.mkdir()
    (beside / "a.txt").write_text("beside")
    found: dict[str, Any] = {}
    exec(compile("from kilobar import rows\nfound = list(rows('a.txt'))", str(beside / "load.py"), "exec"), found)
    assert found["found"] == ["beside"]
