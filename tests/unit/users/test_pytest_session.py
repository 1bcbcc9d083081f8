import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users.pytest_session import Pytest

DRIVER = """
import json, os, sys, threading
from pathlib import Path
from kilobar.users.pytest_session import Pytest

host = Pytest(Path.cwd(), "test_it.py", ("test_it",))
sessions = []
threads = [threading.Thread(target=lambda: sessions.append(host.open())) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
import test_it
plugins = host._config.pluginmanager
answer = {
    "items": [[item.nodeid for item in session.items] for session in sessions],
    "own": len({id(session.items[0]) for session in sessions}),
    "imported": [test_it.imported, sys.modules["conftest"].imported],
    "registered": [plugins.has_plugin(name) for name in ("session", "funcmanage", "timeout", "logging-plugin")],
    "reports": host.reports,
    "current": os.environ["PYTEST_CURRENT_TEST"].endswith("test_it.py::test_it (call)"),
    "fixtures": sorted(sessions[-1].items[0].fixturenames),
    "notes": host.notes,
}
host.close()
print(json.dumps(answer))
"""


def drive(directory: Path) -> dict[str, Any]:
    (directory / "pytest.ini").touch()
    done = subprocess.run([sys.executable, "-c", DRIVER], cwd=directory, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


COUNT = "import builtins\nbuiltins.{0} = imported = getattr(builtins, '{0}', 0) + 1\n"


def test_threads_have_items_of_their_own_while_modules_are_imported_once(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        COUNT.format("conftests")
        + "import pytest\n\n@pytest.fixture(autouse=True)\ndef mine():\n    pass\n\n"
        + "def pytest_runtest_protocol(item, nextitem):\n    return None\n"
    )
    (tmp_path / "test_it.py").write_text(COUNT.format("tests") + "\ndef test_it():\n    pass\n")
    answer = drive(tmp_path)
    assert answer["items"] == [["test_it.py::test_it"]] * 8
    assert answer["own"] == 8
    assert answer["imported"] == [1, 1]
    assert answer["registered"] == [False] * 4
    assert answer["reports"] is False
    assert answer["current"] is True
    assert "mine" in answer["fixtures"]
    assert answer["notes"][0].startswith("pytest-timeout is off")
    assert answer["notes"][1].startswith("pytest_runtest_protocol of ")


def test_without_pytest_the_line_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pytest", None)
    with pytest.raises(InputError) as raised:
        Pytest(tmp_path, "test_it.py", ())
    assert raised.value.hint == "pip install pytest"
