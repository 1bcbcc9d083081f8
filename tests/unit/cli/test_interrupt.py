"""Signals while a run goes: told at once, and nothing is left changed."""

import os
import select
import signal

import pytest

from kilobar.cli.interrupt import Interrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_each_signal_is_told_and_wakes_whoever_waits(number: signal.Signals) -> None:
    told = []
    with Interrupt(lambda: told.append(1)) as interrupt:
        (fd,) = interrupt.inputs()
        assert not interrupt.happened
        for count in (1, 2):
            os.kill(os.getpid(), number)
            readable, _, _ = select.select([fd], [], [], 10)
            assert readable == [fd]
            assert interrupt.inputs()[fd]()
            assert len(told) == count
        assert interrupt.happened
        readable, _, _ = select.select([fd], [], [], 0)
        assert readable == []


def test_the_handlers_are_put_back() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    with Interrupt(lambda: None):
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before


def test_many_signals_at_once_do_not_block() -> None:
    told = []
    with Interrupt(lambda: told.append(1)) as interrupt:
        (fd,) = interrupt.inputs()
        for _ in range(500):
            os.kill(os.getpid(), signal.SIGTERM)
        assert interrupt.inputs()[fd]()
    assert told
