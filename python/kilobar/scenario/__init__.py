"""Scenario text -> a checked plan, or diagnostics with file, line, column and a hint.

checked = load("shop.yaml", os.environ)
plan = checked.require()

And the same scenario as a typed Python object: see `builder`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kilobar.scenario.check import Checked, check_text, from_url, load
from kilobar.scenario.context import EngineChecks
from kilobar.scenario.overrides import Overrides

if TYPE_CHECKING:
    from kilobar.model.scenario import (
        Auth,
        Basic,
        Bounds,
        Check,
        Data,
        Fail,
        Flow,
        ForEach,
        Group,
        If,
        Include,
        Limits,
        Matcher,
        Parallel,
        Part,
        Rate,
        Repeat,
        Request,
        Save,
        Set,
        StopRun,
        StopUser,
        Think,
        ThinkLaw,
        Tls,
        Users,
        While,
    )  # fmt: skip
    from kilobar.scenario.builder import (
        Scenario,
        delete,
        get,
        head,
        options,
        pacing,
        patch,
        post,
        put,
        request,
        think,
        think_exponential,
    )  # fmt: skip
    from kilobar.scenario.document import check_document, from_yaml, to_yaml

__all__ = [
    "Auth", "Basic", "Bounds", "Check", "Checked", "Data", "EngineChecks", "Fail", "Flow", "ForEach", "Group", "If",
    "Include", "Limits", "Matcher", "Overrides", "Parallel", "Part", "Rate", "Repeat", "Request", "Save", "Scenario",
    "Set", "StopRun", "StopUser", "Think", "ThinkLaw", "Tls", "Users", "While", "check_document", "check_text",
    "delete", "from_url", "from_yaml", "get", "head", "load", "options", "pacing", "patch", "post", "put", "request",
    "think", "think_exponential", "to_yaml",
]  # fmt: skip

_BUILDER = frozenset(
    ("Scenario", "delete", "get", "head", "options", "pacing", "patch", "post", "put", "request", "think",
     "think_exponential")
)  # fmt: skip
_DOCUMENT = frozenset(("check_document", "from_yaml", "to_yaml"))


def __getattr__(name: str) -> Any:
    """The names of the builder, imported when they are used: a run from a file starts sooner without them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "scenario.builder" if name in _BUILDER else "scenario.document" if name in _DOCUMENT else "model.scenario"
    return getattr(import_module(f"kilobar.{home}"), name)
