"""Runs inside of programs: what a program gets, what it notices, and what is left of a run when the program is gone."""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import kilobar
from kilobar.errors import InputError, KilobarError, ScenarioError
from kilobar.scenario import Rate, Scenario, get
from kilobar.target import TargetProcess

from .command import kilobar as command
from .peers import refusing_port
from .processes import children, is_alive, until

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
RATE = 10_000
TICK_MS = 5.0


def load_flows(target: TargetProcess, requests: int) -> None:
    until(lambda: target.stats()["requests"] >= requests, f"{requests} requests")


def no_more_come(target: TargetProcess) -> None:
    """Waits until the target has received nothing for twenty looks."""
    counts: list[int] = []

    def is_quiet() -> bool:
        counts.append(target.stats()["requests"])
        return len(counts) > 20 and counts[-1] == counts[-20]

    until(is_quiet, "end of the load")


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    found = [child for thread in Path(f"/proc/{pid}/task").glob("*") for child in children(pid, int(thread.name))]
    return found + [below for child in found for below in descendants(child)]


def test_a_run_gives_the_summary_that_the_command_line_writes(target: TargetProcess, json_file: Path) -> None:
    looks: list[kilobar.Live] = []
    summary = kilobar.run(
        f"{target.url}/bytes/100", rate=300, duration="2s", thresholds=["errors < 1%"], seed=7, json=json_file,
        on_interval=looks.append,
    )  # fmt: skip
    assert summary.ledger.ok == summary.ledger.planned == target.stats()["requests"] == 600
    assert summary.series[0].response_ms.p99 > 0
    assert [threshold.ok for threshold in summary.thresholds] == [True]
    assert kilobar.Summary.from_dict(json.loads(json_file.read_text())) == summary
    assert summary.environment["command"].startswith("kilobar.run('http://127.0.0.1")
    assert looks[0].phase == "starting"
    assert looks[-1].phase == "ended"
    assert any(look.latest is not None and look.latest.ok > 0 for look in looks)


def test_a_scenario_that_was_built_in_python_is_run_as_it_stands(target: TargetProcess) -> None:
    summary = kilobar.run(
        Scenario(
            name="built",
            target=target.url,
            steps=[get("/bytes/100", name="items")],
            load=[Rate(rate="100/s", for_="500ms")],
        )
    )
    assert summary.run.name == "built"
    assert summary.series["items"].count == summary.ledger.ok == 50


def test_two_runs_at_once_in_one_event_loop_do_not_know_each_other(target: TargetProcess) -> None:
    async def both() -> list[kilobar.Summary]:
        return await asyncio.gather(
            kilobar.run_async(f"{target.url}/bytes/100", rate=100, duration=1),
            kilobar.run_async(f"{target.url}/bytes/100", rate=50, duration=1),
        )

    first, second = asyncio.run(both())
    assert (first.ledger.ok, second.ledger.ok) == (100, 50)
    assert first.run.id != second.run.id


def test_a_run_in_a_thread_beside_a_running_event_loop_needs_no_signals(target: TargetProcess) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD)

    async def program() -> kilobar.Summary:
        return await asyncio.to_thread(kilobar.run, target.url, rate=50, duration=1)

    assert asyncio.run(program()).ledger.ok == 50
    assert before == (
        signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD),
    )  # fmt: skip


def test_a_sync_run_works_inside_of_a_running_loop_as_in_a_notebook(target: TargetProcess) -> None:
    async def cell() -> kilobar.Summary:
        return kilobar.run(target.url, rate=50, duration=1)

    assert asyncio.run(cell()).ledger.ok == 50


def test_a_run_can_be_scaled_and_stopped_while_it_is_looked_at(target: TargetProcess) -> None:
    async def program() -> kilobar.Summary:
        async with kilobar.start_async(target.url, rate=100, duration="1h") as running:
            running.scale(3)
            async for live in running:
                if live.so_far.ledger.ok > 300:
                    running.stop()
            return await running.summary()

    summary = asyncio.run(program())
    assert summary.run.state == "stopped"
    assert summary.ledger.ok == summary.ledger.planned == target.stats()["requests"]
    assert summary.events[0].text == "load changed by hand to 3 times the plan"


def test_cancelling_the_task_ends_the_run_and_all_its_processes(target: TargetProcess) -> None:
    processes: list[int] = []

    async def program() -> None:
        task = asyncio.create_task(kilobar.run_async(target.url, rate=100, duration="1h"))
        await asyncio.to_thread(load_flows, target, 50)
        processes.extend(pid for pid in descendants(os.getpid()) if pid != target.pid)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(program())
    assert len(processes) >= 2, "a controller and its workers"
    until(lambda: not any(map(is_alive, processes)), "end of all processes")
    no_more_come(target)


def test_leaving_in_the_middle_ends_the_run(target: TargetProcess) -> None:
    with kilobar.start(target.url, rate=100, duration="1h") as running:
        for live in running:
            if live.so_far.ledger.ok:
                break
    no_more_come(target)


def test_work_that_never_ends_does_not_keep_a_program_that_leaves(target: TargetProcess) -> None:
    with kilobar.start(f"{target.url}/fault/never", rate=20, duration="1h", grace="1h") as running:
        load_flows(target, 5)
        with pytest.raises(RuntimeError, match="once only"):
            running.__enter__()
    no_more_come(target)


@contextmanager
def program(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A program of somebody else; nothing of it is left."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


ENDLESS = "import sys, kilobar; kilobar.run(sys.argv[1], rate=100, duration='1h')"


def test_a_program_that_is_killed_leaves_no_process_behind(target: TargetProcess) -> None:
    with program(ENDLESS, target.url) as child:
        load_flows(target, 50)
        processes = descendants(child.pid)
        assert len(processes) >= 2
        child.kill()
        child.communicate()
    until(lambda: not any(map(is_alive, processes)), "end of all processes")
    no_more_come(target)


def test_ctrl_c_ends_the_run_and_raises_keyboard_interrupt(target: TargetProcess) -> None:
    with program(ENDLESS, target.url) as child:
        load_flows(target, 50)
        processes = descendants(child.pid)
        child.send_signal(signal.SIGINT)
        out, errors = child.communicate(timeout=60)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert out == ""
    until(lambda: not any(map(is_alive, processes)), "end of all processes")


def test_a_run_prints_nothing_at_all(target: TargetProcess, tmp_path: Path) -> None:
    quiet = tmp_path / "no_load.yaml"
    quiet.write_text(f"target: {target.url}\nsteps: [get: /bytes/100]\n")  # Without a load there is a warning.
    code = """if True:
        import sys, kilobar
        with kilobar.start(sys.argv[1], html=sys.argv[2]) as running:
            next(running)
            running.stop()
            running.summary()
    """
    with program(code, str(quiet), str(tmp_path / "report.html")) as child:
        assert child.communicate(timeout=60) == ("", "")
    assert child.returncode == 0
    assert "</html>" in (tmp_path / "report.html").read_text()


def test_a_bad_scenario_raises_what_the_command_line_prints(scenario: Callable[[str], Path]) -> None:
    path = scenario("target: http://127.0.0.1:1\nsteps:\n  - gett: /\nload: [{rate: fast, for: 1s}]\n")
    printed = command("run", path)
    assert printed.exit_code == 2
    with pytest.raises(ScenarioError) as caught:
        kilobar.run(path)
    assert str(caught.value) == printed.stderr.rstrip("\n")
    assert caught.value.diagnostics[0].place is not None
    assert caught.value.diagnostics[0].place.line == 3


def test_a_bad_option_raises_what_the_command_line_prints(target: TargetProcess) -> None:
    printed = command("run", target.url, "--rate", "12")
    with pytest.raises(InputError) as caught:
        asyncio.run(kilobar.run_async(target.url, rate="12"))
    assert str(caught.value) == printed.stderr.rstrip("\n")


def test_warnings_go_to_the_logger(target: TargetProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "no_load.yaml"
    path.write_text(f"target: {target.url}\nsteps: [get: /bytes/100]\n")
    with kilobar.start(path) as running:
        running.stop()
        running.summary()
    assert [record.name for record in caplog.records] == ["kilobar"]
    assert "warning[" in caplog.text


def test_failed_requests_are_a_summary_and_no_exception() -> None:
    with refusing_port() as port:
        summary = kilobar.run(f"http://127.0.0.1:{port}/", rate=20, duration="500ms", thresholds="errors < 1%")
    assert summary.verdict.outcome == "failed"
    assert summary.total.errors == {"refused": 10}


def test_a_report_that_cannot_be_written_at_the_end_does_not_lose_the_summary(
    target: TargetProcess, tmp_path: Path
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()

    def remove(live: kilobar.Live) -> None:
        if folder.is_dir():
            folder.rmdir()

    with pytest.raises(KilobarError, match="cannot write") as caught:
        kilobar.run(target.url, rate=50, duration=1, json=folder / "out.json", on_interval=remove)
    assert caught.value.code == "cannot-write"
    assert caught.value.summary.ledger.ok == 50  # type: ignore[attr-defined]


def test_what_a_program_does_too_slowly_does_not_slow_the_load(target: TargetProcess) -> None:
    entered = threading.Event()

    def dawdle(live: kilobar.Live) -> None:
        if not entered.is_set():
            entered.set()
            time.sleep(3)

    summary = kilobar.run(f"{target.url}/bytes/100", rate=200, duration=2, on_interval=dawdle)
    assert summary.ledger.ok == summary.ledger.started == 400


def test_the_example_runs_as_it_stands(target: TargetProcess) -> None:
    environment = {**os.environ, "TARGET_URL": target.url}
    done = subprocess.run(
        [sys.executable, EXAMPLES / "embedded.py"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert "600 of 600 iterations are ok" in done.stdout


@contextmanager
def served(*argv: str | Path) -> Iterator[str]:
    """The address of an application that is started with the port as its last argument."""
    with refusing_port() as port:
        pass
    child = subprocess.Popen([sys.executable, *argv, str(port)], stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            urllib.request.urlopen(url + "/openapi.json", timeout=5).close()
        except OSError:
            return False
        return True

    try:
        until(answers, "application")
        yield url
    finally:
        child.terminate()
        child.wait(30)


def ask(url: str, method: str = "GET", **parameters: object) -> Any:
    full = f"{url}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(urllib.request.Request(full, method=method), timeout=60) as answer:
        return answer.read().decode()


def test_the_fastapi_example_answers_with_a_summary_with_live_lines_and_with_the_words_of_an_error(
    target: TargetProcess,
) -> None:
    with served("-m", "uvicorn", "--app-dir", EXAMPLES, "fastapi_app:app", "--log-level", "warning", "--port") as url:
        summary = json.loads(ask(f"{url}/runs", "POST", scenario=f"{target.url}/bytes/100", rate="50/s", duration="1s"))
        assert summary["ledger"]["ok"] == 50
        lines = ask(f"{url}/runs/live", scenario=f"{target.url}/bytes/100", rate="50/s", duration="2s").splitlines()
        assert json.loads(lines[-1])["ok"] == 100
        assert len(lines) > 2
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(f"{url}/runs", "POST", scenario=target.url, rate="many")
        assert "bad-rate" in caught.value.read().decode()
        caught.value.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_application_goes_on_answering_while_its_run_sends_ten_thousand_requests_a_second(
    target: TargetProcess, scenario: Callable[[str], Path], scheme: str, record_testsuite_property: Any
) -> None:
    """Compared with the same load started by somebody else: that the machine is busy is not what is judged here."""
    origin = target.url if scheme == "http" else f"https://127.0.0.1:{target.https_port}"
    path = scenario(f"target: {origin}\ntls: {{ca_file: {target.ca_file}}}\nsteps: [get: /bytes/100]\n")
    with served(HERE / "lag_app.py") as url:
        quiet_ms = json.loads(ask(f"{url}/watch", seconds=1))
        other = threading.Thread(target=command, args=("run", path, "--rate", f"{RATE}/s", "--for", "5s"))
        other.start()
        load_flows(target, 1)
        beside_ms = json.loads(ask(f"{url}/watch", seconds=4))
        other.join()
        target.command("/_target/reset")
        found = json.loads(ask(f"{url}/run", "POST", scenario=path, rate=f"{RATE}/s", duration="8s"))
    ledger, lag_ms, ages_s = found["summary"]["ledger"], found["lag_ms"], found["ages_s"]
    for name, value in {"quiet": quiet_ms, "beside": beside_ms, "embedded": lag_ms, "oldest_s": max(ages_s)}.items():
        record_testsuite_property(f"{scheme}_{name}", value)
    assert ledger["planned"] == 8 * RATE
    assert ledger["ok"] <= target.stats()["requests"] <= ledger["started"] + ledger["lost"]
    assert lag_ms["p99"] <= 3 * beside_ms["p99"] + TICK_MS
    assert len(ages_s) >= 5
    assert statistics.median(ages_s) < 1.5, "looks are about the second that has just ended"
