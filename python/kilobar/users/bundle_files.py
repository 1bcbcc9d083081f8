"""Which files belong to user code: everything in its directory that is not hidden, generated or ignored."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from kilobar.errors import InputError

MAX_FILES = 5_000
MAX_BYTES = 64 * 1024 * 1024
IGNORE_FILE = ".kilobarignore"
PROJECT_FILES = ("pyproject.toml", "setup.cfg", "pytest.ini")
MARKERS = (*PROJECT_FILES, ".git")
"""What stands at the top of a project."""

_MAX_IGNORE_BYTES = 64 * 1024
_LOOKED_AT = 20 * MAX_FILES
"""So many files are counted to say which directory is too large; then it is too large anyway."""
_GENERATED = frozenset(("__pycache__", "node_modules", "venv", "env", "site-packages"))
_OUTPUTS = frozenset(("target", "dist", "build"))
"""Left out too, unless they are packages."""
_GENERATED_FILES = (".pyc", ".pyo")


@dataclass(slots=True)
class BundleFiles:
    """What was found below a directory."""

    root: Path
    paths: list[str] = field(default_factory=list)
    """Relative to the root, with slashes, sorted."""
    links: list[str] = field(default_factory=list)
    """Symbolic links that lead out of the root, or nowhere: they are left out."""


def root_of(file: Path, *, whole_project: bool = False) -> Path:
    """The directory of the code that `file` belongs to: the nearest one with a project in it, at or below the current
    directory, or else the file's own. `whole_project` looks above the current directory too, as pytest does, but not
    for a repository, which may hold much more."""
    directory = file.resolve().parent
    here = Path.cwd().resolve()
    for candidate in (directory, *directory.parents):
        is_above = here != candidate and here not in candidate.parents
        if is_above and not whole_project:
            break
        if any((candidate / marker).exists() for marker in (PROJECT_FILES if is_above else MARKERS)):
            return candidate
    return directory


def bundle_files(root: Path) -> BundleFiles:
    """The files of a directory. Raises InputError when there are too many, they are too large or cannot be read."""
    files = BundleFiles(root)
    patterns = _patterns(root / IGNORE_FILE)
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    try:
        for path, size_bytes in _walk(root.resolve(), root, "", patterns, (), files.links):
            files.paths.append(path)
            top = path.split("/", 1)[0] + ("/" if "/" in path else "")
            counts[top] += 1
            sizes[top] += size_bytes
            if counts.total() > _LOOKED_AT:
                break
    except OSError as error:
        raise InputError(
            f"cannot read {error.filename or root}, which lies beside the code: {error.strerror or error}",
            code="bundle",
            hint=f"make it readable, or name it in {root / IGNORE_FILE}",
        ) from error
    if counts.total() > MAX_FILES or sizes.total() > MAX_BYTES:
        raise _too_large(root, counts, sizes)
    files.paths.sort()
    return files


def _walk(
    top: Path, directory: Path, prefix: str, patterns: list[str], ancestors: tuple[str, ...], links: list[str]
) -> Iterator[tuple[str, int]]:
    """(path, size in bytes) of each file, directories by name, so that what is said does not depend on the disk."""
    real = os.path.realpath(directory)
    if real in ancestors:
        return
    with os.scandir(directory) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if entry.name.startswith(".") or _is_ignored(path, entry.name, patterns):
            continue
        if entry.is_symlink() and not _leads_inside(top, entry.path):
            links.append(path)
        elif entry.is_dir():
            if not _is_generated(entry):
                yield from _walk(top, Path(entry.path), f"{path}/", patterns, (*ancestors, real), links)
        elif entry.is_file() and not entry.name.endswith(_GENERATED_FILES):
            yield path, entry.stat().st_size


def _leads_inside(top: Path, link: str) -> bool:
    target = Path(os.path.realpath(link))
    return target.exists() and (target == top or top in target.parents)


def _is_generated(entry: os.DirEntry[str]) -> bool:
    if entry.name in _OUTPUTS:
        return not os.path.exists(os.path.join(entry.path, "__init__.py"))
    return (
        entry.name in _GENERATED
        or entry.name.endswith(".egg-info")
        or os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
    )


def _patterns(file: Path) -> list[str]:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            lines = stream.read(_MAX_IGNORE_BYTES).splitlines()
    except FileNotFoundError:
        return []
    return [line.strip().rstrip("/") for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _is_ignored(path: str, name: str, patterns: list[str]) -> bool:
    """A pattern with a slash in it is meant for the whole path, another one for a name anywhere."""
    return any(fnmatchcase(path if "/" in one else name, one.removeprefix("/")) for one in patterns)


def _too_large(root: Path, counts: Counter[str], sizes: Counter[str]) -> InputError:
    is_many = counts.total() > MAX_FILES
    order = counts if is_many else sizes
    largest = ", ".join(
        f"{top} ({counts[top]:,} {'file' if counts[top] == 1 else 'files'}, {_mib(sizes[top])})"
        for top, _ in order.most_common(5)
    )
    more = "more than " if counts.total() > _LOOKED_AT else ""
    what = (
        f"{more}{counts.total():,} files; at most {MAX_FILES:,} are sent to workers"
        if is_many
        else f"{_mib(sizes.total())}; at most {_mib(MAX_BYTES)} are sent to workers"
    )
    example = order.most_common(1)[0][0]
    return InputError(
        f"the code directory {root} holds {what}. The largest entries: {largest}",
        code="bundle",
        hint=f"name what is not needed in {root / IGNORE_FILE}, one pattern a line, such as {example}",
    )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 1024 / 1024:,.1f} MiB"
