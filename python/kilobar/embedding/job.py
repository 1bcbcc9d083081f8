"""What a program asks for: a scenario and options, in the form in which its run's process reads them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from kilobar.errors import InputError
from kilobar.model import scenario as model
from kilobar.users.interpreter import runs_user_code

Scenarios = str | os.PathLike[str] | model.Scenario | type
"""A file, an address or a node id, as `kilobar run` takes them; a scenario in Python; a class of Python users."""


class RunOptions(TypedDict, total=False):
    """The options of a run. Each means what the option of `kilobar run` means; None is as good as leaving it out."""

    rate: str | float | None
    """Open load: "500/s", "0/s to 500/s", or a number per second."""
    users: str | int | None
    """Closed load: 50, or "0 to 50"."""
    duration: str | float | None
    """Length of the load: "30s", "5m", or a number of seconds."""
    thresholds: Iterable[str]
    """Such as ["p99 < 200ms"]; added to those of the scenario."""
    target: str | None
    """Replaces the scenario's target."""
    seed: int | None
    """Seeds everything random, to repeat a run."""
    workers: int | None
    """Worker processes; by default as many as the load needs."""
    max_in_flight: int | None
    """Iterations that may be in flight at once."""
    grace: str | float | None
    """How long work in flight may go on after the load: "10s", or a number of seconds."""
    allow: Iterable[str]
    """Public hosts that may be loaded."""
    json: str | os.PathLike[str] | None
    """Write the summary there as JSON."""
    html: str | os.PathLike[str] | None
    """Write a report for browsers there."""
    junit: str | os.PathLike[str] | None
    """Write the verdict there as JUnit XML."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run that is asked for."""

    scenario: str
    """What `kilobar run` takes as its scenario; the name of the document when that is given."""
    document: str | None
    """YAML text of a scenario that was built in Python."""
    overrides: Mapping[str, Any]
    """The fields of `kilobar.scenario.Overrides` that were given."""
    workers: int | None
    outputs: Mapping[str, str]
    """Paths by kind: json, html, junit."""
    command: str
    """The call, for whoever wants to repeat it."""

    @staticmethod
    def of(scenario: Scenarios, options: Mapping[str, Any], function: str = "run") -> Job:
        """From the arguments of a program that called `function`.

        Raises InputError for a value that cannot be meant, TypeError for an option that there is not.
        """
        if runs_user_code():
            raise InputError(
                f"kilobar.{function}() was called by code that Kilobar itself has imported, which would never end",
                hint='put it under `if __name__ == "__main__":`',
            )
        unknown = next((name for name in options if name not in RunOptions.__annotations__), None)
        if unknown is not None:
            raise TypeError(f"{function}() got an unexpected keyword argument {unknown!r}{_meant(unknown)}")
        given = {name: value for name, value in options.items() if value is not None}
        name, document = _scenario(scenario)
        words = [repr(name), *(f"{option}={value!r}" for option, value in given.items())]
        return Job(
            scenario=name,
            document=document,
            overrides={name: read(name, given[name]) for name, read in _OVERRIDES.items() if name in given},
            workers=_integer("workers", given["workers"]) if "workers" in given else None,
            outputs={kind: _path(kind, given[kind]) for kind in ("json", "html", "junit") if kind in given},
            command=f"kilobar.{function}({', '.join(words)})",
        )


def _scenario(scenario: object) -> tuple[str, str | None]:
    """What the command line would be given, and the text of a document."""
    if isinstance(scenario, str | os.PathLike):
        return _path("the scenario", scenario), None
    if isinstance(scenario, type):
        return _where(scenario), None
    if isinstance(scenario, model.Scenario):
        from kilobar.scenario import to_yaml

        return scenario.name or "scenario", to_yaml(scenario)
    raise InputError(
        f"a scenario cannot be a {type(scenario).__name__}",
        hint="give a path, a URL, a kilobar.scenario.Scenario, or a class of users",
    )


def _where(users: type) -> str:
    """A class as a command line names it: its code is executed in other processes, which import its file."""
    try:
        file = inspect.getsourcefile(users)
    except (TypeError, OSError):
        file = None
    if file is None or not Path(file).is_file():
        raise InputError(
            f"the class {users.__qualname__} is in no file, so that other processes cannot import it",
            hint="write it into a .py file, and import it from there or give the path of the file",
        )
    if users.__qualname__ != users.__name__:
        line = inspect.getsourcelines(users)[1]
        raise InputError(
            f"{file}:{line}: the class {users.__qualname__} stands inside a function or another class",
            hint="move it to the top level of its file: worker processes import it from there",
        )
    return f"{file}:{users.__name__}"


def _meant(unknown: str) -> str:
    import difflib

    close = difflib.get_close_matches(unknown, RunOptions.__annotations__, 1)
    return f". Did you mean {close[0]!r}?" if close else ""


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "a text", value)
    return value


def _texts(name: str, value: object) -> list[str]:
    """One text is as good as a list of one."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, Iterable) or isinstance(texts, Mapping | bytes):
        raise _wrong(name, "a list of texts", value)
    return [_text(name, text) for text in texts]


def _integer(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, "a whole number", value)
    return value


def _rate(name: str, value: object) -> str:
    return value if isinstance(value, str) else f"{_number(name, 'a text such as 500/s, or a number', value)}/s"


def _users(name: str, value: object) -> str:
    return value if isinstance(value, str) else str(_integer(name, value))


def _duration(name: str, value: object) -> str:
    return value if isinstance(value, str) else f"{_number(name, 'a text such as 30s, or a number of s', value)}s"


def _number(name: str, what: str, value: object) -> str:
    """In the scenario language, which has no exponents."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(name, what, value)
    return str(value) if isinstance(value, int) else f"{value:.9f}".rstrip("0").rstrip(".")


def _path(name: str, value: object) -> str:
    """As given: the run's process has the same working directory."""
    if not isinstance(value, str | os.PathLike):
        raise _wrong(name, "a path", value)
    path = os.fspath(value)
    return path if isinstance(path, str) else os.fsdecode(path)


def _wrong(name: str, what: str, value: object) -> InputError:
    return InputError(f"{name} must be {what}, not {value!r:.80}")


_OVERRIDES = {
    "rate": _rate,
    "users": _users,
    "duration": _duration,
    "thresholds": _texts,
    "target": _text,
    "seed": _integer,
    "max_in_flight": _integer,
    "grace": _duration,
    "allow": _texts,
}
"""How the value of each option becomes the text or number that a command line would have."""
