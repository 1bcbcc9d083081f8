from collections.abc import Callable
from pathlib import Path

from .engine import Engine

Write = Callable[..., Path]
HEAD = """
from locust import User, TaskSet, SequentialTaskSet, MarkovTaskSet, task, transition, constant, events
from locust.exception import RescheduleTask, RescheduleTaskImmediately
import gevent
from gevent import sleep as pause
def step(user, name, exception=None):
    user.environment.events.request.fire(request_type="own", name=name, response_time=1, exception=exception)
"""


def run(path: Path, count: int = 6) -> Engine:
    """The words of one user up to its `count`-th iteration."""
    with Engine.of(path) as engine:
        engine.arrive(1)
        engine.wait_for("ended", count)
        return engine


def names(engine: Engine) -> list[str]:
    return [step[1].removeprefix("own ") for step in engine.said("count_step")]


def is_paired(engine: Engine) -> bool:
    """Whether iterations of one user never overlap."""
    kinds = [word[0] for word in engine.words if word[0] in ("began", "ended")]
    return kinds == ["began", "ended"] * (len(kinds) // 2) + ["began"] * (len(kinds) % 2)


def test_tasks_of_nested_task_sets_are_iterations_and_the_sets_are_not(write: Write) -> None:
    engine = run(
        write(
            HEAD
            + """
class Shop(User):
    @task
    class Browse(SequentialTaskSet):
        @task
        def first(self): step(self.user, "first")
        @task
        class Deeper(TaskSet):
            @task
            def inner(self):
                step(self.user, "inner")
                self.interrupt()
        @task
        def last(self):
            step(self.user, "last")
            self.interrupt(reschedule=False)
"""
        )
    )
    assert names(engine)[:6] == ["first", "inner", "last"] * 2
    assert is_paired(engine)
    assert all(message is None for *_, message in engine.said("ended"))


def test_a_markov_chain_is_walked(write: Write) -> None:
    engine = run(
        write(
            HEAD
            + """
class Shop(User):
    @task
    class Chain(MarkovTaskSet):
        @transition("two")
        def one(self): step(self.user, "one")
        @transition("one")
        def two(self): step(self.user, "two")
"""
        )
    )
    assert names(engine)[:4] == ["one", "two", "one", "two"]
    assert is_paired(engine)


def test_a_task_that_raises_fails_its_iteration_with_words_and_place(write: Write) -> None:
    engine = run(write(HEAD + 'class Bad(User):\n    @task\n    def work(self): {}["cart"]\n'), 2)
    for flow, began_ns, ended_ns, message in engine.said("ended"):
        assert (flow, message.split("\n")[0]) == (0, "KeyError: 'cart' (locustfile.py:10 in work)")
        assert 0 < began_ns <= ended_ns


def test_a_failed_request_fails_its_iteration_and_not_the_next(write: Write) -> None:
    engine = run(
        write(
            HEAD
            + """
class Mixed(User):
    @task
    class Turns(SequentialTaskSet):
        @task
        def bad(self):
            step(self.user, "one", exception="no cart")
            step(self.user, "two", exception="no money")
        @task
        def good(self): step(self.user, "three")
"""
        ),
        4,
    )
    assert [message for *_, message in engine.said("ended")][:4] == ["one: no cart", None] * 2


def test_rescheduling_is_no_failure(write: Write) -> None:
    text = "class Again(User):\n    @task\n    def work(self): raise {}()\n"
    for wish in ("RescheduleTask", "RescheduleTaskImmediately"):
        engine = run(write(HEAD + text.replace("{}", wish) + "    wait_time = constant(0.01)\n"), 3)
        assert all(message is None for *_, message in engine.said("ended"))


def test_what_plugins_do_in_execute_task_stays_inside_of_the_iteration(write: Write) -> None:
    engine = run(
        write(
            HEAD
            + """
from locust.user.task import DefaultTaskSet
genuine = DefaultTaskSet.execute_task
def wrapped(self, task):
    step(self.user, "before")
    genuine(self, task)
DefaultTaskSet.execute_task = wrapped
class Plugged(User):
    @task
    def work(self): step(self, "work")
"""
        ),
        2,
    )
    assert names(engine)[:4] == ["before", "work"] * 2
    assert [word[0] for word in engine.words[1:5]] == ["began", "count_step", "count_step", "ended"]


def test_a_task_set_with_its_own_way_to_execute_the_next_task_is_watched(write: Write) -> None:
    engine = run(
        write(
            HEAD
            + """
class Own(TaskSet):
    def execute_next_task(self):
        self._task_queue.popleft()
        step(self.user, "own")
    @task
    def work(self): pass
class Strange(User):
    tasks = [Own]
"""
        ),
        2,
    )
    assert names(engine)[:2] == ["own", "own"]
    assert is_paired(engine)


def test_requests_of_greenlets_that_a_task_spawns_belong_to_its_user(write: Write) -> None:
    path = write(
        HEAD
        + """
class Zero(User):
    @task
    def idle(self): pause(1)
class Parallel(User):
    @task
    def work(self):
        gevent.joinall([gevent.spawn(step, self, "part", "broken") for _ in range(3)])
"""
    )
    with Engine.of(path) as engine:
        engine.arrive(1, class_index=1)
        [flow, *_, message] = engine.wait_for("ended")[0]
        assert (flow, message) == (1, "part: broken")
        assert [word[0] for word in engine.said("count_step")[:3]] == [1, 1, 1]


def test_time_of_one_user_passes_while_another_sleeps(write: Write) -> None:
    text = """
from time import sleep as pause
class Sleepy(User):
    @task
    def work(self): pause(0.2)
"""
    with Engine.of(write(HEAD + text)) as engine:
        engine.arrive(50)
        ended = engine.wait_for("ended", 50)
        assert max(began for _, began, _, _ in ended[:50]) < min(end for _, _, end, _ in ended[:50])
