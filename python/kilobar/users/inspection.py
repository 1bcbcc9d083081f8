"""Looks at user code in a process of its own, which cannot hang, print into or end this one."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from kilobar.errors import InputError
from kilobar.users.inspected import Inspected
from kilobar.users.interpreter import interpreter_argv

TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024
OUTPUT_TAIL_BYTES = 4 * 1024
SHOWN_TAIL_LINES = 12


def inspect(kind: str, root: str, path: str, options: Mapping[str, Any], timeout_s: float = TIMEOUT_S) -> Inspected:
    """What there is to press in `path`, which is relative to the directory `root`. Raises InputError."""
    request = {"kind": kind, "root": root, "path": path, "options": dict(options), "timeout_s": timeout_s}
    reading, writing = os.pipe()
    try:
        argv = interpreter_argv("kilobar.users.inspect_code", json.dumps({**request, "fd": writing}))
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(writing,),
            start_new_session=True,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    try:
        answer, output = _hear(child, reading, timeout_s)
        if answer is None:
            raise _silent(child, output, path, timeout_s)
    finally:
        # The process group too: what user code has started must not outlive the question.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        os.close(reading)
        assert child.stdout is not None
        child.stdout.close()
    document = json.loads(answer)
    if error := document.get("error"):
        raise InputError(error["message"], code=error["code"], hint=error["hint"])
    return Inspected.from_dict(document)


def _hear(child: subprocess.Popen[bytes], reading: int, timeout_s: float) -> tuple[bytes | None, bytes]:
    """The line that it answers, or None when it ends or the time is over; and the tail of what it printed."""
    assert child.stdout is not None
    answer, output = bytearray(), b""
    deadline_s = time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ, "answer")
        selector.register(child.stdout, selectors.EVENT_READ, "output")
        while "answer" in {key.data for key in selector.get_map().values()}:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return None, output
            for key, _ in selector.select(left_s):
                data = os.read(key.fd, 65_536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.data == "output":
                    output = (output + data)[-OUTPUT_TAIL_BYTES:]
                else:
                    answer += data
                    if len(answer) > MAX_ANSWER_BYTES:
                        return None, output
                    if answer.endswith(b"\n"):
                        return bytes(answer), output
    os.set_blocking(child.stdout.fileno(), False)
    with contextlib.suppress(OSError):
        output = (output + (child.stdout.read() or b""))[-OUTPUT_TAIL_BYTES:]
    return None, output


def _silent(child: subprocess.Popen[bytes], output: bytes, path: str, timeout_s: float) -> InputError:
    """Why there is no answer, with the last lines that the code printed."""
    lines = output.decode("utf-8", "replace").strip().splitlines()[-SHOWN_TAIL_LINES:]
    tail = "".join(f"\n    {line[:200]}" for line in lines)
    try:
        code = child.wait(1.0)
    except subprocess.TimeoutExpired:
        return InputError(
            f"importing {path} and asking it for its rows took longer than {timeout_s:g} s{tail}",
            code="code-failed",
            hint="do what takes long in on_start or in the action; code at the top of the file must end soon",
        )
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return InputError(
        f"the process that imported {path} {how} and said nothing{tail}",
        code="code-failed",
        hint="does the code end its process while it is imported (os._exit, a crash of a C module)?",
    )
