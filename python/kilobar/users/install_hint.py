"""What went wrong in somebody's code, as an error of a user: what, where, what to do."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from kilobar.errors import InputError

MAX_WORDS = 1_000
MAX_FRAMES = 6

_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep

DISTRIBUTIONS = {
    "Crypto": "pycryptodome",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "faker": "Faker",
    "google.protobuf": "protobuf",
    "grpc": "grpcio",
    "grpc_tools": "grpcio-tools",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "locust_plugins": "locust-plugins",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "websocket": "websocket-client",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Modules whose package has another name."""

EXTRAS = {"locust": "locust", "gevent": "locust", "geventhttpclient": "locust", "pyarrow": "parquet"}
"""Modules that an extra of Kilobar brings."""


def failure_of(error: BaseException, doing: str) -> InputError:
    """The error of a user that `error`, raised by user code while `doing`, amounts to. `doing` is such as
    `importing load.py`."""
    if isinstance(error, InputError):
        return error
    hint: str | None
    if isinstance(error, SystemExit):
        what, hint = _words_of_exit(error), "code that is pressed must not end its process while it is imported"
    elif isinstance(error, ModuleNotFoundError) and error.name:
        what, hint = f"{type(error).__name__}: {error}", _install_hint(error.name)
    elif isinstance(error, SyntaxError):
        what = f"{error.filename}:{error.lineno or 1}:{error.offset or 1}: {error.msg}"
        return InputError(f"{doing} failed: {what}", code="code-syntax")
    else:
        what, hint = words_of(error), _hint_of(error)
    frames = user_frames(error)
    where = f" ({os.path.relpath(frames[-1].filename)}:{frames[-1].lineno} in {frames[-1].name})" if frames else ""
    tail = "".join(
        f"\n    {os.path.relpath(f.filename)}:{f.lineno} in {f.name}: {f.line}" for f in frames[-MAX_FRAMES:]
    )
    return InputError(f"{doing} failed: {what}{where}{tail}", code="code-failed", hint=hint)


def words_of(error: BaseException) -> str:
    """`TypeError: text`, bounded; never raises, whatever the error's own methods do."""
    try:
        words = f"{type(error).__name__}: {error}"
    except BaseException:  # user code again: its own __str__
        words = type(error).__name__
    # A lone surrogate has no form in UTF-8, in which the words go on.
    return words[:MAX_WORDS].encode("utf-8", "replace").decode()


def user_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames that are not Kilobar's and not the import machinery's, outermost first."""
    return [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((_PACKAGE, "<frozen importlib"))
    ]


def _words_of_exit(error: SystemExit) -> str:
    if error.code is None or isinstance(error.code, int):
        return f"sys.exit({'' if error.code is None else error.code}) was called"
    return f"sys.exit() was called: {str(error.code)[:MAX_WORDS]}"


def _install_hint(name: str) -> str:
    top = name.partition(".")[0]
    if top in EXTRAS:
        return f"pip install 'kilobar[{EXTRAS[top]}]'"
    if Path("src", top).exists() or Path("src", f"{top}.py").exists():
        return f"`{top}` is in {os.path.abspath('src')}, which is not looked into: pip install -e ."
    if "." in name and name not in DISTRIBUTIONS and _is_there(top):
        return f"`{top}` is installed but has no `{name}`: check the name, or install another version of `{top}`"
    return f"pip install {DISTRIBUTIONS.get(name) or DISTRIBUTIONS.get(top) or top.replace('_', '-')}"


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _hint_of(error: BaseException) -> str | None:
    if isinstance(error, FileNotFoundError):
        return f"relative paths start in {os.getcwd()}"
    return None
