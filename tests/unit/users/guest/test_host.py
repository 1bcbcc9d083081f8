import json
from collections.abc import Callable
from pathlib import Path

from kilobar.target import TargetProcess

from .engine import Engine

Write = Callable[..., Path]


def journal(path: Path) -> list[str]:
    return path.read_text().split("\n")[:-1] if path.exists() else []


def noting(text: str, path: Path) -> str:
    """A locustfile with a function `note` that writes a line into a file."""
    return f"""
from locust import User, HttpUser, TaskSet, task, constant, events
from locust.exception import StopUser, StopTest
import gevent
from gevent import sleep as pause
def note(*words):
    with open({str(path)!r}, "a") as journal:
        journal.write(" ".join(str(word) for word in words) + "\\n")
{text}
"""


def test_events_are_fired_in_the_order_of_locust(write: Write, tmp_path: Path) -> None:
    lines = tmp_path / "journal"
    path = write(
        noting(
            """
for name in ("init", "test_start", "spawning_complete", "test_stopping", "test_stop", "quitting", "quit"):
    getattr(events, name).add_listener(lambda name=name, **facts: note(name))
class Quiet(User):
    wait_time = constant(0.01)
    def on_start(self): note("on_start")
    def on_stop(self): note("on_stop")
    @task
    def work(self): note("task")
""",
            lines,
        )
    )
    code = {"source": {"kind": "locust", "file": str(path), "ramps": [[0, 1]]}, "classes": [{"name": "Quiet"}]}
    with Engine(code) as engine:
        engine.arrive(1)
        engine.wait_for("ended", 3)
        engine.wait(lambda: "spawning_complete" in journal(lines))
        engine.order("leave", 0)
        engine.wait_for("left")
        engine.close()
    order = [line for line in journal(lines) if line not in ("task", "spawning_complete")]
    assert order == ["init", "test_start", "on_start", "test_stopping", "on_stop", "test_stop", "quitting", "quit"]


def test_listeners_of_quitting_are_called_in_reverse(write: Write, tmp_path: Path) -> None:
    lines = tmp_path / "journal"
    text = """
events.quitting.add_listener(lambda **facts: note("first"))
events.quitting.add_listener(lambda **facts: note("second"))
class Quiet(User):
    @task
    def work(self): pause(1)
"""
    with Engine.of(write(noting(text, lines))) as engine:
        engine.wait_for("code_loaded")
        engine.close()
    assert journal(lines) == ["second", "first"]


def test_a_user_that_is_told_to_leave_finishes_its_task(write: Write, tmp_path: Path) -> None:
    text = """
class Slow(User):
    @task
    def work(self):
        note("begins")
        pause(0.3)
        note("ends")
"""
    lines = tmp_path / "journal"
    with Engine.of(write(noting(text, lines))) as engine:
        engine.arrive(1)
        engine.wait_for("began")
        engine.order("leave", 0)
        engine.wait_for("left")
        assert engine.said("left") == [[0, False]]
        assert [word[0] for word in engine.words[1:]] == ["began", "ended", "left"]
    assert journal(lines) == ["begins", "ends"]


def test_a_user_that_waits_leaves_at_once(write: Write, tmp_path: Path) -> None:
    text = """
class Waiting(User):
    wait_time = constant(1000)
    def on_stop(self): note("stopped")
    @task
    def work(self): pass
"""
    lines = tmp_path / "journal"
    with Engine.of(write(noting(text, lines))) as engine:
        engine.arrive(2)
        engine.wait_for("ended", 2)
        engine.order("leave", 1)
        assert engine.wait_for("left") == [[1, False]]
    assert journal(lines) == ["stopped"]


def test_a_user_whose_start_fails_is_seen_and_replaced(write: Write, tmp_path: Path) -> None:
    text = """
class Broken(User):
    def on_start(self): raise KeyError("no account")
    @task
    def work(self): pass
"""
    with Engine.of(write(noting(text, tmp_path / "journal"))) as engine:
        engine.arrive(1)
        assert engine.wait_for("left") == [[0, False]]
        [[_, _, _, message]] = engine.said("ended")
        assert message.startswith("KeyError: 'no account' (locustfile.py:")


def test_a_user_that_cannot_be_made_is_seen_and_replaced(write: Write, tmp_path: Path) -> None:
    text = """
class Broken(User):
    def __init__(self, environment): raise RuntimeError("no licence")
    @task
    def work(self): pass
"""
    with Engine.of(write(noting(text, tmp_path / "journal"))) as engine:
        engine.arrive(1)
        assert engine.wait_for("left") == [[0, False]]
        assert engine.said("ended")[0][3].startswith("RuntimeError: no licence")


def test_a_user_that_stops_itself_leaves_for_good(write: Write, tmp_path: Path) -> None:
    text = """
class Once(User):
    def on_stop(self): note("stopped")
    @task
    def work(self): raise StopUser()
"""
    lines = tmp_path / "journal"
    with Engine.of(write(noting(text, lines))) as engine:
        engine.arrive(1)
        assert engine.wait_for("left") == [[0, True]]
        assert engine.said("ended")[0][3] is None
    assert journal(lines) == ["stopped"]


def test_an_exit_in_a_task_fails_the_iteration_and_nothing_else(write: Write, tmp_path: Path) -> None:
    text = """
import sys
class Leaving(User):
    wait_time = constant(0.01)
    @task
    def work(self): sys.exit("enough")
"""
    with Engine.of(write(noting(text, tmp_path / "journal"))) as engine:
        engine.arrive(1)
        for _, _, _, message in engine.wait_for("ended", 3):
            assert message.startswith("sys.exit('enough') was called (locustfile.py:")
        assert engine.said("left") == []


def test_an_exit_in_a_greenlet_of_a_user_ends_that_greenlet_only(write: Write, tmp_path: Path) -> None:
    text = """
import sys
class Spawning(User):
    wait_time = constant(0.01)
    @task
    def work(self): gevent.spawn(sys.exit, 3).join()
"""
    with Engine.of(write(noting(text, tmp_path / "journal"))) as engine:
        engine.arrive(1)
        engine.wait_for("ended", 3)


def test_a_child_of_a_fork_leaves_the_books_alone(write: Write, tmp_path: Path) -> None:
    text = """
import os
class Forking(User):
    wait_time = constant(0.05)
    @task
    def work(self):
        if os.fork():
            os.wait()
"""
    with Engine.of(write(noting(text, tmp_path / "journal"))) as engine:
        engine.arrive(1)
        engine.wait_for("ended", 3)
        assert len(engine.said("began")) - len(engine.said("ended")) in (0, 1)


def test_a_test_can_be_stopped_from_a_task_once(write: Write, tmp_path: Path) -> None:
    text = """
class Judge(User):
    @task
    def work(self): raise StopTest("the cart is lost")
"""
    with Engine.of(write(noting(text, tmp_path / "journal"))) as engine:
        engine.arrive(2)
        engine.wait_for("left", 2)
        assert engine.said("stop_run") == [["Judge raised StopTest: the cart is lost"]]


def test_a_missing_host_that_only_a_run_can_notice_stops_it(write: Write, tmp_path: Path) -> None:
    text = """
class Late(HttpUser):
    def __init__(self, environment): super().__init__(environment)
    @task
    def work(self): pass
"""
    with Engine.of(write(noting(text, tmp_path / "journal"))) as engine:
        engine.arrive(1)
        assert "You must specify the base host" in engine.wait_for("stop_run")[0][0]


def test_new_users_are_of_the_classes_that_a_shape_wants_at_that_time(write: Write) -> None:
    path = write("""
        from locust import User, task, constant
        class A(User):
            wait_time = constant(9)
            @task
            def work(self): self.environment.events.request.fire(request_type="own", name="a", response_time=1)
        class B(User):
            wait_time = constant(9)
            @task
            def work(self): self.environment.events.request.fire(request_type="own", name="b", response_time=1)
        """)
    with Engine.of(path, source={"classes_over_time": [[0, [1]]]}) as engine:
        engine.arrive(2, class_index=0)
        assert [step[1] for step in engine.wait_for("count_step", 2)] == ["own b", "own b"]
        assert len(engine.said("began")) == 2


def test_parsed_options_and_tags_reach_the_users(write: Write, tmp_path: Path) -> None:
    lines = tmp_path / "journal"
    text = """
from locust import tag
@events.init_command_line_parser.add_listener
def add(parser): parser.add_argument("--tenant", default="acme")
class Tagged(User):
    wait_time = constant(9)
    @tag("buy")
    @task
    def buy(self): note("buy", self.environment.parsed_options.tenant)
    @tag("look")
    @task
    def look(self): note("look")
"""
    options = {"arguments": ["--tenant", "globex"], "tags": ["buy"]}
    with Engine.of(write(noting(text, lines)), options) as engine:
        engine.arrive(4)
        engine.wait_for("ended", 4)
    assert journal(lines) == ["buy globex"] * 4


def test_pytest_style_files_are_run_by_locusts_own_users(write: Write, target: TargetProcess) -> None:
    path = write("def test_root(session):\n    session.get('/')\n", name="test_shop.py")
    with Engine.of(path, {"host": target.url}) as engine:
        engine.arrive(1)
        assert engine.wait_for("count_step", 3)[0][1] == "GET /"
        assert len(engine.wait_for("ended", 2)) >= 2


def test_the_process_says_nothing_that_is_not_json(write: Write, target: TargetProcess) -> None:
    path = write("""
        from locust import HttpUser, task
        class Loud(HttpUser):
            @task
            def work(self):
                print("x" * 10_000)
                self.client.get("/")
        """)
    with Engine.of(path, {"host": target.url}) as engine:
        engine.arrive(1)
        assert json.dumps(engine.wait_for("count_step", 20))
