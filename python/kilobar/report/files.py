"""Writing a report so that a file is either whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from kilobar.errors import OutputError


def write_text_atomically(path: str | Path, text: str) -> None:
    """Writes `text` as UTF-8 to `path`, whole or not at all.

    It goes to a temporary file in the same directory first, reaches the disk, and then takes the place of an older
    file, which stays as it was when anything fails. Symbolic links are followed; pipes and devices are written to
    directly, because a file must not take their place. Raises OutputError that names the path.
    """
    # Bytes of a response that are no text arrive here as lone surrogates, which UTF-8 cannot hold.
    data = text.encode("utf-8", "backslashreplace")
    target = os.path.realpath(path)
    try:
        older = _status(target)
        if older is not None and stat.S_ISDIR(older.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if older is not None and not stat.S_ISREG(older.st_mode):
            Path(target).write_bytes(data)
            return
        _replace(target, data, None if older is None else stat.S_IMODE(older.st_mode))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", hint=_hint(error)) from error


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _replace(target: str, data: bytes, mode: int | None) -> None:
    directory, name = os.path.split(target)
    temporary = os.path.join(directory, f".{name[:100]}.{os.getpid()}.part")
    try:
        # What a killed process of the same number left behind is of no use to anybody.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_directory(directory)


def _sync_directory(directory: str) -> None:
    """Makes the new name survive a power cut, where the file system can promise that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _hint(error: OSError) -> str | None:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "create its directory first"
        case PermissionError():
            return "choose a directory you may write to"
        case IsADirectoryError():
            return "give the name of a file"
        case OSError(errno=errno.ENOSPC):
            return "the disk is full: free some space or choose another disk"
        case _:
            return None
