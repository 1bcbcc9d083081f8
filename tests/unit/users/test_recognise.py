"""What a person names is recognised without executing a line of it."""

from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.users.recognise import MAX_FILE_BYTES, Recognised, is_python, recognise


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("users.py", True),
        ("a b/users.py:Buyer", True),
        ("users.py:Buyer,Seller", True),
        ("tests/test_shop.py::test_buy", True),
        ("tests/test_shop.py::TestShop::test_buy[a::b c]", True),
        ("shop.yaml", False),
        ("http://127.0.0.1/users.py.html", False),
        ("users.py:", False),
        ("users.py:1x", False),
        ("users.pyc", False),
        (".py", False),
    ],
)
def test_arguments_that_name_python_code_are_known_by_their_form(argument: str, expected: bool) -> None:
    assert is_python(argument) is expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("from kilobar import Press\nclass A(Press): pass", "classes"),
        ("import kilobar\nclass A(kilobar.User): pass", "classes"),
        ("import kilobar as k\nclass A(k.Press): pass", "classes"),
        ("try:\n    from kilobar import Press\nexcept ImportError:\n    raise", "classes"),
        ("from locust import HttpUser\nclass A(HttpUser): pass", "locust"),
        ("import locust.contrib.fasthttp", "locust"),
        ("from locust import User\nfrom kilobar import Press", "classes"),
        ("raise SystemExit\nimport locust", "locust"),
    ],
)
def test_the_kind_follows_from_what_the_file_imports(tmp_path: Path, text: str, kind: str) -> None:
    file = tmp_path / "users.py"
    file.write_text(text)
    assert recognise(str(file)) == Recognised(kind, file)  # type: ignore[arg-type]
    assert recognise(f"{file}:A,B").names == ("A", "B")


def test_modules_beside_the_file_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("from .base import Base")
    (tmp_path / "base.py").write_text("import locust, users")
    (tmp_path / "users.py").write_text("from shop import Base")
    assert recognise(str(tmp_path / "users.py")).kind == "locust"


def test_two_colons_name_a_test_whatever_the_file_imports(tmp_path: Path) -> None:
    file = tmp_path / "test_shop.py"
    file.write_text("import locust")
    assert recognise(f"{file}::TestShop::test_buy[a]") == Recognised("pytest", file, node="TestShop::test_buy[a]")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import os\ndef test_buy(): pass", "test_buy"),
        ("class TestShop:\n    def test_buy(self): pass", "TestShop::test_buy"),
    ],
)
def test_for_a_file_with_tests_the_hint_names_one(tmp_path: Path, text: str, name: str) -> None:
    file = tmp_path / "test_shop.py"
    file.write_text(text)
    with pytest.raises(InputError, match="no class to press") as caught:
        recognise(str(file))
    assert caught.value.hint == f"press a test of it: kilobar run {file}::{name}"


def test_for_any_other_file_it_is_told_what_was_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "users.py"
    file.write_text("print('hello')")
    with pytest.raises(
        InputError, match="neither `Press` or `User` of kilobar, nor locust, and has no tests"
    ) as caught:
        recognise(str(file))
    assert "kilobar.Press" in (caught.value.hint or "")


def test_a_mistake_of_syntax_has_its_place_and_the_words_of_python(tmp_path: Path) -> None:
    file = tmp_path / "users.py"
    file.write_text("import os\nclass A(:\n    pass\n")
    with pytest.raises(InputError, match=r"users\.py:2:9: invalid syntax\n  class A\(:") as caught:
        recognise(str(file))
    assert caught.value.code == "code-syntax"


@pytest.mark.parametrize(
    "content", [b"x = '\0'", b"# coding: nonsense\n", b"x = '\xff'", b"(" * 5_000, b"-" * 200_000 + b"1"]
)
def test_what_python_cannot_parse_is_bad_input(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "users.py"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        recognise(str(file))
    assert caught.value.code == "code-syntax"


def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file or directory"):
        recognise(str(tmp_path / "missing.py"))
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(InputError, match="Is a directory"):
        recognise(str(tmp_path / "folder.py"))
    (tmp_path / "large.py").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(InputError, match="larger than 4 MiB"):
        recognise(str(tmp_path / "large.py"))
