"""What user code has raised, in words: what, where in user code, how it came there, and what to do."""

from __future__ import annotations

import contextlib
import linecache
import os
import site
import sysconfig
from collections import deque
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple

from kilobar.errors import InputError
from kilobar.users.actor import StepFailed, StopRun, StopUser
from kilobar.users.install_hint import install_hint
from kilobar.users.places import short

MAX_LINE = 500
"""Characters of what was raised."""
MAX_TRACEBACK = 2_000
"""Characters of how it came there; the end of it, which says most."""
MAX_FRAMES = 30
SHOWN_FRAMES = 6
"""Of code that cannot be loaded, on the terminal."""
TRACEBACKS_OF_A_PLACE = 10
"""So many failures of one kind at one place tell how they came there; the others only say what they are."""
MAX_PLACES = 1_000
"""Places whose failures are told apart; past them no failure carries a traceback."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = tuple(
    path.rstrip(os.sep) + os.sep
    for path in {
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
)
_told: dict[tuple[type, str, int], int] = {}


class Told(Exception):  # noqa: N818  # its text is the message; nobody catches it by its name
    """Raised below user code: its text says everything that is to be said."""


class Frame(NamedTuple):
    """A line that was being executed."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{short(self.file)}:{self.line} in {self.function}"


def told(error: BaseException) -> str:
    """What failed a turn: one line, and below it the traceback through user code. Never raises, always bounded."""
    try:
        return _tell(error)
    except BaseException:  # user code again: methods of the error, what it has put in the place of `open`
        return f"{type(error).__name__}: (more cannot be said of it)"


def told_in_a_line(error: BaseException) -> str:
    """`TypeError: text (file.py:12 in press)`."""
    return told(error).partition("\n")[0]


def failure_of(error: BaseException, doing: str) -> InputError:
    """The error of a user that `error`, raised by user code before any turn, amounts to. `doing` is such as `importing
    load.py`."""
    if isinstance(error, InputError):
        return error
    if isinstance(error, SyntaxError):
        what = f"{error.filename}:{error.lineno or 1}:{error.offset or 1}: {error.msg}"
        return InputError(f"{doing} failed: {what}", code="code-syntax")
    frames = frames_of(error)
    shown = f"\n{_traceback(frames[-SHOWN_FRAMES:])}" if frames else ""
    message = f"{doing} failed: {_line(error, _place_in(frames))}{shown}"
    return InputError(message, code="code-failed", hint=_hint_of(error))


def leading(error: BaseException) -> BaseException:
    """The error that decides: of a group, the first one that is no wish to stop."""
    while isinstance(error, BaseExceptionGroup):
        members = error.exceptions
        error = next((member for member in members if not isinstance(member, StopUser | StopRun)), members[0])
    return error


def frames_of(error: BaseException) -> list[Frame]:
    """Outermost first, from where Kilobar called user code on; the last ones when there are many."""
    frames: deque[Frame] = deque(maxlen=MAX_FRAMES)
    step: TracebackType | None = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if not code.co_filename.startswith((_PACKAGE, "<frozen ")):
            frames.append(Frame(code.co_filename, step.tb_lineno, code.co_name))
        step = step.tb_next
    return list(frames)


def _tell(error: BaseException) -> str:
    error = leading(error)
    if isinstance(error, Told | StepFailed):
        return text_of(error)[:MAX_TRACEBACK]
    frames = frames_of(error)
    place = _place_in(frames)
    line = _line(error, place)
    if place is None or not _is_news(type(error), place):
        return line
    return f"{line}\n{_traceback(frames)}"


def text_of(error: BaseException) -> str:
    """What an error says of itself. Never raises."""
    try:
        text = str(error)
    except BaseException:  # user code again: its own __str__
        text = "(its text cannot be had)"
    return encodable(text)


def encodable(text: str) -> str:
    """Without lone surrogates, which have no form in UTF-8, in which messages go on."""
    return text.encode("utf-8", "replace").decode()


def _hint_of(error: BaseException) -> str | None:
    if isinstance(error, SystemExit):
        return "code that is pressed must not end its process while it is imported"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return install_hint(error.name)
    if isinstance(error, FileNotFoundError):
        with contextlib.suppress(OSError):  # user code has deleted it
            return f"relative paths start in {os.getcwd()}"
    return None


def _line(error: BaseException, place: Frame | None) -> str:
    what = _what(error, place)
    return f"{what} ({place})" if place else what


def _what(error: BaseException, place: Frame | None) -> str:
    if isinstance(error, SystemExit):
        return f"sys.exit({'' if error.code is None else repr(error.code)[:MAX_LINE]}) was called"
    text = text_of(error)
    if not text and isinstance(error, AssertionError) and place:
        text = linecache.getline(place.file, place.line).strip()
    name = type(error).__name__
    return f"{name}: {text}"[:MAX_LINE].replace("\n", " ") if text else name


def _place_in(frames: list[Frame]) -> Frame | None:
    """The innermost line that the user wrote; one of a library when there is none."""
    return next((frame for frame in reversed(frames) if not _is_library(frame.file)), frames[-1] if frames else None)


@lru_cache(maxsize=1_000)
def _is_library(file: str) -> bool:
    return file.startswith(_LIBRARIES)


def _is_news(kind: type, place: Frame) -> bool:
    key = (kind, place.file, place.line)
    count = _told.get(key, 0)
    if count >= TRACEBACKS_OF_A_PLACE or (not count and len(_told) >= MAX_PLACES):
        return False
    _told[key] = count + 1
    return True


def _traceback(frames: list[Frame]) -> str:
    lines = []
    for frame in frames:
        source = linecache.getline(frame.file, frame.line).strip()
        lines.append(f"  {frame}: {source}" if source else f"  {frame}")
    return encodable("\n".join(lines))[-MAX_TRACEBACK:]
