import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kilobar.embedding.controller import Commands, Words, check
from kilobar.embedding.job import Job
from kilobar.errors import ScenarioError
from kilobar.scenario import Rate, Scenario, get


class Orders:
    """A run that only remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def stop(self) -> None:
        self.told.append("stop")

    def scale(self, factor: float) -> None:
        self.told.append(factor)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_fd, write_fd = os.pipe()
    yield read_fd, write_fd
    for fd in (read_fd, write_fd):
        try:
            os.close(fd)
        except OSError:
            continue


def commands(orders: Orders, fd: int, program_pid: int | None = None, grace_s: float = 3600.0) -> Commands:
    return Commands(orders, fd, program_pid or os.getppid(), grace_s)  # type: ignore[arg-type]


def test_orders_are_obeyed_however_they_were_cut(pipe: tuple[int, int]) -> None:
    orders = Orders()
    heard = commands(orders, pipe[0])
    read = heard.inputs()[pipe[0]]
    for part in (b'{"do": "sca', b'le", "factor": 2.0}\n{"do": "stop"}\n'):
        os.write(pipe[1], part)
        assert read()
    heard.close()
    assert orders.told == [2.0, "stop"]


def test_a_run_that_is_stopped_again_and_again_is_not_aborted(pipe: tuple[int, int]) -> None:
    orders = Orders()
    heard = commands(orders, pipe[0])
    os.write(pipe[1], b'{"do": "stop"}\n' * 3)
    heard.inputs()[pipe[0]]()
    assert orders.told == ["stop"]
    os.write(pipe[1], b'{"do": "abort"}\n' * 2)
    heard.inputs()[pipe[0]]()
    heard.close()
    assert orders.told == ["stop", "stop"]


def test_the_end_of_the_stream_stops_the_run_once_and_is_no_longer_watched(pipe: tuple[int, int]) -> None:
    orders = Orders()
    heard = commands(orders, pipe[0])
    os.write(pipe[1], b'{"do": "leave"}\n')
    os.close(pipe[1])
    assert heard.inputs()[pipe[0]]()
    assert not heard.inputs()[pipe[0]]()
    heard.close()
    assert orders.told == ["stop"]


def test_after_a_moment_work_in_flight_is_ended_too(pipe: tuple[int, int]) -> None:
    orders = Orders()
    heard = commands(orders, pipe[0], grace_s=0.0)
    os.write(pipe[1], b'{"do": "leave"}\n')
    inputs = heard.inputs()
    inputs[pipe[0]]()
    hurry_fd = next(fd for fd in inputs if fd != pipe[0])
    assert os.eventfd_read(hurry_fd) == 1
    assert not inputs[hurry_fd]()
    heard.close()
    assert orders.told == ["stop", "stop"]


def test_a_program_that_is_gone_already_wants_no_run(pipe: tuple[int, int]) -> None:
    orders = Orders()
    heard = commands(orders, pipe[0], program_pid=os.getpid())
    heard.close()
    assert orders.told == ["stop"]


def test_words_arrive_in_order_and_all_before_the_end(pipe: tuple[int, int]) -> None:
    words = Words(pipe[1])
    for number in range(5):
        words.tell({"is": number})
    words.close()
    with open(pipe[0], closefd=False) as stream:
        assert [json.loads(text)["is"] for text in stream] == [0, 1, 2, 3, 4]


def test_words_to_nobody_do_not_keep_the_run(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    words = Words(pipe[1])
    for number in range(50):
        words.tell({"is": number})
    words.close()


def test_a_file_is_checked_as_the_command_line_does_it(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("target: http://127.0.0.1:1\nsteps: [get: /]\n")
    plan = check(Job.of(file, {"rate": 5, "duration": 2, "thresholds": "p99 < 1s"})).require()
    assert plan.duration_ns == 2_000_000_000
    assert plan.thresholds == ("p99 < 1s",)


def test_a_document_is_checked_with_the_options_of_the_call() -> None:
    scenario = Scenario(name="shop", target="http://127.0.0.1:1", steps=[get("/")], load=[Rate(rate="1/s", for_="1s")])
    assert check(Job.of(scenario, {"seed": 9})).require().seed == 9
    with pytest.raises(ScenarioError, match=r"scenario\.yaml:\d+:\d+: error"):
        check(Job.of(Scenario(target="http://127.0.0.1:1", steps=[get("/${nothing}")]), {})).require()
