from collections.abc import Callable
from pathlib import Path

from kilobar.target import TargetProcess

from .engine import Engine

Write = Callable[..., Path]
SIMPLE = """
from locust import HttpUser, task, constant
class Buyer(HttpUser):
    wait_time = constant(0.01)
    @task
    def buy(self):
        self.client.get("/")
"""


def code_of(path: Path) -> dict[str, object]:
    return {"source": {"kind": "locust", "file": str(path)}, "classes": [{"name": "Buyer"}]}


def problem_of(path: Path) -> str:
    with Engine(code_of(path)) as engine:
        [[problem]] = engine.wait_for("code_loaded")
        assert engine.process.wait(20) == 0
        return str(problem)


def test_a_session_from_arrival_to_close(write: Write, target: TargetProcess) -> None:
    with Engine.of(write(SIMPLE), {"host": target.url}) as engine:
        assert engine.wait_for("code_loaded") == [[None]]
        engine.arrive(3)
        engine.wait_for("ended", 30)
        engine.close()
        assert engine.process.wait(20) == 0
        assert sorted(user for user, _ in engine.said("left")) == [0, 1, 2]
        assert engine.words[-1] == ["closed"]
        assert engine.said("ended")[0][0] == 0
        assert engine.said("ended")[0][3] is None
        assert len(engine.said("count_step")) >= 30


def test_what_is_wrong_with_the_file_is_the_answer_to_the_plan(write: Write) -> None:
    assert "ZeroDivisionError" in problem_of(write("1 / 0"))
    assert "sys.exit(1) was called" in problem_of(write("import sys\nsys.exit(1)"))
    assert "'no_such_package', which is not installed" in problem_of(write("import no_such_package"))
    assert "has no user class Buyer any more" in problem_of(write(SIMPLE.replace("Buyer", "Seller")))


def test_an_exit_in_a_listener_of_the_start_is_the_answer_too(write: Write) -> None:
    text = (
        SIMPLE + "from locust import events\n@events.test_start.add_listener\ndef no(**kw):\n    raise SystemExit(5)\n"
    )
    assert problem_of(write(text)).startswith("sys.exit(5) was called (locustfile.py:")


def test_files_are_found_relative_to_the_bundle(write: Write, target: TargetProcess, tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text("/status/201\n")
    path = write(SIMPLE.replace('"/"', "PATH") + '\nPATH = open("rows.txt").read().strip()\n')
    code = code_of(path) | {"source": {"kind": "locust", "file": path.name, "bundle": str(tmp_path)}}
    code["source"]["options"] = {"host": target.url}  # type: ignore[index]
    with Engine(code) as engine:
        engine.arrive(1)
        assert engine.wait_for("count_step")[0][1] == "GET /status/201"
