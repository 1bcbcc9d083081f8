import json
from pathlib import Path
from typing import Any

import pytest

from kilobar import _native
from kilobar.fleet import python_calls
from kilobar.fleet.python_calls import MAX_RESULT_BYTES, MAX_WORDS, Functions, serve


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Functions:
    (tmp_path / "own_functions.py").write_text(
        """
import sys
NUMBER = 7
def echo(*arguments): return list(arguments)
def text(size): return "ü" * size
def leave(): sys.exit("bye")
def long(): raise ValueError("x" * 5000)
def lone(): raise ValueError("\\ud800")
def endless(): return endless()
def odd(): return object()
def nan(): return float("nan")
class Rude(Exception):
    def __str__(self): raise KeyboardInterrupt
def rude(): raise Rude
"""
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return Functions()


def test_arguments_and_results_are_json(functions: Functions) -> None:
    done, result = functions.call("own_functions.echo", '[1, "ü", null, {"a": [1.50]}]')
    assert done
    assert json.loads(result) == [1, "ü", None, {"a": [1.5]}]
    assert "ü" in result


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("leave", "SystemExit: bye"),
        ("rude", "Rude"),
        ("lone", "ValueError: ?"),
        ("endless", "RecursionError: "),
        ("odd", "TypeError: Object of type object is not JSON serializable"),
        ("nan", "ValueError: "),
        ("NUMBER", "TypeError: `own_functions.NUMBER` is no function but int"),
        ("missing", "AttributeError: "),
    ],
)
def test_whatever_a_function_does_is_told_in_words(functions: Functions, name: str, words: str) -> None:
    done, told = functions.call(f"own_functions.{name}", "[]")
    assert not done
    assert told.startswith(words)
    told.encode()


def test_a_module_that_is_not_there_is_told_too(functions: Functions) -> None:
    assert functions.call("no_such_module_here.f", "[]") == (
        False, "ModuleNotFoundError: No module named 'no_such_module_here'",
    )  # fmt: skip


def test_words_and_results_are_bounded_in_bytes(functions: Functions) -> None:
    assert len(functions.call("own_functions.long", "[]")[1]) == MAX_WORDS
    half = MAX_RESULT_BYTES // 2
    assert functions.call("own_functions.text", f"[{half - 1}]")[0]
    done, words = functions.call("own_functions.text", f"[{half}]")
    assert (done, words) == (False, f"it returned {MAX_RESULT_BYTES + 2:,} bytes, at most 1,048,576 are allowed")


def test_the_answer_of_a_quick_call_does_not_wait_for_the_slow_ones_behind_it(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[list[int]] = []
    now_ns = iter(range(0, 100_000_000, 600_000))

    def answer_calls(answers: list[Any]) -> None:
        brought.append([number for number, *_ in answers])

    monkeypatch.setattr(_native, "answer_calls", answer_calls)
    monkeypatch.setattr(_native, "next_calls", lambda: None)
    monkeypatch.setattr(python_calls.time, "monotonic_ns", lambda: next(now_ns))
    serve([(number, None, "own_functions.echo", "[]") for number in range(5)])
    assert [number for answers in brought for number in answers] == list(range(5))
    assert len(brought) > 1
