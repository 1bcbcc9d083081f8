"""The transport with scripted children in the place of workers: what is heard of each kind of end."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kilobar.errors import FleetError
from kilobar.fleet import local as local_module
from kilobar.fleet import process as process_module
from kilobar.fleet.local import LocalFleet
from kilobar.model.fleet import Beat, Died, Done, FleetEvent, IntervalArrived, Readable, Ready, Refused

pytestmark = pytest.mark.system

PRELUDE = """
import json, os, signal, socket, struct, sys
channel = socket.socket(fileno=int(sys.argv[1]))
def say(kind, payload): channel.sendall(struct.pack("<IB", len(payload), ord(kind)) + payload)
def tell(**event): say("J", json.dumps(event).encode())
def exactly(count):
    data = b""
    while len(data) < count:
        data += channel.recv(count - len(data)) or sys.exit(9)
    return data
def hear():
    length, _ = struct.unpack("<IB", exactly(5))
    return json.loads(exactly(length))
tell(**{"is": "ready"}, pid=os.getpid(), version="1")
"""

Start = Callable[..., LocalFleet]


@pytest.fixture
def start() -> Iterator[Start]:
    fleets: list[LocalFleet] = []

    def start(script: str, workers: int = 1) -> LocalFleet:
        argv = lambda fd: [sys.executable, "-I", "-S", "-c", PRELUDE + script, str(fd)]  # noqa: E731
        fleet = LocalFleet(workers, argv)
        fleets.append(fleet)
        fleet.start()
        return fleet

    yield start
    for fleet in fleets:
        fleet.close()


def hear(fleet: LocalFleet, until: Callable[[list[FleetEvent]], bool], limit_s: float = 20.0) -> list[FleetEvent]:
    heard: list[FleetEvent] = []
    give_up_s = time.monotonic() + limit_s
    while not until(heard):
        assert time.monotonic() < give_up_s, heard
        heard += fleet.poll(0.05)
    return heard


def last_is(kind: type) -> Callable[[list[FleetEvent]], bool]:
    return lambda heard: bool(heard) and isinstance(heard[-1], kind)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_say_they_are_ready_and_are_spoken_to_one_by_one(start: Start) -> None:
    fleet = start('tell(**{"is": "refused"}, code="c", message=hear()["do"]); sys.exit(2)', workers=3)
    heard = hear(fleet, lambda heard: len(heard) == 3)
    assert {event.worker for event in heard if isinstance(event, Ready)} == {0, 1, 2}
    assert {event.pid for event in heard if isinstance(event, Ready)} == {fleet.pid(index) for index in range(3)}
    for index in range(3):
        fleet.send(index, {"do": f"ö{index}"})
    heard = hear(fleet, lambda heard: len(heard) == 3)
    assert set(heard) == {Refused(index, "c", f"ö{index}") for index in range(3)}
    assert [event for _ in range(4) for event in fleet.poll(0.05)] == []


def test_everything_that_was_said_before_the_end_is_heard_and_a_good_end_is_no_death(start: Start) -> None:
    script = 'tell(**{"is": "beat"}); [say("I", bytes([i]) * 100_000) for i in range(50)]; tell(**{"is": "done"})'
    fleet = start(script)
    heard = hear(fleet, last_is(Done))
    assert heard[1] == Beat(0)
    assert heard[2:-1] == [IntervalArrived(0, bytes([i]) * 100_000) for i in range(50)]
    assert [event for _ in range(5) for event in fleet.poll(0.05)] == []


def test_a_kill_is_told_after_the_last_words(start: Start) -> None:
    fleet = start('say("I", b"x" * 50_000); os.kill(os.getpid(), 9)')
    heard = hear(fleet, last_is(Died))
    assert heard[1:] == [IntervalArrived(0, b"x" * 50_000), Died(0, "killed by signal 9")]


def test_a_failure_is_told_with_the_tail_of_what_it_wrote(start: Start) -> None:
    fleet = start('sys.stderr.write("y" * 300_000 + "the reason\\n"); sys.exit(3)')
    (died,) = (event for event in hear(fleet, last_is(Died)) if isinstance(event, Died))
    assert died.how.startswith("exit code 3: yyy")
    assert died.how.endswith("the reason")
    assert len(died.how) <= process_module.STDERR_TAIL_BYTES + 20


def test_an_end_without_done_is_a_death_even_with_code_0(start: Start) -> None:
    assert hear(start("sys.exit(0)"), last_is(Died))[-1] == Died(0, "exit code 0")


def test_one_death_leaves_the_others_alone(start: Start) -> None:
    fleet = start('hear(); tell(**{"is": "done"})', workers=3)
    hear(fleet, lambda heard: len(heard) == 3)
    fleet.kill(1)
    assert hear(fleet, last_is(Died))[-1] == Died(1, "killed by signal 9")
    for index in (0, 1, 2):
        fleet.send(index, {"do": "abort"})
    heard = hear(fleet, lambda heard: len(heard) == 2)
    assert set(heard) == {Done(0), Done(2)}
    fleet.kill(1)


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ('channel.sendall(b"GET / HTTP/1.1")', "a message of"),
        ('say("X", b"")', "unknown kind 88"),
        ('say("J", b"[1, 2]")', "cannot be read"),
        ('say("J", b"{nonsense")', "cannot be read"),
        ('tell(**{"is": "bored"})', "unknown event 'bored'"),
        ('tell(**{"is": "ready"}, pid="x", version="1")', "cannot be read"),
        ('channel.sendall(b"\\x09\\x00\\x00\\x00Jabc"); channel.shutdown(socket.SHUT_WR)', "middle of a message"),
    ],
)
def test_a_worker_that_breaks_the_protocol_is_killed(start: Start, script: str, how: str) -> None:
    fleet = start(script + "; signal.pause()")
    died = hear(fleet, last_is(Died))[-1]
    assert isinstance(died, Died)
    assert how in died.how


def test_a_worker_that_hangs_up_and_goes_on_is_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_module, "LEAVE_TIMEOUT_S", 0.05)
    fleet = start("channel.close(); signal.pause()")
    died = hear(fleet, last_is(Died))[-1]
    assert died == Died(0, "it closed its connection to the controller and went on")


def test_a_worker_that_does_not_read_is_killed_and_sending_never_waits(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "MAX_QUEUED_BYTES", 1_000_000)
    fleet = start("signal.pause()")
    hear(fleet, last_is(Ready))
    for _ in range(30):
        fleet.send(0, {"do": "x" * 100_000})
    assert hear(fleet, last_is(Died))[-1] == Died(0, "it does not read its messages")


def test_what_did_not_fit_at_once_is_sent_when_there_is_room(start: Start) -> None:
    fleet = start('tell(**{"is": "refused"}, code="c", message=str(len(hear()["do"]))); sys.exit(2)')
    hear(fleet, last_is(Ready))
    fleet.send(0, {"do": "x" * 5_000_000})
    assert hear(fleet, last_is(Refused))[-1] == Refused(0, "c", "5000000")


def test_the_caller_waits_for_its_own_file_descriptors_in_the_same_poll(start: Start) -> None:
    fleet = start("signal.pause()")
    hear(fleet, last_is(Ready))
    read_end, write_end = os.pipe()
    fleet.watch(read_end)
    assert fleet.poll(0) == []
    os.write(write_end, b"k")
    assert fleet.poll(10) == [Readable(read_end)]
    fleet.unwatch(read_end)
    assert fleet.poll(0) == []
    os.close(read_end)
    os.close(write_end)


def test_workers_are_out_of_reach_of_the_terminal(start: Start) -> None:
    fleet = start("signal.pause()")
    hear(fleet, last_is(Ready))
    assert os.getsid(fleet.pid(0)) == fleet.pid(0) != os.getsid(0)


def test_close_ends_every_worker_and_frees_every_file_descriptor(start: Start) -> None:
    before = len(os.listdir("/proc/self/fd"))
    fleet = start("signal.signal(15, signal.SIG_IGN); signal.pause()", workers=3)
    hear(fleet, lambda heard: len(heard) == 3)
    pids = [fleet.pid(index) for index in range(3)]
    os.kill(pids[1], signal.SIGSTOP)
    fleet.close()
    fleet.close()
    assert not any(is_running(pid) for pid in pids)
    assert len(os.listdir("/proc/self/fd")) == before


def test_close_waits_for_a_worker_that_is_done(start: Start) -> None:
    fleet = start('tell(**{"is": "done"}); channel.close(); sum(range(3_000_000))')
    hear(fleet, last_is(Done))
    fleet.close()
    assert fleet._members[0].process.reap(0) == 0


def test_a_command_that_cannot_be_started_is_a_fleet_error() -> None:
    fleet = LocalFleet(2, lambda _fd: ["/nonexistent/python"])
    with pytest.raises(FleetError, match="only 0 of 2 workers could be started"):
        fleet.start()


def test_a_fleet_has_at_least_one_worker() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LocalFleet(0)


def test_the_context_manager_closes(start: Start) -> None:
    argv: Any = lambda fd: [sys.executable, "-I", "-S", "-c", PRELUDE + "signal.pause()", str(fd)]  # noqa: E731
    with LocalFleet(1, argv) as fleet:
        fleet.start()
        pid = fleet.pid(0)
    assert not is_running(pid)
