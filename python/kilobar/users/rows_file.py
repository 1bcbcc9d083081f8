"""`kilobar.rows("users.csv")`: rows of a file, read as they are needed."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from kilobar.errors import InputError


class RowsFile:
    """Rows of a file: dicts of `.csv`, `.jsonl` and `.json`, lines of `.txt`. Iterating again begins again.

    Iterating raises InputError with file and line for what is no row.
    """

    __slots__ = ("_path", "_read")

    def __init__(self, path: str) -> None:
        self._path = path
        suffix = os.path.splitext(path)[1].lower()
        reader = _READERS.get(suffix)
        if reader is None:
            raise InputError(f"rows({path!r}): no reader for `{suffix}`", hint=f"known are {', '.join(_READERS)}")
        self._read = reader

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._read(self._path)
        except UnicodeDecodeError as error:
            raise InputError(f"{self._path} is not UTF-8: {error.reason}", hint="save it as UTF-8") from error
        except OSError as error:
            raise InputError(f"{self._path} cannot be read: {error.strerror or error}") from error


def rows(path: str | os.PathLike[str]) -> RowsFile:
    """The rows of a file; a relative path is looked for beside the file that calls this, then where the run started.

    Raises InputError when there is no such file, or none that can be read as rows.
    """
    path = os.path.expanduser(os.fspath(path))
    caller = os.path.dirname(os.path.abspath(sys._getframe(1).f_code.co_filename))
    places = list(dict.fromkeys(os.path.join(directory, path) for directory in (caller, os.getcwd())))
    found = next((place for place in places if os.path.isfile(place)), None)
    if found is None:
        raise InputError(f"rows({path!r}): there is no such file", hint=f"looked for: {', '.join(places)}")
    return RowsFile(found)


def _csv(path: str) -> Iterator[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        try:
            for row in reader:
                if None in row or None in row.values():
                    columns = len(reader.fieldnames or ())
                    raise InputError(f"{path}:{reader.line_num}: the row has not {columns} fields, as the header has")
                yield row
        except csv.Error as error:
            raise InputError(f"{path}:{reader.line_num}: {error}") from error


def _jsonl(path: str) -> Iterator[Any]:
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _parsed(line.strip(), path, number)


def _json(path: str) -> Iterator[Any]:
    with open(path, encoding="utf-8-sig") as file:
        document = _parsed(file.read(), path, 1)
    if not isinstance(document, list):
        raise InputError(f"{path} holds no list", hint="write a list of objects: [{...}, {...}]")
    yield from document


def _txt(path: str) -> Iterator[str]:
    with open(path, encoding="utf-8-sig") as file:
        for line in file:
            if text := line.rstrip("\r\n"):
                yield text


def _parsed(text: str, path: str, line: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        within = error.lineno - 1 if isinstance(error, json.JSONDecodeError) else 0
        raise InputError(f"{path}:{line + within}: it is not JSON: {what}") from error


_READERS: dict[str, Callable[[str], Iterator[Any]]] = {".csv": _csv, ".jsonl": _jsonl, ".json": _json, ".txt": _txt}
