"""Kilobar: load testing that holds the load you asked for and tells the truth about it.

This module stays nearly empty: every worker process imports it, and a worker must start in milliseconds. What people
write users with, and run loads with from their own programs, is here by name, and imported when it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kilobar.embedded import run as run
    from kilobar.embedded import run_async as run_async
    from kilobar.embedded import start as start
    from kilobar.embedded import start_async as start_async
    from kilobar.model.live import Live as Live
    from kilobar.model.summary import Summary as Summary
    from kilobar.users.actor import StepFailed as StepFailed
    from kilobar.users.actor import StopRun as StopRun
    from kilobar.users.actor import StopUser as StopUser
    from kilobar.users.press import Press as Press
    from kilobar.users.rows_file import rows as rows
    from kilobar.users.user import User as User
    from kilobar.users.user import tag as tag
    from kilobar.users.user import task as task
    from kilobar.users.wait import between as between
    from kilobar.users.wait import constant as constant
    from kilobar.users.wait import pacing as pacing

__version__ = "0.1.0"

_HOMES = {
    "Live": "model.live",
    "Press": "users.press",
    "StepFailed": "users.actor",
    "StopRun": "users.actor",
    "StopUser": "users.actor",
    "Summary": "model.summary",
    "User": "users.user",
    "between": "users.wait",
    "constant": "users.wait",
    "pacing": "users.wait",
    "rows": "users.rows_file",
    "run": "embedded",
    "run_async": "embedded",
    "start": "embedded",
    "start_async": "embedded",
    "tag": "users.user",
    "task": "users.user",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kilobar' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"kilobar.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
