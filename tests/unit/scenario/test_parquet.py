import importlib
import json
import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kilobar.scenario import parquet
from kilobar.scenario.parquet import ParquetError, ParquetMissingError, cache_directory, json_of, to_jsonl


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kilobar" / "data"


def write(path: Path, columns: dict[str, list[Any]], row_group_size: int = 2) -> Path:
    arrow = pytest.importorskip("pyarrow")
    importlib.import_module("pyarrow.parquet").write_table(arrow.table(columns), path, row_group_size=row_group_size)
    return path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345678901234567890, "12345678901234567890"),
        (True, "true"),
        (None, "null"),
        (0.1, "0.1"),
        (float("nan"), "null"),
        ("é\n", '"é\\n"'),
        (Decimal("1.50"), "1.50"),
        (b"abc", '"abc"'),
        (b"\xff", '"/w=="'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05+00:00"'),
        (timedelta(seconds=90), "90.0"),
        ([1, {"a": Decimal("2.0")}], '[1, {"a": 2.0}]'),
    ],
)
def test_values_have_a_json_form(value: Any, text: str) -> None:
    assert json_of(value) == text
    json.loads(text)


def test_other_values_are_refused_and_not_guessed() -> None:
    with pytest.raises(ParquetError, match="complex"):
        json_of(1j)


def test_rows_come_in_the_order_of_the_file_over_all_row_groups(tmp_path: Path) -> None:
    source = write(tmp_path / "a.parquet", {"id": list(range(5)), "name": list("abcde")})
    lines = Path(to_jsonl(str(source))).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"id": id_, "name": "abcde"[id_]} for id_ in range(5)]


def test_the_same_content_is_converted_once_and_its_file_is_not_modified_by_using_it(tmp_path: Path) -> None:
    source = write(tmp_path / "a.parquet", {"id": [1, 2]})
    first = Path(to_jsonl(str(source)))
    os.utime(first, ns=(1, 1))
    copy = tmp_path / "b.parquet"
    copy.write_bytes(source.read_bytes())
    assert to_jsonl(str(copy)) == str(first)
    assert first.stat().st_mtime_ns == 1
    assert first.stat().st_atime_ns > 1
    other = write(tmp_path / "a.parquet", {"id": [1, 3]})
    assert to_jsonl(str(other)) != str(first)


def test_converted_files_that_nobody_uses_are_removed(tmp_path: Path, cache: Path) -> None:
    first = Path(to_jsonl(str(write(tmp_path / "a.parquet", {"id": [1]}))))
    os.utime(first, (1, 1))
    second = Path(to_jsonl(str(write(tmp_path / "a.parquet", {"id": [2]}))))
    assert list(cache.iterdir()) == [second]


def test_what_is_not_parquet_is_refused_and_leaves_nothing_behind(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("pyarrow")
    source = tmp_path / "a.parquet"
    source.write_bytes(b"PAR1 no, it is not")
    with pytest.raises(ParquetError):
        to_jsonl(str(source))
    assert list(cache.iterdir()) == []


def test_without_the_library_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(parquet.importlib, "import_module", missing)
    with pytest.raises(ParquetMissingError) as caught:
        to_jsonl("a.parquet")
    assert caught.value.hint == "install it: pip install 'kilobar[parquet]'"


def test_the_cache_is_where_the_desktop_says_or_in_the_home_directory(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_directory() == cache
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / ".cache" / "kilobar" / "data"
