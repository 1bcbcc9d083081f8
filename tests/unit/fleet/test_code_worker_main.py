"""The process of a worker with Python users, with a scripted engine in the place of the native one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kilobar.model.code import Code, CodeClass
from kilobar.users.bundle import Bundle
from kilobar.users.bundle_cache import BundleCache

ENGINE = """
import sys, threading, types
native = types.ModuleType("kilobar._native")
native.__version__ = "0"
native.monotonic_ns = lambda: 0
def __getattr__(name):
    return lambda *arguments: None
native.__getattr__ = __getattr__
exec(SCRIPT)
import kilobar
kilobar._native = sys.modules["kilobar._native"] = native
from kilobar.fleet.code_worker_main import main
main()
"""

pytestmark = pytest.mark.system


def run(script: str, kind: str = "classes", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = ENGINE.replace("SCRIPT", repr(script))
    return subprocess.run(
        [sys.executable, "-c", code, "7", kind], capture_output=True, text=True, timeout=60, cwd=cwd, check=False
    )


WAITING = """
over = threading.Event()
native.closed = over.set
def code_loaded(problem):
    print("loaded", problem, flush=True)
    if problem is not None: over.set()
native.code_loaded = code_loaded
"""


def test_the_engine_runs_in_a_thread_and_its_end_is_the_end_of_the_process() -> None:
    done = run(
        "def run_worker(fd):\n    print(fd, threading.current_thread() is threading.main_thread(), flush=True)\n"
        "native.run_worker = run_worker\n"
        "native.next_code = lambda: threading.Event().wait()\n"  # a host that hangs for ever
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "7 False\n", "")


@pytest.mark.parametrize(("error", "code"), [("ValueError('no')", 2), ("OSError('no socket')", 1), ("SystemExit", 1)])
def test_the_exit_code_says_how_the_engine_ended(error: str, code: int) -> None:
    done = run(f"def run_worker(fd): raise {error}\nnative.run_worker = run_worker\n")
    assert done.returncode == code
    assert ("no socket" in done.stderr) is (code == 1 and "OSError" in error)


def test_a_host_that_fails_ends_the_worker_with_a_traceback() -> None:
    done = run(
        "native.run_worker = lambda fd: threading.Event().wait()\n"
        "def next_code(): raise RuntimeError('broken host')\n"
        "native.next_code = next_code\n"
    )
    assert done.returncode == 1
    assert "RuntimeError: broken host" in done.stderr


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "project"
    (root / "load").mkdir(parents=True)
    (root / "load" / "neighbour.py").write_text("WORDS = open('words.txt').read().split()\n")
    (root / "load" / "users.py").write_text(
        "from kilobar import Press\nfrom neighbour import WORDS\nimport os, sys\n"
        "class A(Press):\n"
        "    def vocab(self):\n"
        "        print(os.getcwd(), sys.argv, WORDS, flush=True)\n"
        "        return WORDS\n"
        "    def press(self, row): pass\n"
    )
    (root / "words.txt").write_text("a b")
    bundle = Bundle.of(root)
    with BundleCache() as cache:
        archive = cache.store(bundle)
    return {"kind": "classes", "file": "load/users.py", "bundle": bundle.sha256, "archive": str(archive)}


def with_code(source: dict[str, Any]) -> str:
    code = {**Code(source, (CodeClass("A", "threads"),)).to_json(), "worker": 0, "workers": 1}
    orders = "[[('close',)], []]"
    return WAITING + (
        "def run_worker(fd): over.wait()\nnative.run_worker = run_worker\n"
        f"native.next_code = lambda: {json.dumps(code)!r}\n"
        f"waiting = {orders}\nnative.take_orders = lambda: waiting.pop(0)\nnative.orders_fd = lambda: 0\n"
    )


def test_users_are_loaded_from_the_unpacked_bundle(source: dict[str, Any], tmp_path: Path) -> None:
    done = run(with_code(source))
    home = tmp_path / "cache" / "kilobar" / "bundles" / source["bundle"]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{home} ['load/users.py'] ['a', 'b']\nloaded None\n"


def test_a_directory_instead_of_an_archive_is_entered_as_it_is(source: dict[str, Any], tmp_path: Path) -> None:
    del source["archive"]
    done = run(with_code({**source, "bundle": str(tmp_path / "project")}))
    assert done.stdout.startswith(f"{tmp_path / 'project'} ")


def test_code_that_cannot_be_loaded_is_told_to_the_engine(source: dict[str, Any]) -> None:
    done = run(with_code({**source, "bundle": "0" * 64}))
    assert done.returncode == 0
    assert f"is not {'0' * 64} but {source['bundle']}" in done.stdout


def test_a_guest_finds_a_patched_process(tmp_path: Path) -> None:
    """Nothing that gevent replaces has been imported before it is."""
    pytest.importorskip("gevent")
    guest = tmp_path / "guest_serve.py"
    guest.write_text("")
    done = run(
        WAITING
        + "before = set(sys.modules)\n"
        + "def run_worker(fd): over.wait()\nnative.run_worker = run_worker\n"
        + "def next_code():\n"
        + "    from gevent import monkey\n"
        + "    print(monkey.is_module_patched('socket'), monkey.is_module_patched('threading'), flush=True)\n"
        + "    over.set()\n"
        + "native.next_code = next_code\n",
        kind="locust",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True True\n", "")


def test_until_the_patch_nothing_is_imported_that_it_would_replace() -> None:
    script = (
        "import sys, types; native = types.ModuleType('kilobar._native'); sys.modules['kilobar._native'] = native\n"
        "import kilobar; kilobar._native = native; import kilobar.fleet.code_worker_main\n"
        "print(sorted({'threading', 'ssl', 'socket', 'queue', 'subprocess', 'select'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "[]\n"
