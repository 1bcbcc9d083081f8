"""A locustfile, loaded and given its options by the genuine package. Importing this patches the process."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import locust
from locust import User, argument_parser
from locust.env import Environment
from locust.main import create_environment, merge_locustfiles_content

from kilobar.errors import InputError
from kilobar.users.guest.runner import give_host


class _ArgumentsRefused(Exception):  # noqa: N818  # never seen by anybody
    """The parser has ended the program, had it been Locust."""


@dataclass(frozen=True, slots=True)
class LocustFile:
    """What a locustfile has, and what was asked of it."""

    environment: Environment
    classes: tuple[type[User], ...]
    """Not abstract, with a share of the users, in the order of the file; the chosen ones."""
    parsed: dict[str, Any]
    """The parsed options that JSON can say, secrets left out."""


def load(path: str, options: dict[str, Any]) -> LocustFile:
    """Imports the file as Locust does, parses the arguments with its parser, and makes the environment.

    Raises InputError for whatever is wrong with the file or the arguments, `SystemExit` in the file included.
    """
    with _user_code(path), _only_loaded(path):
        paths = argument_parser.parse_locustfile_paths([each.strip() for each in path.split(",")])
        user_classes, shapes, tasks, shape = merge_locustfiles_content(paths)
    if not user_classes:
        raise InputError(f"{path} has no user class", hint="derive a class from locust.User, HttpUser or FastHttpUser")
    parser, parsed = _parse(path, options)
    chosen = _chosen(path, user_classes, parsed.user_classes)
    with _user_code(path):
        make_environment: Any = create_environment
        environment = make_environment(
            chosen,
            parsed,
            events=locust.events,
            shape_class=shape,
            locustfile=os.path.basename(paths[0]),
            parsed_locustfiles=paths,
            available_user_classes=user_classes,
            available_shape_classes=shapes,
            available_user_tasks=tasks,
        )
        for settings in itertools.chain(*(parsed.config_users or ())):
            environment.update_user_class(settings)
        if parsed.equal_weights:
            environment.assign_equal_weights()
    give_host(environment)
    secrets = set(parser.secret_args_included_in_web_ui)
    said = {name: value for name, value in vars(parsed).items() if name not in secrets and _is_json(value)}
    return LocustFile(environment, tuple(environment.user_classes), said)


def _parse(path: str, options: dict[str, Any]) -> tuple[Any, Any]:
    """The genuine parser, with what listeners have added, and what it made of arguments, environment and files."""
    with _user_code(path):
        parser: Any = argument_parser.get_parser()

    def refuse(status: int = 0, message: str | None = None) -> NoReturn:
        raise _ArgumentsRefused((message or "").strip().removeprefix(f"{parser.prog}: error: "))

    parser.exit = refuse
    parser.print_help = lambda file=None: None
    arguments = [str(each) for each in options.get("arguments") or ()]
    try:
        parsed = parser.parse_args(args=arguments)
    except _ArgumentsRefused as refused:
        what = str(refused) or "they ask for help or the version"
        raise InputError(
            f"the arguments for {os.path.basename(path)} are wrong: {what}",
            hint="what Locust accepts can be given, and what the file itself has added",
        ) from None
    for name, value in (options.get("parsed") or {}).items():
        setattr(parsed, name, value)
    _override(parsed, options)
    return parser, parsed


def _override(parsed: Any, options: dict[str, Any]) -> None:
    """What was said to Kilobar itself wins over arguments, environment variables and configuration files."""
    named = {
        "num_users": options.get("users"),
        "spawn_rate": options.get("spawn_rate"),
        "run_time": options.get("run_time"),
        "host": options.get("host"),
        "tags": options.get("tags"),
        "exclude_tags": options.get("exclude_tags"),
        "user_classes": options.get("classes"),
    }
    for name, value in named.items():
        if value is not None:
            setattr(parsed, name, value)
    if isinstance(parsed.run_time, str):
        try:
            parsed.run_time = argument_parser.timespan(parsed.run_time)
        except Exception:
            raise InputError(
                f"the run time {parsed.run_time!r} is no time", hint="write 90, 90s, 5m or 1h30m"
            ) from None
    # Files that ask are to behave as without a web page, and alone.
    parsed.headless, parsed.autostart, parsed.worker, parsed.master, parsed.processes = True, False, False, False, None


def _chosen(path: str, available: dict[str, type[User]], names: list[str]) -> list[type[User]]:
    unknown = [name for name in names if name not in available]
    if unknown:
        raise InputError(f"{path} has no user class {', '.join(unknown)}", hint=f"it has {', '.join(available)}")
    return [user_class for name, user_class in available.items() if not names or name in names]


@contextlib.contextmanager
def _only_loaded(path: str) -> Iterator[None]:
    """A file that starts Locust when it is imported, as a library or for one user, would never be loaded."""
    genuine = Environment._create_runner, locust.run_single_user

    def refuse(*arguments: Any, **options: Any) -> NoReturn:
        place = _place_of(traceback.extract_stack())
        raise InputError(
            f"{path} starts Locust itself when it is imported{place}",
            hint="put that under if __name__ == '__main__': ; here it is Kilobar that runs the users",
        )

    environment_class: Any = Environment
    package: Any = locust
    environment_class._create_runner = package.run_single_user = refuse
    try:
        yield
    finally:
        environment_class._create_runner, package.run_single_user = genuine


@contextlib.contextmanager
def _user_code(path: str) -> Iterator[None]:
    """Turns whatever the file raises into words with a place in it."""
    try:
        yield
    except InputError:
        raise
    except SystemExit as error:
        raise InputError(f"{path} cannot be loaded: sys.exit({error.code!r}) was called{_place(error)}") from error
    except ModuleNotFoundError as error:
        raise InputError(
            f"{path} needs the module {error.name!r}, which is not installed{_place(error)}",
            hint=f"pip install {(error.name or '').split('.')[0]}, on every machine that generates load",
        ) from error
    except SyntaxError as error:
        raise InputError(f"{error.filename}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        raise InputError(f"{path} cannot be loaded: {type(error).__name__}: {error}{_place(error)}") from error


def _place(error: BaseException) -> str:
    return _place_of(traceback.extract_tb(error.__traceback__))


def _place_of(frames: traceback.StackSummary) -> str:
    """The innermost line that is neither of Python, of a package nor ours."""
    own = os.path.dirname(locust.__file__)
    for frame in reversed(frames):
        is_library = frame.filename.startswith((own, "<frozen", sys.base_prefix)) or "site-packages" in frame.filename
        if not is_library and f"{os.sep}kilobar{os.sep}users{os.sep}" not in frame.filename:
            return f" ({frame.filename}:{frame.lineno})"
    return ""


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False
