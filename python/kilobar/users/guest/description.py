"""The other end of `inspect`: in a process of its own, the locustfile is loaded, described and its shape asked."""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kilobar.errors import InputError
from kilobar.users.guest import notes, stages
from kilobar.users.guest.deal import dealt

_CYCLE_LIMIT = 1_000
_GRACE_S = 2
"""Locust kills users in the middle of what they do. They may end it here, but tasks that never return are usual."""
_UNTIL_STOPPED_S = 24 * 3600.0
_UNTOLD_S = 10.0
_WEB_URL = re.compile(r"https?://", re.IGNORECASE)


def answer(question: str, write_end: int) -> None:
    """Writes the description as JSON, or what is wrong, and ends the process whatever user code has left running."""
    asked = json.loads(question)
    try:
        found = describe(asked["path"], asked["options"])
    except InputError as error:
        found = {"error": error.message, "hint": error.hint}
    except BaseException as error:  # user code runs here: anything may come out of it, and is to be told
        found = {
            "error": f"{asked['path']} cannot be loaded: {traceback.format_exception_only(error)[-1].strip()}",
            "hint": None,
        }
    with os.fdopen(write_end, "w") as answers:
        json.dump(found, answers)
    os._exit(0)


def describe(path: str, options: dict[str, Any]) -> dict[str, Any]:
    """What `inspect` returns. Patches this process. Raises InputError."""
    try:
        from kilobar.users.guest import locustfile
    except ModuleNotFoundError as error:
        raise InputError(
            f"{path} is a locustfile, and the module {error.name!r} is not installed",
            hint="pip install 'kilobar[locust]'",
        ) from error
    file = locustfile.load(path, options)
    said = list(_file_notes(file.environment))
    said += notes.of_options(vars(file.environment.parsed_options))
    tolerated, init_notes = _fired_init(file.environment)
    said += init_notes
    _check_hosts(path, file)
    classes = [
        {
            "name": user_class.__name__,
            "way": "guest",
            "weight": user_class.weight,
            "fixed_count": user_class.fixed_count,
            "start": False,
            "stop": False,
            "grace": f"{file.environment.stop_timeout or _GRACE_S:g}s",
        }
        for user_class in file.classes
    ]
    source: dict[str, Any] = {
        "kind": "locust",
        "file": path,
        "options": {
            "arguments": [str(each) for each in options.get("arguments") or ()],
            "parsed": file.parsed,
            "fast_http": bool(options.get("fast_http")),
            "insecure": bool(options.get("fast_http")) and _looks_away(file),
        },
        "tolerated_init": tolerated,
    }
    load, load_notes = _load(file, classes, source, options)
    first, cycle = dealt(classes)
    return {
        "source": source,
        "classes": classes,
        "first": first,
        # Where all are fixed and yet more users are asked for, they repeat.
        "cycle": cycle or first[:_CYCLE_LIMIT],
        "host": _web_host(file),
        "load": load,
        "notes": list(dict.fromkeys(said + load_notes)),
    }


def _file_notes(environment: Any) -> Iterator[str]:
    for path in environment.parsed_locustfiles:
        yield from notes.of_source(Path(path).read_text(errors="replace"), os.path.basename(path))


def _fired_init(environment: Any) -> tuple[list[str], list[str]]:
    """Fires `init`, as a worker will: the names of listeners that fail for want of a web page, and notes about them."""
    from kilobar.users.guest.runner import GuestRunner, fire_init

    environment._create_runner(GuestRunner, 0, 1, lambda reason: None)
    tolerated: list[str] = []
    said: list[str] = []
    for name, error in fire_init(environment):
        if "NoneType" not in str(error) or not _is_about_web_pages(error):
            last = traceback.extract_tb(error.__traceback__)[-1]
            raise InputError(
                f"the init listener {name} failed: {type(error).__name__}: {error} ({last.filename}:{last.lineno})"
            )
        tolerated.append(name)
        said.append(f"the init listener {name} is cut short where it wants web pages: {error}")
    return tolerated, said


def _is_about_web_pages(error: Exception) -> bool:
    return any("web_ui" in (frame.line or "") for frame in traceback.extract_tb(error.__traceback__))


def _check_hosts(path: str, file: Any) -> None:
    from locust import FastHttpUser, HttpUser

    for user_class in file.classes:
        if not issubclass(user_class, HttpUser | FastHttpUser) or _makes_itself(user_class):
            continue
        # A test_start listener may be what gives the environment its host.
        if not user_class.host and not file.environment.events.test_start._handlers:
            raise InputError(
                f"{path}: {user_class.__name__} has no host",
                hint="give --target URL, or set `host` in the class",
            )
        if isinstance(user_class.host, str) and not _WEB_URL.match(user_class.host):
            raise InputError(
                f"{path}: the host of {user_class.__name__}, {user_class.host!r}, is no URL",
                hint=f"write http://{user_class.host}",
            )


def _web_host(file: Any) -> str | None:
    """Where all classes send to, when it is one place and HTTP; hosts of other protocols are only theirs to know."""
    hosts = {user_class.host for user_class in file.classes if isinstance(user_class.host, str)}
    host = hosts.pop() if len(hosts) == 1 else None
    if host is None or not _WEB_URL.match(host):
        return None
    # Users send the credentials in it; a plan has no place for them.
    scheme, _, rest = host.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _looks_away(file: Any) -> bool:
    """Whether there are users that take any certificate, as `FastHttpUser` does unless it is told not to."""
    from locust import FastHttpUser

    return any(issubclass(user_class, FastHttpUser) and user_class.insecure for user_class in file.classes)


def _makes_itself(user_class: type[Any]) -> bool:
    """Whether a user may get its host when it is made."""
    return any(
        "__init__" in vars(each) for each in user_class.__mro__[:-1] if not each.__module__.startswith("locust.")
    )


def _load(
    file: Any, classes: list[dict[str, Any]], source: dict[str, Any], options: dict[str, Any]
) -> tuple[list[dict[str, Any]] | None, list[str]]:
    """The stages, and what is to be said about them; `source` gets what a worker has to know of the course."""
    parsed, shape = file.environment.parsed_options, file.environment.shape_class
    said: list[str] = []
    is_replaced = shape is not None and "users" in options and not shape.use_common_options
    if shape is not None and not is_replaced:
        pieces, said = _shape_pieces(file, classes, source)
    elif parsed.num_users is None and parsed.run_time is None:
        return None, said
    else:
        pieces, said = _asked_pieces(parsed, classes, is_ours="users" in options)
    if is_replaced:
        said.append(f"{type(shape).__name__} is not followed: --users replaces it")
    if not pieces:
        raise InputError("the load has no duration", hint="let the shape's tick() give users for a second at least")
    source["ramps"] = [list(end) for end in stages.ramps(pieces)]
    source["duration_s"] = pieces[-1].end_s
    return stages.plan_stages(pieces), said


def _asked_pieces(parsed: Any, classes: list[dict[str, Any]], *, is_ours: bool) -> tuple[list[stages.Piece], list[str]]:
    """`is_ours`: the number of users is an option of Kilobar, which without more brings them at once, and not for ever
    as Locust does."""
    said = []
    users = int(1 if parsed.num_users is None else parsed.num_users)
    rate_per_s = float(parsed.spawn_rate or (users if is_ours else 1))
    if users < 1 or rate_per_s <= 0:
        raise InputError(f"{users} users at a spawn rate of {rate_per_s:g} per second are no load", hint="both above 0")
    fixed = sum(each["fixed_count"] for each in classes)
    if fixed and all(each["fixed_count"] for each in classes) and users > fixed:
        said.append(f"all classes have a fixed_count: there are {fixed} users, not {users}")
        users = fixed
    duration_s = float(parsed.run_time or 0)
    if not duration_s:
        duration_s, words = (_UNTOLD_S, "10 s") if is_ours else (_UNTIL_STOPPED_S, "24 h unless it is stopped")
        said.append(f"no run time was given: the load lasts {words} (--for 1m)")
    return stages.ramp_and_plateau(users, rate_per_s, duration_s), said


def _shape_pieces(
    file: Any, classes: list[dict[str, Any]], source: dict[str, Any]
) -> tuple[list[stages.Piece], list[str]]:
    from kilobar.users.guest.shape import LONGEST_S, course_of
    from kilobar.users.guest.simulation import SimulatedRunner

    environment = file.environment
    parsed, shape = environment.parsed_options, environment.shape_class
    name = type(shape).__name__
    said = []
    runner = SimulatedRunner(environment)
    shape.runner = runner
    cut_s = float(parsed.run_time or 0) if not shape.use_common_options else 0.0
    course = course_of(shape, runner.set_users, min(cut_s, LONGEST_S) if cut_s else LONGEST_S)
    if runner.was_asked_for_results:
        said.append(f"{name} looks at results of the run: it was asked before the run, when there were none")
    if not course.ended and not cut_s:
        said.append(
            f"{name} does not end within 24 h: it is cut there unless the run is stopped or a duration is given"
        )
    if any(names for _, names in course.classes):
        index = {each["name"]: number for number, each in enumerate(classes)}
        source["classes_over_time"] = [
            [since_s, [index[each] for each in names if each in index] if names else None]
            for since_s, names in course.classes
        ]
    pieces, off_users = stages.at_most(course.pieces)
    if off_users:
        said.append(f"{name} changes too often for a plan: it is followed to within {off_users:g} users")
    return pieces, said
