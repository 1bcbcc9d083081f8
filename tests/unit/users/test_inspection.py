"""User code is looked at in a process of its own: whatever it does, there is an answer or an error."""

import os
import select
from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.users.inspection import inspect

PRESS = "from kilobar import Press\nclass A(Press):\n    def press(self, row): pass\n"


def test_what_the_code_prints_is_no_part_of_the_answer(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text(PRESS + "import sys\nprint('{}' * 100_000)\nprint('x', file=sys.stderr)\n")
    inspected = inspect("classes", str(tmp_path), "users.py", {"user": "ann"})
    assert [one.name for one in inspected.classes] == ["A"]
    assert inspected.source == {"kind": "classes", "file": "users.py", "options": {"user": "ann"}}


def test_the_code_stands_where_it_will_stand_in_a_worker(tmp_path: Path) -> None:
    (tmp_path / "load").mkdir()
    (tmp_path / "words.txt").write_text("a\nb\nc\n")
    (tmp_path / "load" / "neighbour.py").write_text("FILE = 'words.txt'")
    text = "from neighbour import FILE\n" + PRESS + "    rows = 'once'\n    def vocab(self): return open(FILE)\n"
    (tmp_path / "load" / "users.py").write_text(text)
    inspected = inspect("classes", str(tmp_path), "load/users.py", {})
    assert inspected.classes[0].rows == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name' (users.py:1 in <module>)"),
        ("1 / 0", "importing users.py failed: ZeroDivisionError: division by zero (users.py:1 in <module>)"),
        ("import sys; sys.exit(1)", "sys.exit(1) was called"),
        ("import os; print('bye', flush=True); os._exit(7)", "ended with exit code 7 and said nothing\n    bye"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "was killed by signal 11"),
        ("raise BaseException('no')", "BaseException: no"),
    ],
)
def test_code_that_fails_is_an_error_of_the_user(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "users.py").write_text(text)
    with pytest.raises(InputError) as caught:
        inspect("classes", str(tmp_path), "users.py", {})
    assert words in caught.value.message
    assert caught.value.code == "code-failed"


def test_code_that_does_not_end_is_ended_and_it_is_told_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text("import threading\ndef hang():\n    threading.Event().wait()\nhang()\n")
    with pytest.raises(InputError, match=r"took longer than 1.5 s(.|\n)*users.py\", line 3 in hang"):
        inspect("classes", str(tmp_path), "users.py", {}, timeout_s=1.5)


def test_code_that_prints_without_end_is_ended_too(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text("while True:\n    print('x' * 1000)\n")
    with pytest.raises(InputError, match="took longer than 1 s"):
        inspect("classes", str(tmp_path), "users.py", {}, timeout_s=1.0)


def test_nothing_that_the_code_has_started_outlives_the_question(tmp_path: Path) -> None:
    text = (
        "import os, subprocess\nchild = subprocess.Popen(['sleep', '1000'])\nopen('pid', 'w').write(str(child.pid))\n"
    )
    (tmp_path / "users.py").write_text(text + PRESS + "import threading\nthreading.Thread(target=child.wait).start()\n")
    assert inspect("classes", str(tmp_path), "users.py", {}).classes
    try:
        child = os.pidfd_open(int((tmp_path / "pid").read_text()))
    except ProcessLookupError:
        return
    ended, _, _ = select.select([child], [], [], 10.0)
    os.close(child)
    assert ended


def test_open_files_are_not_left_behind(tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text("1 / 0")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(2):
        with pytest.raises(InputError):
            inspect("classes", str(tmp_path), "users.py", {})
    assert len(os.listdir("/proc/self/fd")) == before
