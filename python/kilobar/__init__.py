"""Kilobar: load testing that holds the load you asked for and tells the truth about it.

This module stays nearly empty: every worker process imports it, and a worker must start in milliseconds.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kilobar.embedded import run as run
    from kilobar.embedded import run_async as run_async
    from kilobar.embedded import start as start
    from kilobar.embedded import start_async as start_async
    from kilobar.model.live import Live as Live
    from kilobar.model.summary import Summary as Summary

__version__ = "0.1.0"

_HOMES = {
    "Live": "kilobar.model.live",
    "Summary": "kilobar.model.summary",
    "run": "kilobar.embedded",
    "run_async": "kilobar.embedded",
    "start": "kilobar.embedded",
    "start_async": "kilobar.embedded",
}
"""Where the public names are, which are imported when they are used."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
