"""What somebody's code raised, as an error of a user."""

import traceback
from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.users.code_failure import failure_of, user_frames, words_of


def raised(code: str, file: str = "load.py") -> BaseException:
    try:
        exec(compile(code, file, "exec"), {})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_an_exception_has_its_place_and_the_way_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "load.py").write_text("def connect():\n    1 / 0\nconnect()\n")
    error = raised((tmp_path / "load.py").read_text(), str(tmp_path / "load.py"))
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next
    assert failure_of(error, "importing load.py").message == (
        "importing load.py failed: ZeroDivisionError: division by zero (load.py:2 in connect)"
        "\n    load.py:3 in <module>: connect()"
        "\n    load.py:2 in connect: 1 / 0"
    )


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("import yaml_nope", "pip install yaml-nope"),
        ("raise ModuleNotFoundError('x', name='PIL')", "pip install pillow"),
        ("raise ModuleNotFoundError('x', name='grpc')", "pip install grpcio"),
        ("raise ModuleNotFoundError('x', name='google.protobuf')", "pip install protobuf"),
        ("raise ModuleNotFoundError('x', name='locust')", "pip install 'kilobar[locust]'"),
        ("raise ModuleNotFoundError('x', name='pyarrow.parquet')", "pip install 'kilobar[parquet]'"),
        ("import json.nope", "`json` is installed but has no `json.nope`"),
    ],
)
def test_for_a_missing_module_it_is_told_how_to_install_it(code: str, hint: str) -> None:
    assert (failure_of(raised(code), "importing load.py").hint or "").startswith(hint)


def test_a_module_in_src_is_to_be_installed_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src" / "my_shop").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    hint = failure_of(raised("import my_shop.api"), "importing load.py").hint or ""
    assert "pip install -e ." in hint
    assert str(tmp_path / "src") in hint


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit()", "sys.exit() was called"),
        ("import sys; sys.exit(3)", "sys.exit(3) was called"),
        ("import sys; sys.exit('no database')", "sys.exit() was called: no database"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt: "),
        ("open('/nowhere/at/all')", "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/at/all'"),
    ],
)
def test_every_kind_of_end_has_words(code: str, words: str) -> None:
    assert words in failure_of(raised(code), "importing load.py").message


def test_a_mistake_of_syntax_in_an_imported_module_has_its_place() -> None:
    failure = failure_of(raised("x =", "shop.py"), "importing load.py")
    assert (failure.code, failure.message) == (
        "code-syntax",
        "importing load.py failed: shop.py:1:4: invalid syntax",
    )


def test_errors_of_kilobar_stay_as_they_are() -> None:
    error = InputError("no", hint="do")
    assert failure_of(error, "importing load.py") is error


def test_words_are_bounded_and_never_fail() -> None:
    class EvilError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert words_of(EvilError()) == "EvilError"
    assert len(words_of(ValueError("x" * 10_000))) == 1_000
    assert words_of(ValueError("\udcff")) == "ValueError: ?"


def test_frames_of_kilobar_and_of_the_import_machinery_are_not_the_users() -> None:
    from kilobar.model.units import parse_duration

    with pytest.raises(ValueError, match="not a duration") as caught:
        parse_duration("soon")
    mine = traceback.extract_tb(caught.value.__traceback__)[0]
    assert [frame.name for frame in user_frames(caught.value)] == [mine.name]
