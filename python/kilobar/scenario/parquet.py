"""Converts Parquet to JSON Lines, once for each content, because the engine reads rows and not columns."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path
from typing import Any

CONVERSION = 1
"""Part of the names in the cache: raised when the same content is to be written another way."""

BATCH_ROWS = 10_000
UNUSED_S = 30 * 24 * 3600
"""Converted files that nobody has used for so long are removed."""


class ParquetMissingError(Exception):
    """The library that reads Parquet is not installed."""

    hint = "install it: pip install 'kilobar[parquet]'"


class ParquetError(Exception):
    """The file is not Parquet, or has something that rows cannot have."""


def to_jsonl(path: str) -> str:
    """The path of a JSON Lines file with the same rows, in the user's cache directory.

    The file is read by batches, so it may be larger than memory. Raises ParquetMissingError, ParquetError and OSError.
    """
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
        arrow: Any = importlib.import_module("pyarrow")
    except ImportError:
        raise ParquetMissingError("Parquet files need pyarrow, which is not installed") from None
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "blake2b").hexdigest()[:32]
    directory = cache_directory()
    target = directory / f"{digest}-{CONVERSION}.jsonl"
    if target.exists():
        _mark_used(target)
        return str(target)
    directory.mkdir(parents=True, exist_ok=True)
    _remove_unused(directory)
    try:
        with parquet.ParquetFile(path) as source:
            _write(target, source)
    except arrow.ArrowException as error:
        raise ParquetError(str(error).splitlines()[0]) from error
    return str(target)


def cache_directory() -> Path:
    """Where converted files are."""
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base and os.path.isabs(base) else Path.home() / ".cache"
    return root / "kilobar" / "data"


def _write(target: Path, source: Any) -> None:
    """Under another name first, so that a file in the cache is always whole."""
    handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix="unfinished-")
    try:
        with open(handle, "w", encoding="utf-8") as out:
            for batch in source.iter_batches(batch_size=BATCH_ROWS):
                out.writelines(_lines(batch))
        os.replace(unfinished, target)
    except BaseException:
        os.unlink(unfinished)
        raise


def _lines(batch: Any) -> Iterator[str]:
    names = [json.dumps(name, ensure_ascii=False) for name in batch.schema.names]
    columns = [column.to_pylist() for column in batch.columns]
    for row in zip(*columns, strict=True):
        members = (f"{name}: {json_of(value)}" for name, value in zip(names, row, strict=True))
        yield f"{{{', '.join(members)}}}\n"


def json_of(value: Any) -> str:
    """The JSON form of a value of Parquet.

    Decimals keep their digits, times are ISO 8601, durations are seconds, bytes are text when they are UTF-8 and base64
    otherwise. A number that is not finite is null.
    """
    match value:
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case float():
            return json.dumps(value) if math.isfinite(value) else "null"
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time_of_day():
            return json.dumps(value.isoformat())
        case timedelta():
            return json.dumps(value.total_seconds())
        case bytes():
            return json.dumps(_text(value), ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(map(json_of, value))}]"
        case dict():
            members = (f"{json.dumps(str(key), ensure_ascii=False)}: {json_of(item)}" for key, item in value.items())
            return f"{{{', '.join(members)}}}"
        case _:
            raise ParquetError(f"a value of type {type(value).__name__} has no JSON form")


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _mark_used(path: Path) -> None:
    """By its access time: were it modified, a run that reads the file would fail."""
    with contextlib.suppress(OSError):
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def _remove_unused(directory: Path) -> None:
    for path in directory.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_atime > UNUSED_S:
                path.unlink()
