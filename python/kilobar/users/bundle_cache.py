"""Bundles on the disk of one machine: archives that have arrived, and the directories that they were unpacked to.

Any number of workers, of any number of runs, may use it at the same time without a word between them:

* a directory appears by a rename, so it is either whole or not there;
* who uses a bundle holds a shared lock on `<sha256>.lock`, and only who gets an exclusive one may remove it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from kilobar.errors import InputError
from kilobar.users.bundle import FILE_TIME_S, Bundle, BundledFile, digest_of, files_in

KEPT = 20
"""Bundles that are kept; the ones used last."""
KEPT_S = 600.0
"""Younger ones are kept in any case: the workers of a run that has just begun may not have opened theirs yet."""


def default_directory() -> Path:
    """`$XDG_CACHE_HOME/kilobar/bundles`, below `~/.cache` without that variable."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "kilobar" / "bundles"


class BundleCache:
    """The bundles of this machine. Those it has given out stay until it is closed."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or default_directory()
        self._locks: list[int] = []
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._directory, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Bundles may be removed from now on, as far as this object is concerned."""
        while self._locks:
            os.close(self._locks.pop())

    def store(self, bundle: Bundle) -> Path:
        """Writes an archive, and removes bundles that were not used for long. Raises InputError when it cannot."""
        archive = self._directory / f"{bundle.sha256}.tar"
        try:
            self._locks.append(self._share(bundle.sha256))
            if not archive.exists() or archive.stat().st_size != len(bundle.archive):
                with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".", delete=False) as stream:
                    stream.write(bundle.archive)
                os.replace(stream.name, archive)
            self._remove_old()
        except OSError as error:
            raise _unwritable(self._directory, error) from error
        return archive

    def unpack(self, archive: Path, sha256: str) -> Path:
        """The directory with the files of an archive. Raises InputError when the archive is not the one with that
        name, or there is no room.

        What an earlier run has changed in it is mended: two runs of the same code see the same files.
        """
        home = self._directory / sha256
        files = list(files_in(archive))
        if (found := digest_of(files)) != sha256:
            raise InputError(f"the bundle {archive} is not {sha256} but {found}", code="bundle")
        try:
            self._locks.append(self._share(sha256))
            if home.is_dir():
                for file in files:
                    if not _is_unchanged(home / file.path, file):
                        self._put(home, file)
                return home
            fresh = Path(tempfile.mkdtemp(dir=self._directory, prefix="."))
            for file in files:
                self._put(fresh, file)
            try:
                os.rename(fresh, home)
            except OSError:
                shutil.rmtree(fresh, ignore_errors=True)
                if not home.is_dir():
                    raise
        except OSError as error:
            raise _unwritable(self._directory, error) from error
        return home

    def _put(self, home: Path, file: BundledFile) -> None:
        """Writes one file so that nobody ever sees half of it."""
        path = home / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".", delete=False) as stream:
            stream.write(file.content)
        os.chmod(stream.name, file.mode)
        os.utime(stream.name, (FILE_TIME_S, FILE_TIME_S))
        os.replace(stream.name, path)

    def _share(self, sha256: str) -> int:
        """A descriptor with a shared lock, as long as which the bundle stays."""
        path = self._directory / f"{sha256}.lock"
        while True:
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(lock, fcntl.LOCK_SH)
            # Somebody may have removed the bundle, and with it this lock, before we had it.
            with contextlib.suppress(FileNotFoundError):
                if os.stat(path).st_ino == os.fstat(lock).st_ino:
                    os.utime(lock)
                    return lock
            os.close(lock)

    def _remove_old(self) -> None:
        locks = sorted(self._directory.glob("*.lock"), key=_used_s, reverse=True)
        for path in locks[KEPT:]:
            if time.time() - _used_s(path) > KEPT_S:
                self._remove(path)
        for leftover in self._directory.glob(".*"):
            if time.time() - _used_s(leftover) > KEPT_S:
                _delete(leftover)

    def _remove(self, path: Path) -> None:
        """Removes a bundle that nobody uses."""
        try:
            lock = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for victim in (path.with_suffix(""), path.with_suffix(".tar"), path):
                _delete(victim)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)


def _used_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_unchanged(path: Path, file: BundledFile) -> bool:
    try:
        found = path.stat(follow_symlinks=False)
    except OSError:
        return False
    return found.st_size == len(file.content) and found.st_mtime == FILE_TIME_S


def _unwritable(directory: Path, error: OSError) -> InputError:
    return InputError(
        f"cannot keep the code of users in {directory}: {error.strerror or error}",
        code="bundle",
        hint="make room there, or set XDG_CACHE_HOME to a directory that can be written",
    )
