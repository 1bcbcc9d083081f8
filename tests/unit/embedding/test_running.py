"""What a program does with a run, with a small process in the place of the controller."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kilobar.embedding import process
from kilobar.embedding.job import Job
from kilobar.embedding.running import MAX_UNSEEN, AsyncRunning, Running
from kilobar.errors import InputError, KilobarError

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "reports" / "passed.json").read_text(encoding="utf-8"))
LIVE = {"phase": "running", "elapsed_s": 0.0, "load_s": 9.0, "grace_left_s": None, "scale": 1.0, "workers_alive": 1,
        "so_far": GOLDEN, "latest": None}  # fmt: skip
JOB = Job.of("http://127.0.0.1:1/", {})

BEGIN = f"""
import json, os, sys
def say(word): os.write(int(sys.argv[1]), json.dumps(word).encode() + b"\\n")
def look(at_s): say({{"is": "live", "live": {{**{LIVE!r}, "elapsed_s": at_s}}}})
def end(name): say({{"is": "summary", "summary": {{**{GOLDEN!r}, "run": {{**{GOLDEN!r}["run"], "name": name}}}}}})
"""
THREE_LOOKS = "[look(at) for at in (1.0, 2.0, 3.0)]; end('three')"
UNTIL_TOLD = "look(1.0); end(sys.stdin.readline().strip())"
CRASH = "look(1.0); sys.exit('boom')"


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Decides what the run's process does."""

    def be(code: str) -> None:
        class Process(process.RunProcess):
            def __init__(self, job: Job, hear: process.Hear) -> None:
                super().__init__(job, hear, lambda job_fd, fd: [sys.executable, "-c", BEGIN + code, str(fd)])

        monkeypatch.setattr("kilobar.embedding.running.RunProcess", Process)

    return be


def test_looks_come_one_after_the_other_and_then_the_summary(controller: Callable[[str], None]) -> None:
    controller(THREE_LOOKS)
    with Running(JOB) as running:
        assert [live.elapsed_s for live in running] == [1.0, 2.0, 3.0]
        assert running.summary().run.name == "three"


def test_the_summary_can_be_had_without_a_look(controller: Callable[[str], None]) -> None:
    controller(THREE_LOOKS)
    with Running(JOB) as running:
        assert running.summary().run.name == "three"


def test_an_event_loop_gets_the_same(controller: Callable[[str], None]) -> None:
    controller(THREE_LOOKS)

    async def program() -> Any:
        async with AsyncRunning(JOB) as running:
            looks = [live.elapsed_s async for live in running]
            return looks, (await running.summary()).run.name, (await running.summary()).run.name

    assert asyncio.run(program()) == ([1.0, 2.0, 3.0], "three", "three")


def test_orders_reach_the_run(controller: Callable[[str], None]) -> None:
    controller(UNTIL_TOLD)
    with Running(JOB) as running:
        next(running)
        running.scale(2.5)
        assert json.loads(running.summary().run.name) == {"do": "scale", "factor": 2.5}
        running.stop()  # it has ended: no error


def test_orders_may_be_given_before_the_process_is_there(controller: Callable[[str], None]) -> None:
    controller(UNTIL_TOLD)

    async def program() -> str:
        async with AsyncRunning(JOB) as running:
            running.stop()
            return (await running.summary()).run.name

    assert json.loads(asyncio.run(program())) == {"do": "stop"}


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf"), True])
def test_a_load_cannot_be_multiplied_by_nonsense(controller: Callable[[str], None], factor: float) -> None:
    controller(THREE_LOOKS)
    with Running(JOB) as running, pytest.raises(InputError, match="cannot be multiplied"):
        running.scale(factor)


def test_what_went_wrong_is_raised_where_the_program_looks_and_where_it_waits(
    controller: Callable[[str], None],
) -> None:
    controller(CRASH)
    with Running(JOB) as running:
        assert next(running).elapsed_s == 1.0
        with pytest.raises(KilobarError, match="boom"):
            next(running)
        with pytest.raises(KilobarError, match="boom"):
            running.summary()


def test_what_went_wrong_is_raised_in_an_event_loop_too(controller: Callable[[str], None]) -> None:
    controller(CRASH)

    async def program() -> None:
        async with AsyncRunning(JOB) as running:
            async for _ in running:
                pass

    with pytest.raises(KilobarError, match="boom"):
        asyncio.run(program())


def test_leaving_early_tells_the_process(controller: Callable[[str], None]) -> None:
    controller("look(1.0); sys.stdin.read()")
    with Running(JOB) as running:
        next(running)
    with pytest.raises(KilobarError, match="without a result"):
        running.summary()


def test_a_cancelled_task_has_ended_its_process_when_it_ends(controller: Callable[[str], None]) -> None:
    controller("look(1.0); sys.stdin.read()")

    async def program() -> bool:
        looked = asyncio.Event()
        running = AsyncRunning(JOB)

        async def watch() -> None:
            async with running:
                async for _ in running:
                    looked.set()

        task = asyncio.create_task(watch())
        await looked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return running._ended is not None

    assert asyncio.run(program())


def test_only_the_newest_looks_are_kept_for_a_program_that_does_not_look(controller: Callable[[str], None]) -> None:
    controller(f"[look(float(at)) for at in range({MAX_UNSEEN + 5})]; end('long')")
    with Running(JOB) as running:
        running.summary()
        looks = [live.elapsed_s for live in running]
    assert (looks[0], looks[-1], len(looks)) == (5.0, MAX_UNSEEN + 4.0, MAX_UNSEEN)


def test_a_run_that_was_not_entered_says_how_to(controller: Callable[[str], None]) -> None:
    controller(THREE_LOOKS)
    with pytest.raises(RuntimeError, match="use `with`"):
        Running(JOB).stop()
    with pytest.raises(RuntimeError, match="use `with`"):
        next(Running(JOB))
