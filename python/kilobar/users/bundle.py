"""The code of users and its data files as one archive, named by what is in it: the same bytes are the same bundle on
every machine, and nothing else is."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Self

from kilobar.errors import InputError
from kilobar.users.bundle_files import IGNORE_FILE, MAX_BYTES, MAX_FILES, bundle_files

FILE_TIME_S = 1_000_000_000
"""Of every file: when it was changed is no part of its content."""


class BundledFile(NamedTuple):
    """One file of a bundle."""

    path: str
    mode: int
    """0o644, or 0o755 for a program."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """A directory of code, packed."""

    sha256: str
    """Over the sorted paths, modes and contents, in hexadecimal."""
    archive: bytes
    """A tar file, the same for the same content."""
    left_out: tuple[str, ...] = ()
    """Symbolic links that lead out of the directory."""

    @classmethod
    def of(cls, root: Path, required: str | None = None) -> Self:
        """Packs a directory. Raises InputError when it is too large or cannot be read, or when `required`, a file in
        it, would be left out."""
        found = bundle_files(root)
        if required is not None and required not in found.paths:
            raise InputError(
                f"{root / required} is left out of what is sent to workers",
                code="bundle",
                hint=f"hidden and generated directories are, and what {root / IGNORE_FILE} names",
            )
        files = [_read(root, path) for path in found.paths]
        return cls(digest_of(files), _pack(files), tuple(found.links))


def digest_of(files: Iterable[BundledFile]) -> str:
    """The name of the bundle with these files, in hexadecimal."""
    whole = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.content).hexdigest()
        whole.update(f"{file.path}\0{file.mode:o}\0{content}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def files_in(archive: Path) -> Iterator[BundledFile]:
    """The files of an archive, whoever wrote it. Raises InputError for one that could not be a bundle: a path that
    leads out of its directory, a link, too much of anything, no archive at all."""
    seen: set[str] = set()
    size_bytes = 0
    try:
        with tarfile.open(archive, "r:", encoding="utf-8", errors="surrogateescape") as tar:
            for member in tar:
                size_bytes += member.size
                if len(seen) >= MAX_FILES or size_bytes > MAX_BYTES:
                    raise InputError(f"the bundle {archive} is over its limits", code="bundle")
                if not member.isreg() or not _is_safe(member.name) or member.name in seen:
                    raise InputError(f"the bundle {archive} has the entry {member.name!r}", code="bundle")
                seen.add(member.name)
                stream = tar.extractfile(member)
                assert stream is not None
                yield BundledFile(member.name, _mode(member.mode), stream.read())
    except (OSError, tarfile.TarError, EOFError) as error:
        raise InputError(f"the bundle {archive} cannot be read: {error}", code="bundle") from error


def _is_safe(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path


def _read(root: Path, path: str) -> BundledFile:
    try:
        with open(root / path, "rb") as stream:
            content = stream.read(MAX_BYTES + 1)
            mode = os.fstat(stream.fileno()).st_mode
    except OSError as error:
        raise InputError(
            f"cannot read {root / path}, which lies beside the code: {error.strerror or error}",
            code="bundle",
            hint=f"make it readable, or name it in {root / IGNORE_FILE}",
        ) from error
    return BundledFile(path, _mode(mode), content)


def _mode(mode: int) -> int:
    return 0o755 if mode & 0o111 else 0o644


def _pack(files: Iterable[BundledFile]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for file in sorted(files):
            member = tarfile.TarInfo(file.path)
            member.size, member.mode, member.mtime = len(file.content), file.mode, FILE_TIME_S
            tar.addfile(member, io.BytesIO(file.content))
    return buffer.getvalue()
