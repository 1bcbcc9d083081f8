"""The thread that listens to a run's process, with small programs in the place of the controller."""

import json
import logging
import queue
import sys
from pathlib import Path
from typing import Any

import pytest

from kilobar.embedding import process
from kilobar.embedding.job import Job
from kilobar.embedding.process import Ended, RunProcess, UnwrittenReportError
from kilobar.errors import FleetError, InputError, KilobarError
from kilobar.model.live import Live
from kilobar.model.summary import Summary

GOLDEN = Path(__file__).parents[2] / "golden" / "reports" / "passed.json"
JOB = Job.of("http://127.0.0.1:1/", {"rate": "5/s"})

SAY = """
import json, os, sys
def say(*words): os.write(int(sys.argv[2]), b"".join(json.dumps(word).encode() + b"\\n" for word in words))
"""


def summary() -> dict[str, Any]:
    return dict(json.loads(GOLDEN.read_text(encoding="utf-8")))


class Heard:
    """What a process said, in order."""

    def __init__(self, code: str) -> None:
        self.news: queue.SimpleQueue[Live | Ended] = queue.SimpleQueue()
        argv = lambda job_fd, words_fd: [sys.executable, "-c", SAY + code, str(job_fd), str(words_fd)]  # noqa: E731
        self.process = RunProcess(JOB, self.news.put, argv)

    def all(self) -> list[Live | Ended]:
        self.process.join(30)
        return [self.news.get_nowait() for _ in range(self.news.qsize())]

    def result(self) -> Summary | KilobarError:
        last = self.all()[-1]
        assert isinstance(last, Ended)
        return last.result


def test_the_job_is_there_for_the_process_and_its_summary_is_heard() -> None:
    code = f"job = json.load(open(int(sys.argv[1]))); s = {summary()!r}; s['run']['name'] = job['scenario']"
    result = Heard(f"{code}; say({{'is': 'summary', 'summary': s}})").result()
    assert isinstance(result, Summary)
    assert result.run.name == JOB.scenario


def test_looks_come_before_the_end_however_their_bytes_were_cut() -> None:
    live = {"phase": "running", "elapsed_s": 1.0, "load_s": 9.0, "grace_left_s": None, "scale": 1.0,
            "workers_alive": 1, "so_far": summary(), "latest": None}  # fmt: skip
    code = f"""
data = json.dumps({{'is': 'live', 'live': {live!r}}}).encode() + b'\\n'
for at in range(0, len(data), 1000): os.write(int(sys.argv[2]), data[at:at + 1000])
say({{'is': 'live', 'live': {live!r}}}, {{'is': 'summary', 'summary': {summary()!r}}})"""
    heard = Heard(code).all()
    assert [type(news) for news in heard] == [Live, Live, Ended]


def test_an_error_is_the_result() -> None:
    error = {"kinds": ["InputError"], "message": "no such file", "code": "bad-input", "hint": None}
    result = Heard(f"say({{'is': 'error', 'error': {error!r}}})").result()
    assert isinstance(result, InputError)


def test_an_error_after_the_summary_keeps_it() -> None:
    error = {"kinds": ["OutputError"], "message": "cannot write x", "code": "cannot-write", "hint": None}
    code = f"say({{'is': 'summary', 'summary': {summary()!r}}}, {{'is': 'error', 'error': {error!r}}})"
    result = Heard(code).result()
    assert isinstance(result, UnwrittenReportError)
    assert result.summary.ledger.ok == 12_500


def test_a_warning_goes_to_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    diagnostic = {"code": "no-load", "message": "no load", "hint": None, "severity": "warning", "place": None}
    with caplog.at_level(logging.WARNING, "kilobar"):
        Heard(f"say({{'is': 'warning', 'diagnostic': {diagnostic!r}}})").result()
    assert caplog.messages == ["warning[no-load]: no load"]


def test_a_process_that_crashes_is_told_with_the_tail_of_what_it_wrote() -> None:
    result = Heard("sys.stderr.write('x' * 100_000 + '\\nBoom: it broke'); sys.exit(7)").result()
    assert isinstance(result, KilobarError)
    assert "ended without a result: exit code 7" in result.message
    assert result.message.endswith("Boom: it broke")
    assert len(result.message) < 10_000


def test_a_process_that_is_killed_is_told_with_the_signal() -> None:
    result = Heard("os.kill(os.getpid(), 9)").result()
    assert "killed by signal 9" in str(result)


def test_what_cannot_be_read_is_an_error_and_no_end_without_a_word() -> None:
    assert "cannot be read" in str(Heard("os.write(int(sys.argv[2]), b'nonsense\\n')").result())


def test_a_program_that_cannot_be_executed_is_a_fleet_error() -> None:
    news: queue.SimpleQueue[Live | Ended] = queue.SimpleQueue()
    RunProcess(JOB, news.put, lambda job_fd, words_fd: ["/nowhere/python"]).join(30)
    ended = news.get_nowait()
    assert isinstance(ended, Ended)
    assert isinstance(ended.result, FleetError)


def test_commands_arrive_in_their_order_and_the_stream_ends_when_it_is_left() -> None:
    heard = Heard("sys.stderr.write(sys.stdin.read())")
    heard.process.send({"do": "scale", "factor": 2})
    heard.process.send({"do": "stop"})
    heard.process.leave()
    heard.process.leave()
    told = str(heard.result())
    lines = [json.loads(text) for text in told.splitlines() if text.startswith("{")]
    assert lines == [{"do": "scale", "factor": 2}, {"do": "stop"}, {"do": "leave"}]
    heard.process.send({"do": "stop"})  # nobody is there: no error


def test_a_process_that_does_not_end_when_it_is_left_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LEAVE_TIMEOUT_S", 0.0)
    heard = Heard("import signal; signal.pause()")
    heard.process.leave()
    assert "killed by signal 9" in str(heard.result())


def test_a_process_can_import_what_the_program_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    result = Heard("sys.stderr.write(repr(sys.path))").result()
    assert repr(str(tmp_path)) in str(result)
