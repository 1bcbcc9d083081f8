"""Writes `files` (and the fields beside them) as a `multipart/form-data` body."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TypeAlias, cast

from kilobar.errors import InputError

Content: TypeAlias = "os.PathLike[str] | bytes"
File: TypeAlias = "Content | tuple[str, Content | str] | tuple[str, Content | str, str]"
"""A file on disk, bytes, or (filename, content) or (filename, content, type)."""

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Of one file: requests are held in memory as a whole, once for every user that sends one."""

HINT = 'give pathlib.Path("photo.png"), bytes, or ("photo.png", content, "image/png")'


def multipart(fields: Iterable[tuple[str, str]], files: Mapping[str, File]) -> tuple[str, bytes]:
    """The content type, boundary included, and the body. Raises InputError."""
    parts: list[tuple[str, bytes]] = []
    for name, value in fields:
        parts.append((f'content-disposition: form-data; name="{_quoted(name)}"', value.encode()))
    for name, file in files.items():
        filename, content, content_type = _file(name, file)
        place = f'content-disposition: form-data; name="{_quoted(name)}"; filename="{_quoted(filename)}"'
        parts.append((f"{place}\r\ncontent-type: {content_type}", content))
    boundary = _free_boundary(parts)
    body = bytearray()
    for head, content in parts:
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode()
        body += content
        body += b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", bytes(body)


def _file(name: str, file: object) -> tuple[str, bytes, str]:
    filename: str | None = None
    content_type: str | None = None
    content = file
    if isinstance(file, tuple):
        if (
            len(file) not in (2, 3)
            or not isinstance(file[0], str)
            or not isinstance(file[-1], str | bytes | os.PathLike)
        ):
            raise _refused(name, file)
        filename, content = file[0], file[1]
        content_type = file[2] if len(file) == 3 else None
        if isinstance(content, str):
            content = content.encode()
    if isinstance(content, os.PathLike):
        path = cast("os.PathLike[str]", content)
        filename = filename or os.path.basename(os.fspath(path))
        content = _read(name, path)
    if not isinstance(content, bytes | bytearray) or not isinstance(content_type, str | None):
        raise _refused(name, file)
    if content_type is not None and ("\r" in content_type or "\n" in content_type):
        raise _refused(name, file)
    filename = filename or name
    return filename, bytes(content), content_type or _guessed_type(filename)


def _read(name: str, path: os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        message = f"the file `{os.fspath(path)}` of `files[{name!r}]` cannot be read: {error.strerror}"
        raise InputError(message, hint="a relative path starts at the directory of the user code") from error
    if len(content) > MAX_FILE_BYTES:
        limit = f"{MAX_FILE_BYTES // (1024 * 1024)} MiB"
        raise InputError(f"the file `{os.fspath(path)}` is larger than {limit}", hint="send a smaller one")
    return content


def _refused(name: str, file: object) -> InputError:
    return InputError(f"`files[{name!r}]` is no file but {type(file).__name__}", hint=HINT)


def _guessed_type(filename: str) -> str:
    import mimetypes

    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _quoted(text: str) -> str:
    """As browsers write names: what would end the quotes or the line is percent-encoded."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _free_boundary(parts: list[tuple[str, bytes]]) -> str:
    while True:
        boundary = f"kilobar-{_token()}"
        wanted = boundary.encode()
        if not any(wanted in content for _, content in parts):
            return boundary


def _token() -> str:
    return os.urandom(12).hex()
