"""Pressed tests live in processes of their own: a pytest inside of this one would take its hooks from it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DRIVER = """
import json, sys, threading
from kilobar import _native
from kilobar.errors import InputError
from kilobar.users import pytest_item
from kilobar.users.actor import StopRun, Turn

order = json.loads(sys.argv[1])
counted = []
_native.count_step = lambda *step: counted.append([*step[:3], *step[8:]])
reported = []

def instrument(count):
    import builtins
    builtins.called = count
    return lambda: reported.append("undone")

def words_of(error):
    return str(error) if type(error).__name__ == "PressedTestFailed" else f"{type(error).__name__}: {error}"

def outcome_of(call, turn):
    try:
        call(turn)
    except BaseException as error:
        return words_of(error)

answer = {}
try:
    answer["inspected"] = inspected = pytest_item.inspect(order["target"], {})
    source = {**inspected["source"], "bundle": order["bundle"], "instrument": order["instrument"]}
    cast = pytest_item.cast(source, instrument)
    outcomes = {}
    for role in cast.roles:
        lists = [[] for _ in range(order["users"])]
        def live(user):
            actor = role.actor(user)
            for row in range(order["presses"]):
                turn = Turn(row, user, 0, row, 0)
                lists[user].append(outcome_of(actor.press, turn))
            lists[user].append(outcome_of(actor.stop, turn))
        threads = [threading.Thread(target=live, args=(user,)) for user in range(order["users"])]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        outcomes[role.name] = lists
    answer["outcomes"] = outcomes
    try:
        cast.close()
    except BaseException as error:
        answer["close"] = [str(each) for each in error.exceptions]
except InputError as error:
    answer["error"] = str(error)
answer["counted"], answer["reported"] = counted, reported
print("\\n" + json.dumps(answer))
"""


def press(
    directory: Path,
    target: str = "test_it.py",
    *,
    users: int = 1,
    presses: int = 1,
    instrument: bool = False,
    **env: str,
) -> dict[str, Any]:
    """What the driver answers; `log` are the lines that pressed tests printed."""
    order = {
        "target": target, "users": users, "presses": presses, "instrument": instrument, "bundle": str(directory),
    }  # fmt: skip
    (directory / "pytest.ini").touch()
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(order)],
        cwd=directory, capture_output=True, text=True, timeout=100, env={**os.environ, **env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *log, answer = done.stdout.splitlines()
    return {**json.loads(answer), "log": [line for line in log if line], "stderr": done.stderr}


def write(directory: Path, text: str, name: str = "test_it.py") -> None:
    (directory / name).write_text(text)


def test_a_test_that_passes_is_a_good_iteration_and_a_failed_assertion_is_told_with_its_values(tmp_path: Path) -> None:
    write(
        tmp_path,
        "def test_good():\n    assert 1 + 1 == 2\n\n"
        "def test_bad():\n    status = 500\n    assert status == 200\n\n"
        "def test_raises():\n    raise ConnectionError('no route')\n",
    )
    answer = press(tmp_path, presses=2)
    assert answer["outcomes"] == {
        "test_good": [[None, None, None]],
        "test_bad": [["assert 500 == 200 (test_it.py:6)"] * 2 + [None]],
        "test_raises": [["ConnectionError: no route (test_it.py:9)"] * 2 + [None]],
    }


def test_what_is_named_is_described_for_the_plan(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    write(tmp_path, "class TestShop:\n    def test_buy(self):\n        pass\n", "tests/test_shop.py")
    inspected = press(tmp_path, "tests/test_shop.py::TestShop::test_buy")["inspected"]
    assert inspected["classes"] == [
        {"name": "test_shop.py::TestShop::test_buy", "way": "threads", "start": False, "stop": False, "weight": 1}
    ]
    assert inspected["source"] == {
        "kind": "pytest", "file": "tests/test_shop.py", "node": "TestShop::test_buy",
        "tests": ["TestShop::test_buy"], "options": {},
    }  # fmt: skip


FIXTURES = """
import os
import pytest

def print(*words):
    os.write(1, (" ".join(words) + "\\n").encode())

@pytest.fixture(scope="session")
def session():
    print("session up")
    yield
    print("session down")

@pytest.fixture(scope="module")
def module(session):
    print("module up")
    yield
    print("module down")

@pytest.fixture(autouse=True)
def function(module, request):
    print("function up", request.node.name)
    request.addfinalizer(lambda: print("finalizer"))
    yield
    print("function down")
"""


def test_fixtures_of_functions_are_made_for_an_iteration_of_modules_for_a_user_of_sessions_once(tmp_path: Path) -> None:
    write(tmp_path, FIXTURES, "conftest.py")
    write(tmp_path, "def test_it():\n    pass\n")
    answer = press(tmp_path, users=4, presses=3)
    assert answer["outcomes"] == {"test_it": [[None] * 4] * 4}
    times = {line: answer["log"].count(line) for line in answer["log"]}
    assert times == {
        "session up": 1, "session down": 1, "module up": 4, "module down": 4,
        "function up test_it": 12, "function down": 12, "finalizer": 12,
    }  # fmt: skip
    assert answer["log"][0] == "session up"
    assert answer["log"][-1] == "session down"
    assert answer["inspected"]["classes"][0]["stop"] is True


def test_a_session_fixture_that_fails_is_made_once_and_fails_every_iteration_by_its_name(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import pytest\n\n@pytest.fixture(scope='session')\ndef db():\n    print('asked')\n"
        "    raise OSError('refused')\n\ndef test_it(db):\n    pass\n",
    )
    answer = press(tmp_path, users=2, presses=2)
    assert answer["outcomes"] == {"test_it": [["fixture db: OSError: refused (test_it.py:6)"] * 2 + [None]] * 2}
    assert answer["log"] == ["asked"]


def test_errors_of_setup_teardown_and_missing_fixtures_are_told_in_words(tmp_path: Path) -> None:
    write(
        tmp_path,
        """import pytest

@pytest.fixture
def late():
    yield
    raise ValueError("left over")

def test_teardown(late):
    pass

def test_both(late):
    assert not 3

def test_missing(nothing):
    pass

class TestXunit:
    def setup_method(self):
        raise KeyError("gone")

    def test_setup(self):
        pass
""",
    )
    assert press(tmp_path)["outcomes"] == {
        "test_teardown": [["teardown: ValueError: left over (test_it.py:6)", None]],
        "test_both": [["assert not 3 (test_it.py:12)", None]],
        "test_missing": [["fixture 'nothing' not found (test_it.py)", None]],
        "TestXunit::test_setup": [["setup_method: KeyError: 'gone' (test_it.py:19)", None]],
    }


def test_outcomes_that_are_not_errors_are_what_pytest_means_by_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        """import sys
import pytest

def test_skip():
    pytest.skip("not today")

@pytest.mark.skipif(True, reason="never here")
def test_skipif():
    pass

@pytest.mark.xfail(raises=ZeroDivisionError)
def test_expected():
    1 / 0

@pytest.mark.xfail(raises=ZeroDivisionError)
def test_other_error():
    raise ValueError("x")

@pytest.mark.xfail(strict=True, reason="known")
def test_strict():
    pass

@pytest.mark.xfail(run=False, reason="hangs")
def test_not_run():
    pass

def test_xfail_inside():
    pytest.xfail("known")

def test_marks_itself(request):
    request.node.add_marker(pytest.mark.xfail)
    assert False

def test_fail():
    pytest.fail("on purpose")

def test_exit():
    pytest.exit("enough")

def test_leaves():
    sys.exit(3)
""",
    )
    assert {name: outcome[0][0] for name, outcome in press(tmp_path, presses=2)["outcomes"].items()} == {
        "test_skip": "skipped: not today, so nothing was pressed",
        "test_skipif": "skipped: never here, so nothing was pressed",
        "test_expected": None,
        "test_other_error": "ValueError: x (test_it.py:17)",
        "test_strict": "[XPASS(strict)] known",
        "test_not_run": "skipped: [NOTRUN] hangs, so nothing was pressed",
        "test_xfail_inside": None,
        "test_marks_itself": None,
        "test_fail": "on purpose (test_it.py:35)",
        "test_exit": "StopRun: pytest.exit: enough",
        "test_leaves": "SystemExit: 3",
    }


def test_parameter_sets_are_cycled_by_row_unless_one_is_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import pytest\n\n@pytest.mark.parametrize('a', [1, 2, 3])\ndef test_p(a):\n    print(a)\n",
    )
    assert press(tmp_path, presses=4)["log"] == ["1", "2", "3", "1"]
    named = press(tmp_path, "test_it.py::test_p[2]", presses=2)
    assert named["log"] == ["2", "2"]
    assert named["inspected"]["classes"][0]["name"] == "test_it.py::test_p"


def test_own_fixtures_of_pytest_work_in_several_threads(tmp_path: Path) -> None:
    write(
        tmp_path,
        """import logging, os, sys, threading
import pytest

together = threading.Barrier(4)
seen = set()

def test_all(tmp_path, monkeypatch, capsys, caplog, request, pytestconfig, tmp_path_factory):
    mine = str(threading.get_ident())
    together.wait()
    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) not in seen
    seen.add(str(tmp_path))
    (tmp_path / "file").write_text(mine)
    monkeypatch.setenv("KILOBAR_PATCHED", "1")
    print(mine)
    print("e" + mine, file=sys.stderr)
    with caplog.at_level(logging.INFO):
        logging.info("%s", mine)
    together.wait()
    assert capsys.readouterr() == (mine + "\\n", "e" + mine + "\\n")
    with capsys.disabled():
        pass
    assert caplog.messages == [mine]
    assert os.environ["KILOBAR_PATCHED"] == "1"
    assert request.getfixturevalue("tmp_path") == tmp_path
    together.wait()

def test_after():
    assert "KILOBAR_PATCHED" not in os.environ
    assert not any(os.path.exists(path) for path in seen)
    assert len(seen) == 20
""",
    )
    answer = press(tmp_path, users=4, presses=5)
    assert answer["outcomes"] == {"test_all": [[None] * 6] * 4, "test_after": [[None] * 6] * 4}
    assert any("monkeypatch" in note for note in answer["inspected"]["notes"])


def test_what_needs_descriptors_of_the_process_is_refused_and_noted(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(capfd):\n    pass\n")
    answer = press(tmp_path)
    (outcome, _) = answer["outcomes"]["test_it"][0]
    assert outcome.startswith("fixture capfd: capfd needs the file descriptors of the whole process")
    assert any(note.startswith("capfd cannot be had") for note in answer["inspected"]["notes"])


def test_a_conftest_that_looks_at_reports_sees_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        """import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    setattr(item, "report_" + report.when, report)
    return report

@pytest.fixture(autouse=True)
def looker(request):
    yield
    print(request.node.report_call.outcome)

def pytest_sessionstart():
    print("session starts")

def pytest_sessionfinish():
    print("session ends")
""",
        "conftest.py",
    )
    write(tmp_path, "def test_it():\n    assert False, 'told'\n")
    answer = press(tmp_path, presses=2)
    assert answer["outcomes"] == {"test_it": [["told (test_it.py:2)"] * 2 + [None]]}
    # Once for the inspection, once for the run.
    assert answer["log"] == ["session starts", "session ends", "session starts", "failed", "failed", "session ends"]


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="subtests came with pytest 9")
def test_a_failed_subtest_fails_the_iteration(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(subtests):\n    with subtests.test('inner'):\n        assert 1 == 2\n")
    assert press(tmp_path, presses=2)["outcomes"]["test_it"] == [["subtest inner: assert 1 == 2"] * 2 + [None]]


def test_unittest_cases_are_pressed_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import unittest\n\nclass Case(unittest.TestCase):\n    def setUp(self):\n        self.value = 1\n\n"
        "    def test_good(self):\n        self.assertEqual(self.value, 1)\n\n"
        "    def test_bad(self):\n        self.assertEqual(self.value, 2)\n\n"
        "    def test_skip(self):\n        self.skipTest('no')\n",
    )
    assert press(tmp_path, presses=2)["outcomes"] == {
        "Case::test_bad": [["1 != 2 (test_it.py:11)"] * 2 + [None]],
        "Case::test_good": [[None] * 3],
        "Case::test_skip": [["skipped: no, so nothing was pressed"] * 2 + [None]],
    }


def test_methods_get_an_instance_of_their_own_for_each_iteration(tmp_path: Path) -> None:
    write(
        tmp_path,
        "class TestIt:\n    def test_it(self):\n        assert not hasattr(self, 'used')\n        self.used = True\n",
    )
    assert press(tmp_path, presses=3)["outcomes"]["TestIt::test_it"] == [[None] * 4]


def test_coroutines_run_in_the_thread_of_their_user_by_the_plugin_that_they_need(tmp_path: Path) -> None:
    pytest.importorskip("anyio")
    write(
        tmp_path,
        """import threading
import anyio.lowlevel, pytest

pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture
async def thread():
    await anyio.lowlevel.checkpoint()
    yield threading.get_ident()

async def test_it(thread):
    await anyio.lowlevel.checkpoint()
    assert thread == threading.get_ident()
""",
    )
    answer = press(tmp_path, users=4, presses=5)
    assert answer["outcomes"] == {"test_it": [[None] * 6] * 4}


def test_calls_that_are_instrumented_are_counted_in_the_turn_of_their_thread(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import builtins\n\ndef test_it():\n    builtins.called('GET /', 'http', 5, 9, 1, 2, 'status', 'was 500')\n",
    )
    answer = press(tmp_path, presses=2, instrument=True)
    assert answer["counted"] == [[0, "GET /", "http", "status", "was 500"]] * 2
    assert answer["reported"] == ["undone"]


def test_a_marker_and_an_option_of_a_plugin_that_is_switched_off_stay_valid(tmp_path: Path) -> None:
    write(tmp_path, "import pytest\n\n@pytest.mark.timeout(1)\ndef test_it():\n    pass\n")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers --strict-config -q\ntimeout = 5\nfilterwarnings = error\n"
    )
    answer = press(tmp_path)
    assert answer["outcomes"] == {"test_it": [[None, None]]}
    assert [note.partition(" is ")[0] for note in answer["inspected"]["notes"]] == ["pytest-timeout", "filterwarnings"]


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        ("", "absent.py::test_y", "there is no file absent.py"),
        ("def test_x():\n    pass\n", "test_it.py::test_y", "pytest finds no test_it.py::test_y: not found"),
        ("def other():\n    pass\n", "test_it.py", "pytest finds no test_it.py: there is no test in it"),
        ("import nothing_such\n", "test_it.py", "No module named 'nothing_such'"),
        ("def test_x(:\n", "test_it.py", "SyntaxError"),
        ("import pytest\npytest.skip('later', allow_module_level=True)\n", "test_it.py", "is skipped: Skipped: later"),
    ],
    ids=["no file", "no test", "no tests", "import", "syntax", "skipped"],
)
def test_what_cannot_be_pressed_is_told_before_the_run(tmp_path: Path, text: str, target: str, words: str) -> None:
    write(tmp_path, text)
    assert words in press(tmp_path, target)["error"]


def test_a_conftest_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    write(tmp_path, "import nothing_such\n", "conftest.py")
    write(tmp_path, "def test_x():\n    pass\n")
    error = press(tmp_path)["error"]
    assert "conftest.py" in error
    assert "No module named 'nothing_such'" in error


def test_a_fixture_that_cannot_be_torn_down_at_the_end_is_told_by_close(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import pytest\n\n@pytest.fixture(scope='session')\ndef db():\n    yield\n    raise OSError('stuck')\n\n"
        "def test_it(db):\n    pass\n",
    )
    answer = press(tmp_path, users=2, presses=2)
    assert answer["outcomes"] == {"test_it": [[None] * 3] * 2}
    assert answer["close"] == ["stuck"]
