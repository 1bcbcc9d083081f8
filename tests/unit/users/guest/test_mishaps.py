from collections.abc import Callable
from pathlib import Path

from .engine import Engine

Write = Callable[..., Path]
NAME, KIND, ERROR, MESSAGE = 1, 2, 8, 9


def test_a_listener_that_raises_every_time_is_told_once(write: Write) -> None:
    path = write("""
        from locust import User, constant, events, task
        @events.request.add_listener
        def broken(**facts): raise ValueError("a mistake")
        class Own(User):
            wait_time = constant(0.01)
            @task
            def work(self): self.environment.events.request.fire(request_type="X", name="x", response_time=1)
        """)
    with Engine.of(path) as engine:
        engine.arrive(1)
        steps = engine.wait_for("count_step", 6)
    told = [step for step in steps if step[NAME] != "X x"]
    assert [(step[NAME], step[KIND], step[ERROR]) for step in told] == [("outside of tasks", "listener", "script")]
    assert told[0][MESSAGE].startswith("an event listener failed: ValueError: a mistake\nTraceback")
    assert "locustfile.py" in told[0][MESSAGE]


def test_a_greenlet_that_dies_is_told_and_that_of_a_user_is_not(write: Write) -> None:
    path = write("""
        import gevent
        from locust import User, constant, events, task
        @events.test_start.add_listener
        def spawn(**facts): gevent.spawn(watch)
        def watch(): raise LookupError("nothing to watch")
        class Own(User):
            wait_time = constant(9)
            def on_start(self): raise RuntimeError("no login")
            @task
            def work(self): pass
        """)
    with Engine.of(path) as engine:
        engine.arrive(1)
        engine.wait_for("left")
        (step,) = engine.wait_for("count_step")
        (ended,) = engine.said("ended")
    assert step[MESSAGE].startswith("the greenlet watch failed: LookupError: nothing to watch (locustfile.py:")
    assert ended[-1].startswith("RuntimeError: no login")
