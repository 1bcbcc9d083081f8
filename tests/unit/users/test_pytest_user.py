import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from kilobar.users.pytest_session import MAX_TRIMMED

TESTS = """
import pytest

@pytest.fixture(scope="session", params=[1, 2])
def session(request):
    yield request.param

@pytest.fixture(scope="module", params=[1, 2])
def module(request, session):
    yield request.param

@pytest.fixture
def function(module, session, request):
    yield

def test_it(function, record_property, request, tmp_path):
    record_property("name", "value")
    request.node.add_marker("slow")
    request.node.add_report_section("call", "log", "text")
    assert len(request.node.own_markers) <= 2
"""

DRIVER = """
import json, os, sys
from pathlib import Path
from kilobar.users.pytest_session import Pytest
from kilobar.users.pytest_user import PytestUser

host = Pytest(Path.cwd(), "test_it.py", ())
session = host.open()
user = PytestUser(host, session)
nodes = [item.nodeid for item in session.items]

def sizes():
    item = session.items[0]
    return {
        "definitions": max(len(d._finalizers) for ds in item._fixtureinfo.name2fixturedefs.values() for d in ds),
        "nodes": max(len(found) for found, _ in session._setupstate.stack.values()),
        "properties": len(item.user_properties),
        "markers": len(item.own_markers),
        "sections": len(item._report_sections),
        "stash": len(item.stash._storage),
        "directories": len(os.listdir(host._directory + "/tmp")),
        "history": len(host._config.hook.pytest_plugin_registered._call_history),
    }

answer = {}
for name in ("early", "late"):
    for j in range(400):
        user.press(nodes[j % len(nodes)])
    answer[name] = sizes()
    PytestUser(host, host.open()).close()
# A user that is in the middle of an iteration for ever is left alone.
user._busy.acquire()
answer["busy"] = [user.close_if_idle(), len(session._setupstate.stack) > 0]
user._busy.release()
answer["idle"] = [user.close_if_idle(), len(session._setupstate.stack) > 0]
directory = host._directory
answer["close"] = [host.close(), os.path.exists(directory)]
print(json.dumps(answer))
"""


def drive(directory: Path) -> dict[str, Any]:
    (directory / "pytest.ini").touch()
    (directory / "test_it.py").write_text(TESTS)
    done = subprocess.run([sys.executable, "-c", DRIVER], cwd=directory, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_iterations_leave_nothing_behind_and_a_user_in_the_middle_of_one_is_left_alone(tmp_path: Path) -> None:
    answer = drive(tmp_path)
    late = answer["late"]
    assert late["definitions"] <= MAX_TRIMMED
    assert late["nodes"] <= MAX_TRIMMED
    # What the last iteration noted is taken away by the next one.
    assert (late["properties"], late["markers"], late["sections"]) == (1, 1, 1)
    assert late["stash"] == answer["early"]["stash"]
    assert late["directories"] == 0
    assert late["history"] == answer["early"]["history"]
    assert answer["busy"] == [None, True]
    assert answer["idle"] == [None, False]
    assert answer["close"] == [[], False]
