"""What a locustfile has and what load it asks for, found out in a process of its own: gevent stays there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from kilobar.errors import InputError

_TIME_LIMIT_S = 25
"""Less than whoever asks for an inspection has patience: then it is told what the reason is."""
_OUTPUT_SHOWN = 2_000


def inspect(path: str, options: dict[str, Any], *, time_limit_s: float = _TIME_LIMIT_S) -> dict[str, Any]:
    """Everything that a plan has to know of a locustfile.

    `options` may have `users`, `spawn_rate` (per second), `run_time` (seconds, or text as Locust reads it), `host`,
    `tags`, `exclude_tags`, `classes` (names), `arguments` (a list, as on Locust's command line) and `fast_http`.

    The answer has `source` (for the plan's `code`), `classes` (name, way, weight, fixed_count, start, stop), `host`,
    `load` (stages, or None when neither the file nor the options say one) and `notes` (what is not as in Locust).

    Raises InputError for whatever is wrong with the file or the options.
    """
    read_end, write_end = os.pipe()
    question = json.dumps({"path": path, "options": options})
    package_root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    boot = (
        "import sys; sys.path.insert(0, sys.argv[1]); from kilobar.users.guest.description import answer; "
        "answer(sys.argv[2], int(sys.argv[3]))"
    )
    with os.fdopen(read_end, "rb") as answers:
        try:
            with subprocess.Popen(
                [sys.executable, "-c", boot, package_root, question, str(write_end)],
                pass_fds=(write_end,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            ) as child:
                os.close(write_end)
                complaint = _complaint_of(child, path, time_limit_s)
        finally:
            answer = answers.read()
    if not answer:
        raise InputError(f"{path} cannot be loaded: the process ended without an answer{_tail(complaint)}")
    found: dict[str, Any] = json.loads(answer)
    if "error" in found:
        raise InputError(found["error"], hint=found["hint"])
    return found


def _complaint_of(child: subprocess.Popen[bytes], path: str, time_limit_s: float) -> bytes:
    try:
        return child.communicate(timeout=time_limit_s)[1]
    except subprocess.TimeoutExpired:
        child.kill()
        raise InputError(
            f"{path} is not loaded after {time_limit_s:.0f} s",
            hint="what a locustfile does when it is imported, and its init listeners, have to come to an end",
        ) from None


def _tail(complaint: bytes) -> str:
    text = complaint.decode(errors="replace").strip()[-_OUTPUT_SHOWN:]
    return f"\n{text}" if text else ""
