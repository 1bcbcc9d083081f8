import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from kilobar import _native
ends = os.open(sys.argv[1], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
_native.end_turn = lambda *told: os.write(ends, f"{told[0]} {told[3]};".encode())
from kilobar import Press
from kilobar.users.classes import PressRole
WAY
"""

THREADS = """
orders = iter([("turn", 7, 1, 0, 1, 0, 0), ("turn", 7, 2, 0, 1, 0, 0), ("gone", 7)])
_native.next_order = lambda mailbox: next(orders)
from kilobar.users.threads import live
class Forks(Press):
    def press(self, row):
        if (child := os.fork()) == 0:
            CHILD
        elif os.waitpid(child, 0)[1]:
            raise ValueError("the child has not ended well")
from kilobar.users.watchdog import TurnUnderWay
live(7, PressRole(Forks), TurnUnderWay(10**10))
"""

LOADING = """
_native.next_code = lambda: '{"classes": []}'
_native.code_loaded = lambda problem: os.write(ends, f"{problem};".encode())
_native.closed = lambda: os.write(ends, b"closed;")
fd = os.eventfd(1)
_native.orders_fd = lambda: fd
_native.take_orders = lambda: [("close",)]
class Cast:
    roles = ()
    def close(self): ...
def load(code):
    if (child := os.fork()) == 0:
        CHILD
    elif os.waitpid(child, 0)[1]:
        raise ValueError("the child has not ended well")
    return Cast()
from kilobar.users.serve import serve
serve(load)
"""

ASYNC = """
fd = os.eventfd(0)
os.eventfd_write(fd, 1)
orders = iter([[("turn", 7, 1, 0, 1, 0, 0), ("turn", 8, 2, 0, 1, 0, 0)], [("close",)]])
_native.orders_fd = lambda: fd
_native.take_orders = lambda: next(orders)
from kilobar.users.event_loop import EventLoopHost
class Nobody:
    def __init__(self, loop): ...
    def arrived(self, order): ...
class Forks(Press):
    async def press(self, row):
        if (child := os.fork()) == 0:
            CHILD
        elif os.waitpid(child, 0)[1]:
            raise ValueError("the child has not ended well")
from kilobar.users.watchdog import Watchdog
EventLoopHost([PressRole(Forks)], Nobody, None, limit_ns=10**10, watchdog=Watchdog()).run()
"""


CHILDREN = ["return", "sys.exit(0)", "raise ValueError", "1 / 0"]


def said(way: str, child: str, tmp_path: object) -> str:
    """What a process with this program has said to the engine, it and its child."""
    ends = f"{tmp_path}/ends"
    program = PROGRAM.replace("WAY", way).replace("CHILD", child)
    subprocess.run([sys.executable, "-c", program, ends], check=True, timeout=60)
    with open(ends) as file:
        return file.read()


@pytest.mark.parametrize("child", CHILDREN)
def test_a_child_that_is_forked_while_code_is_loaded_says_nothing(child: str, tmp_path: object) -> None:
    assert said(LOADING, child, tmp_path) == "None;closed;"


@pytest.mark.parametrize("child", CHILDREN)
@pytest.mark.parametrize("way", [THREADS, ASYNC], ids=["threads", "async"])
def test_a_forked_child_that_comes_back_takes_no_part_in_the_run(way: str, child: str, tmp_path: object) -> None:
    assert said(way, child, tmp_path) == "1 0;2 0;"
