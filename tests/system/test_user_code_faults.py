"""User code that does what no load test should: the run ends by itself, the books balance, and the report says why."""

import os
from pathlib import Path
from typing import Any

import pytest

from .command import Finished, kilobar
from .user_code import UserCode, counts

LOAD = ("--rate", "30/s", "--for", "500ms", "--grace", "5s")
PLANNED = 15
SAMPLE_BYTES = 10_000
"""More than any message of a sample may have."""


def only_failure(done: Finished, words: str) -> dict[str, Any]:
    """All iterations have failed in the same way, were counted so, and samples tell why; the series."""
    assert (done.ledger["started"], done.ledger["failed"]) == (PLANNED, PLANNED), done.summary["events"]
    done.must_end_with(1)
    (series,) = done.summary["series"]
    assert (series["count"], series["failed"], series["errors"]) == (PLANNED, PLANNED, {"script": PLANNED})
    assert done.summary["samples"]
    for sample in done.summary["samples"]:
        assert words in sample["message"]
        assert len(sample["message"]) < SAMPLE_BYTES
    assert "nothing succeeded" in done.reasons
    return dict(series)


def all_went_well(done: Finished) -> None:
    """Whatever the code did, it did no harm."""
    done.must_end_with(0)
    assert (done.ledger["ok"], done.ledger["planned"]) == (PLANNED, PLANNED), done.summary["samples"]
    assert done.summary["events"] == []


RAISED = {
    "raise ValueError('no stock')": "ValueError: no stock (users.py:{line} in press)\n  users.py:{line} in press",
    "raise ValueError('x' * 10_000_000)": "ValueError: xxx",
    "raise Rude": "Rude: (its text cannot be had)",
    "raise Alien('from afar')": "Alien: from afar",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise GeneratorExit": "GeneratorExit",
    "raise asyncio.CancelledError": "CancelledError",
    "raise BaseExceptionGroup('two', [ValueError('first'), Alien()])": "ValueError: first",
    "raise ValueError('\\ud800 is no character')": "ValueError: ? is no character",
    "sys.exit(3)": "sys.exit(3) was called",
    "sys.exit(NoCode())": "SystemExit",
    "deep()": "RecursionError",
    "bytes(1 << 60)": "MemoryError",
    "assert row == 'something'": "AssertionError: assert row == 'something'",
    "self.http.get('http://127.0.0.1/', statuses=200).close()": "statuses",
}
RAISING = """
class Rude(Exception):
    def __str__(self): raise RuntimeError
class Alien(BaseException): pass
class NoCode:
    def __repr__(self): raise RuntimeError
def deep(): return deep()
class Fine(Press):
    def press(self, row): pass
"""


@pytest.mark.parametrize("way", ["def", "async def"])
@pytest.mark.parametrize("part", range(3))
def test_whatever_a_press_raises_is_a_failed_iteration_with_its_words_and_the_others_go_on(
    code: UserCode, way: str, part: int
) -> None:
    """Each is a class of its own, several of them in the same processes; samples of all have no room in one run."""
    raised = list(RAISED.items())[part::3]
    body_of = {number: body for number, (body, _) in enumerate(raised)}
    if way == "async def":
        body_of = {number: body.replace("self.http", "await self.http") for number, body in body_of.items()}
    text = RAISING + "".join(
        f"class Fails{number}(Press):\n    {way} press(self, row):\n        {body}\n"
        for number, body in body_of.items()
    )
    users = str(2 * len(raised) + 2)
    done = code.run(text, "--users", users, "--for", "300ms", "--grace", "5s")
    assert done.summary["run"]["state"] == "finished"
    assert done.summary["events"] == []
    assert done.series("Fine")["count"] > 0
    assert done.series("Fine")["failed"] == 0
    samples = {sample["series"]: sample["message"] for sample in done.summary["samples"]}
    written = code.write(text).read_text().splitlines()
    for number, (_, words) in enumerate(raised):
        series = done.series(f"Fails{number}")
        assert series["failed"] == series["count"] == series["errors"]["script"] > 0
        line = written.index(f"        {body_of[number]}") + 1
        assert words.format(line=line) in samples[f"Fails{number}"]
        assert len(samples[f"Fails{number}"]) < SAMPLE_BYTES


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("shutil.rmtree(HERE, ignore_errors=True); raise ValueError('gone')", "ValueError: gone (users.py:7"),
        ("os.chdir('/'); raise ValueError('elsewhere')", "ValueError: elsewhere (users.py:7"),
        ("sys.stderr = sys.stdout = None; raise ValueError('in silence')", "ValueError: in silence (users.py:7"),
    ],
    ids=["its files are gone", "it is elsewhere", "it has no stderr"],
)  # fmt: skip
def test_a_failure_is_told_whatever_became_of_the_surroundings(code: UserCode, body: str, words: str) -> None:
    here = "HERE = os.path.dirname(__file__)\n"
    text = f"{here}class Fails(Press):\n    def press(self, row):\n        {body}\n"
    assert only_failure(code.run(text, *LOAD), words)["name"] == "Fails"


@pytest.mark.parametrize(
    ("text", "series", "words"),
    [
        ("def __init__(self): raise OSError('no seat')\n    def press(self, row): pass", "Fails", "no seat"),
        ("def on_start(self): raise OSError('no login')\n    def press(self, row): pass", "Fails.on_start", "no login"),
        ("async def on_start(self): sys.exit(2)\n    def press(self, row): pass", "Fails.on_start", "sys.exit(2)"),
    ],
    ids=["init", "on_start", "async on_start"],
)  # fmt: skip
def test_users_who_cannot_start_fail_their_iterations(code: UserCode, text: str, series: str, words: str) -> None:
    done = code.run(f"class Fails(Press):\n    {text}\n", *LOAD)
    assert only_failure(done, words)["name"] == series


@pytest.mark.parametrize("way", ["def", "async def"])
@pytest.mark.parametrize("hook", ["raise OSError('no logout')", "time.sleep(1000)"], ids=["raises", "hangs"])
def test_users_who_cannot_stop_are_counted_and_fail_no_iteration(code: UserCode, way: str, hook: str) -> None:
    text = f"""
class Fails(Press):
    timeout = "700ms"
    {way} press(self, row): pass
    {way} on_stop(self): {hook}
"""
    done = code.run(text, "--users", "3", "--for", "200ms")
    assert done.ledger["failed"] == 0
    stop = done.series("Fails.on_stop")
    assert (stop["count"], stop["errors"]) == (3, {"script": 3})
    words = "no logout" if "raise" in hook else "on_stop did not return within 0.7 s"
    assert words in done.summary["samples"][0]["message"]


def test_rows_that_fail_halfway_fail_the_turns_that_want_them(code: UserCode) -> None:
    text = """
class Rows(Press):
    def vocab(self):
        yield from range(4)
        raise KeyError("the rest")
    def press(self, row): pass
"""
    done = code.run(text, *LOAD)
    assert (done.ledger["ok"], done.ledger["failed"]) == (4, PLANNED - 4)
    assert all("vocab() of Rows failed: KeyError: 'the rest'" in one["message"] for one in done.summary["samples"])


ENDLESS = {
    "sleeps in C": "def press(self, row): time.sleep(1000)",
    "loops": "def press(self, row):\n        while True: pass",
    "loops and catches everything": (
        "def press(self, row):\n        while True:\n            try:\n                while True: pass\n"
        "            except BaseException: pass"
    ),
    "awaits": "async def press(self, row): await asyncio.Future()",
    "awaits and catches everything": (
        "async def press(self, row):\n        while True:\n            try: await asyncio.sleep(1000)\n"
        "            except BaseException: pass"
    ),
    "loops in a coroutine": "async def press(self, row):\n        while True: pass",
    "rows that never come": (
        "def press(self, row): pass\n    def vocab(self):\n        yield 0\n        time.sleep(1000)"
    ),
    "hangs in on_start": "def press(self, row): pass\n    def on_start(self): time.sleep(1000)",
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_turn_that_never_returns_fails_at_its_limit_and_the_load_goes_on(code: UserCode, what: str) -> None:
    done = code.run(f"class Stuck(Press):\n    timeout = '500ms'\n    {ENDLESS[what]}\n", *LOAD)
    assert (done.ledger["started"], done.ledger["dropped"]) == (PLANNED, 0)
    # The very first row is there.
    assert done.ledger["failed"] == PLANNED - ("rows" in what)
    name = "Stuck.on_start" if "on_start" in what else "Stuck"
    who = "on_start" if "on_start" in what else "it"
    assert done.series(name)["errors"] == {"script": done.ledger["failed"]}
    words = f"{who} did not return within 0.5 s, and its user was given up"
    assert {sample["message"] for sample in done.summary["samples"]} == {words}


def test_one_stuck_class_does_not_hold_up_the_threads_of_another(code: UserCode) -> None:
    text = """
class Stuck(Press):
    timeout = "500ms"
    def press(self, row): time.sleep(1000)
class Fine(Press):
    def press(self, row): time.sleep(0.001)
"""
    done = code.run(text, "--users", "4", "--for", "1500ms", "--grace", "2s")
    steps = counts(done)
    assert done.series("Stuck")["failed"] == steps["Stuck"] >= 4
    assert steps["Fine"] > steps["Stuck"]
    assert done.series("Fine")["failed"] == 0


HARMLESS = {
    "prints": "print('y' * 5_000_000); print('z' * 5_000_000, file=sys.stderr)",
    "forks": "os.fork()",
    "forks and waits": "pid = os.fork()\n        if pid: os.waitpid(pid, 0)",
    "forks and sleeps": "if os.fork() == 0: time.sleep(1000)",
    "starts processes": "p = multiprocessing.Process(target=int); p.start(); p.join(); assert p.exitcode == 0",
    "leaks threads": "[threading.Thread(target=time.sleep, args=(1000,)).start() for _ in range(70)]",
    "exits a thread": "t = threading.Thread(target=sys.exit); t.start(); t.join()",
    "returns a lot": "return 'x' * 10_000_000",
    "sends itself SIGINT": "os.kill(os.getpid(), signal.SIGINT)",
    "closes the first descriptors": "os.closerange(0, 3)",
    "stops the clocks": "time.monotonic_ns = time.monotonic = time.time = time.perf_counter = lambda: 0",
    "disables the collector": "gc.disable(); gc.unfreeze(); self.me = self",
    "leaves a destructor": "self.__class__.__del__ = lambda self: time.sleep(1000)",
    "registers an exit that hangs": "__import__('atexit').register(time.sleep, 1000)",
}


@pytest.mark.parametrize(
    ("way", "what"),
    [("def", what) for what in HARMLESS]
    + [("async def", what) for what in ("forks", "starts processes", "sends itself SIGINT", "stops the clocks")],
)
def test_what_user_code_does_to_its_process_does_no_harm_to_the_run(code: UserCode, way: str, what: str) -> None:
    done = code.run(f"class Odd(Press):\n    {way} press(self, row):\n        {HARMLESS[what]}\n", *LOAD)
    assert counts(done) == {"Odd": PLANNED}
    all_went_well(done)
    assert "yyyy" not in done.stdout + done.stderr
    assert "zzzz" not in done.stdout + done.stderr


def test_signal_handlers_of_user_code_do_not_end_its_run(code: UserCode) -> None:
    text = """
class Signals(Press):
    async def press(self, row):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        os.kill(os.getpid(), signal.SIGTERM)
"""
    all_went_well(code.run(text, *LOAD))


def test_a_replaced_thread_class_fails_the_users_who_need_one(code: UserCode) -> None:
    text = """
class Patches(Press):
    def press(self, row):
        def start(self): raise ZeroDivisionError("patched")
        threading.Thread.start = start
        time.sleep(0.3)
"""
    done = code.run(text, *LOAD)
    assert done.ledger["failed"] > 0
    assert "no thread for this user: ZeroDivisionError: patched (users.py" in done.summary["samples"][0]["message"]


@pytest.mark.parametrize("way", ["def", "async def"])
@pytest.mark.parametrize(
    ("end", "how"),
    [
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by signal 9"),
        ("import ctypes; ctypes.string_at(0)", "killed by signal 11"),
    ],
    ids=["exits", "is killed", "crashes"],
)
def test_code_that_ends_its_worker_is_a_lost_worker_and_the_other_one_takes_over(
    code: UserCode, way: str, end: str, how: str
) -> None:
    text = f"""
class Ends(Press):
    def vocab(self):
        return range(1000)
    {way} press(self, row):
        if row == 41:
            {end}
"""
    done = code.run(text, "--rate", "100/s", "--for", "2s")
    assert done.summary["run"]["state"] == "finished"
    ledger = done.ledger
    assert (ledger["planned"], ledger["failed"]) == (200, 0)
    assert ledger["lost"] > 0
    (event,) = done.summary["events"]
    assert f"worker 1 lost ({how}" in event["text"]
    assert "worker 1" in done.reasons or done.blames_the_machine
    assert sum(point["started"] for point in done.summary["timeline"] if point["start_s"] >= 1) >= 95


def test_code_that_ends_every_worker_fails_the_run(code: UserCode) -> None:
    done = code.run("class Ends(Press):\n    def press(self, row): os._exit(0)\n", "--rate", "50/s", "--for", "60s")
    assert done.exit_code == 3
    assert done.summary["run"]["state"] == "failed"
    assert done.summary["run"]["duration_s"] < 60
    assert done.ledger["lost"] == done.ledger["planned"] > 0
    assert "worker 0 was lost (exit code 0)" in done.reasons


REFUSED = {
    "a package that is missing": (
        "import thriftpy2_of_nobody.rpc\n",
        ["importing users.py failed: ModuleNotFoundError: No module named 'thriftpy2_of_nobody'", "users.py:4",
         "hint: pip install thriftpy2-of-nobody"],
    ),
    "a package of another name": (
        "sys.modules['yaml'] = None\nimport yaml\n", ["import of yaml halted", "hint: pip install pyyaml"],
    ),
    "an import that fails": ("from os import nothing\n", ["cannot import name 'nothing'", "users.py:4"]),
    "an exception": ("raise ValueError('x' * 10_000_000)\n", ["ValueError: xxx", "users.py:4"]),
    "a syntax error": ("class A(Press):\n    def press(self)\n", ["error[code-syntax]", "users.py:5:20: expected ':'"]),
    "sys.exit": ("sys.exit(3)\n", ["sys.exit(3) was called"]),
    "os._exit": ("os._exit(0)\n", ["ended with exit code 0 and said nothing"]),
    "a crash": ("import ctypes; ctypes.string_at(0)\n", ["was killed by signal 11"]),
    "no class": ("", ["has no class that inherits from kilobar.Press or kilobar.User"]),
    "no press": ("class A(Press): pass\n", ["A (", "users.py:4) has no press()", "def press(self, row)"]),
    "no tasks": ("class A(User): pass\n", ["users.py:4) has no tasks", "write @task above a method"]),
    "an abstract method": (
        "import abc\nclass A(Press, abc.ABC):\n    def press(self, row): pass\n"
        "    @abc.abstractmethod\n    def more(self): ...\n",
        ["is abstract: it has no more"],
    ),
    "a press without a row": ("class A(Press):\n    def press(self): pass\n", ["cannot be called", "press(self, row)"]),
    "vocab raises": (
        "class A(Press):\n    def vocab(self): raise KeyError('rows')\n    def press(self, row): pass\n",
        ["vocab() of A in users.py failed: KeyError: 'rows' (users.py:5 in vocab)"],
    ),
    "vocab gives no rows": (
        "class A(Press):\n    def vocab(self): return []\n    def press(self, row): pass\n", ["gave no rows"],
    ),
    "vocab gives a text": (
        "class A(Press):\n    def vocab(self): return 'abc'\n    def press(self, row): pass\n", ["gave a str"],
    ),
    "a rate that is none": (
        "class A(Press):\n    rate = 'many'\n    def press(self, row): pass\n", ["users.py:5:1: error", "many"],
    ),
    "a time limit that is none": (
        "class A(Press):\n    timeout = 'soon'\n    def press(self, row): pass\n", ["users.py:5:1: error[bad-"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("command", "what"), [("run", what) for what in REFUSED] + [("check", "sys.exit")])
def test_code_that_cannot_be_pressed_is_refused_before_the_load(code: UserCode, command: str, what: str) -> None:
    text, words = REFUSED[what]
    done = kilobar(command, code.write(text), env=code.env, cwd=code.directory)
    assert done.exit_code == 2, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr
    assert len(done.stderr) < SAMPLE_BYTES


def test_a_class_that_is_not_there_is_missed_by_name(code: UserCode) -> None:
    file = code.write("class Buyer(Press):\n    def press(self, row): pass\n")
    done = kilobar("run", f"{file}:Seller", env=code.env)
    assert done.exit_code == 2
    assert "has no class `Seller`" in done.stderr
    assert "Buyer" in done.stderr


@pytest.mark.parametrize(
    ("text", "exit_code", "words"),
    [
        ("import package_of_nobody", 2, ["No module named 'package_of_nobody'", "pip install package-of-nobody"]),
        ("raise ValueError('not here')", 2, ["ValueError: not here", "users.py"]),
        ("sys.exit(5)", 2, ["sys.exit(5) was called"]),
        ("os._exit(9)", 4, ["could not start: exit code 9"]),
        ("Press = None", 2, ["there is no class `A`"]),
    ],
)
def test_code_that_fails_only_in_workers_is_told_and_starts_no_load(
    code: UserCode, text: str, exit_code: int, words: list[str]
) -> None:
    here = os.fspath(code.directory)
    file = code.write(f"""
if not __file__.startswith({here!r}):
    {text}
if Press:
    class A(Press):
        def press(self, row): pass
""")
    done = kilobar("run", file, *LOAD, env=code.env)
    assert done.exit_code == exit_code, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr


def test_what_code_prints_while_it_is_looked_at_is_not_shown_and_does_not_block(code: UserCode) -> None:
    text = """
print("y" * 50_000_000); print("z" * 50_000_000, file=sys.stderr)
os.fork()
[threading.Thread(target=time.sleep, args=(1000,)).start() for _ in range(50)]
class Loud(Press):
    def press(self, row): pass
"""
    done = code.run(text, *LOAD)
    all_went_well(done)
    assert "yyyy" not in done.stdout + done.stderr


def test_a_run_finds_its_files_again_after_one_that_deleted_them(code: UserCode) -> None:
    text = """
class Deletes(Press):
    def on_start(self):
        self.words = open("words.txt").read()
    def press(self, row):
        shutil.rmtree(os.getcwd(), ignore_errors=True)
"""
    (code.directory / "words.txt").write_text("one\n")
    for _ in range(2):
        done = code.run(text, "--users", "2", "--for", "100ms")
        assert done.ledger["ok"] > 0
        assert done.series("Deletes.on_start")["failed"] <= 1, "one worker may be quicker than the other"
    assert Path(code.directory, "words.txt").exists(), "user code runs in a copy"
