"""Lowers the data sets of a scenario: finds their files, reads every row once, says what is wrong with them."""

from __future__ import annotations

import csv
import json
import math
import os.path
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from kilobar.errors import Place
from kilobar.model.data import Csv, DataFile, DataFormat, DataSet, Exhausted, InlineRows, Jsonl, Pick, RowPer
from kilobar.model.plan import Stage
from kilobar.scenario.findings import Findings, listing, shorten
from kilobar.scenario.parquet import ParquetError, ParquetMissingError, to_jsonl
from kilobar.scenario.yaml_nodes import Scalar

MAX_COLUMNS = 1_000
"""As in `crates/core/src/data/format.rs`."""

FileFormat = Literal["csv", "jsonl", "parquet"]
ENDINGS: dict[str, tuple[FileFormat, str]] = {
    ".csv": ("csv", ","),
    ".tsv": ("csv", "\t"),
    ".tab": ("csv", "\t"),
    ".jsonl": ("jsonl", ","),
    ".ndjson": ("jsonl", ","),
    ".parquet": ("parquet", ","),
}
"""Ending -> format and delimiter."""

Inspect: TypeAlias = Callable[[str, str, list[str]], tuple[list[str], int, int]]
"""`_native.inspect_data`: path, format and columns -> columns, rows, bytes."""


class InlineRow(NamedTuple):
    """A row in the scenario itself."""

    place: Place
    values: tuple[tuple[Scalar, str], ...]
    """Column and value in its JSON form."""
    secret: frozenset[str] = frozenset()
    """Columns whose values come from the environment."""


class DataInput(NamedTuple):
    """A data set as it was written. Defaults that depend on other keys are None."""

    place: Place
    file: Scalar | None = None
    rows: tuple[InlineRow, ...] | None = None
    format: FileFormat | None = None
    columns: tuple[Scalar, ...] = ()
    delimiter: Scalar | None = None
    pick: Pick = "sequential"
    per: RowPer = "iteration"
    when_exhausted: Exhausted | None = None


class Demand(NamedTuple):
    """How many numbers a load deals rows to, at least."""

    iterations: int
    users: int

    @staticmethod
    def of(load: Sequence[Stage]) -> Demand:
        """What a load needs when nothing goes wrong; a user of a closed stage has one iteration or more."""
        rates = [stage for stage in load if stage.kind == "rate"]
        arrivals = math.fsum((stage.start + stage.end) / 2 * stage.duration_ns / 1e9 for stage in rates)
        users = max((max(stage.start, stage.end) for stage in load if stage.kind == "users"), default=0.0)
        return Demand(iterations=math.floor(arrivals + 1e-6) + math.floor(users), users=math.floor(users))


def lower_data(name: str, data: DataInput, directory: str, inspect: Inspect, findings: Findings) -> DataSet | None:
    """The data set of the plan, or None after an error. Files are relative to `directory`."""
    return _Lowering(name, data, directory, inspect, findings).lowered()


def check_demand(data: DataSet, place: Place, demand: Demand, findings: Findings) -> None:
    """Warns when unique rows cannot be enough for the load."""
    if data.pick != "unique" or data.when_exhausted == "recycle":
        return
    needed, what = (demand.users, "users") if data.per == "user" else (demand.iterations, "iterations")
    if data.source.rows < needed:
        ends = "users end" if data.when_exhausted == "stop" else "iterations fail"
        message = f"`{data.name}` has {data.source.rows:,} rows, the load has at least {needed:,} {what}"
        hint = f"{ends} when no row is left; add rows, ask for less load or set `when_exhausted: recycle`"
        findings.warning("data-too-short", message, place, hint)


class _Lowering:
    def __init__(self, name: str, data: DataInput, directory: str, inspect: Inspect, findings: Findings) -> None:
        self._name = name
        self._data = data
        self._directory = directory
        self._inspect = inspect
        self._findings = findings
        self._file_place = data.file.place if data.file else data.place

    def lowered(self) -> DataSet | None:
        data = self._data
        when_exhausted = self._when_exhausted()
        if (data.file is None) == (data.rows is None):
            self._error("conflicting-keys", "rows come either from `file` or from `rows`", "give exactly one of them")
            return None
        if not self._columns_are_good():
            return None
        found = self._file(data.file) if data.file else self._inline(data.rows or ())
        if found is None or when_exhausted is None:
            return None
        source, columns = found
        return DataSet(self._name, source, columns, data.pick, data.per, when_exhausted)

    def _error(self, code: str, message: str, hint: str | None, place: Place | None = None) -> None:
        self._findings.error(code, f"data `{self._name}`: {message}", place or self._data.place, hint)

    def _when_exhausted(self) -> Exhausted | None:
        pick, given = self._data.pick, self._data.when_exhausted
        if given is None:
            return "stop" if pick == "unique" else "recycle"
        if pick in ("shuffle", "random") and given != "recycle":
            hint = "leave it away, or use `pick: unique` or `pick: sequential`"
            self._error(
                "conflicting-keys", f"`pick: {pick}` never runs out of rows, so `when_exhausted` says nothing", hint
            )
            return None
        return given

    def _columns_are_good(self) -> bool:
        seen: dict[str, Place] = {}
        good = True
        for column in self._data.columns:
            if not column.text:
                self._error("data-columns", "a column has no name", None, column.place)
            elif column.text in seen:
                hint = f"it was first named at line {seen[column.text].line}"
                self._error("data-columns", f"a second column is named `{shorten(column.text)}`", hint, column.place)
            else:
                seen[column.text] = column.place
                continue
            good = False
        if len(self._data.columns) > MAX_COLUMNS:
            self._error("data-columns", f"more than {MAX_COLUMNS:,} columns", None)
            good = False
        return good

    def _inline(self, rows: tuple[InlineRow, ...]) -> tuple[InlineRows, tuple[str, ...]] | None:
        for key in ("format", "columns", "delimiter"):
            if getattr(self._data, key):
                self._error("conflicting-keys", f"`{key}` is for files; rows in the scenario have names", "remove it")
                return None
        if not rows or not rows[0].values:
            self._error("data-rows", "there are no rows", "add rows, or remove the data set")
            return None
        columns = tuple(column.text for column, _ in rows[0].values)
        values = []
        for number, row in enumerate(rows, start=1):
            given = {column.text: value for column, value in row.values}
            missing = [column for column in columns if column not in given]
            extra = [column for column, _ in row.values if column.text not in columns]
            if missing:
                message = f"row {number} has no {listing(shorten(column) for column in missing[:5])}, row 1 has"
                self._error("data-columns", message, "give every row the same keys", row.place)
                return None
            if extra:
                message = f"row {number} has `{shorten(extra[0].text)}`, row 1 has not"
                self._error("data-columns", message, "give every row the same keys", extra[0].place)
                return None
            values.append(tuple(given[column] for column in columns))
        secret = frozenset[str]().union(*(row.secret for row in rows))
        secret_columns = tuple(index for index, column in enumerate(columns) if column in secret)
        return InlineRows(tuple(values), secret_columns), columns

    def _file(self, file: Scalar) -> tuple[DataFile, tuple[str, ...]] | None:
        path = os.path.abspath(os.path.join(self._directory, file.text))
        chosen = self._format(file.text)
        if chosen is None or not self._is_readable(path):
            return None
        kind, delimiter = chosen
        columns = [column.text for column in self._data.columns]
        if kind == "parquet":
            converted = self._converted(path)
            if converted is None:
                return None
            path = converted
        format_ = Csv(delimiter, header=not columns) if kind == "csv" else Jsonl()
        found = self._inspected(path, format_, columns)
        if found is None:
            return None
        names, rows, size = found
        if isinstance(format_, Csv):
            good = self._is_without_header(path, delimiter, columns) if columns else self._delimiter_is_plausible(names)
            if not good:
                return None
        return DataFile(path, format_, rows, size), tuple(names)

    def _format(self, path: str) -> tuple[FileFormat, str] | None:
        """The kind of file and its delimiter."""
        ending = os.path.splitext(path)[1].lower()
        by_ending = ENDINGS.get(ending)
        kind = self._data.format or (by_ending and by_ending[0])
        if kind is None:
            message = f"the ending of `{shorten(path)}` does not say what it is"
            hint = f"add `format: csv`, `jsonl` or `parquet`; known endings: {', '.join(ENDINGS)}"
            self._error("data-format", message, hint, self._file_place)
            return None
        if self._data.delimiter is None:
            return kind, by_ending[1] if by_ending and kind == "csv" else ","
        given = self._data.delimiter
        text = "\t" if given.text in ("tab", "\\t") else given.text
        if kind != "csv":
            self._error("conflicting-keys", f"`delimiter` is for CSV, not {kind}", "remove it", given.place)
            return None
        if len(text) != 1 or not text.isascii() or text in '"\r\n\0':
            hint = 'write one ASCII character, such as ";" or "\\t"'
            self._error("data-format", f"`{shorten(given.text)}` cannot be a delimiter", hint, given.place)
            return None
        return kind, text

    def _is_readable(self, path: str) -> bool:
        if os.path.exists(path) and not os.path.isfile(path):
            self._error("data-unreadable", f"{shorten(path, 200)} is not a file", None, self._file_place)
        elif not os.path.exists(path):
            hint = "the path is relative to the scenario"
            self._error("data-unreadable", f"there is no file {shorten(path, 200)}", hint, self._file_place)
        else:
            return True
        return False

    def _converted(self, path: str) -> str | None:
        try:
            return to_jsonl(path)
        except ParquetMissingError as error:
            self._error("data-format", str(error), error.hint, self._file_place)
        except ParquetError as error:
            self._error("data-rows", f"{shorten(path, 200)}: {error}", None, self._file_place)
        except OSError as error:
            self._error(
                "data-unreadable", f"cannot convert {shorten(path, 200)}: {error.strerror}", None, self._file_place
            )
        return None

    def _inspected(self, path: str, format_: DataFormat, columns: list[str]) -> tuple[list[str], int, int] | None:
        try:
            return self._inspect(path, json.dumps(format_.to_json()), columns)
        except OSError as error:
            reason = error.strerror or str(error)
            self._error("data-unreadable", f"cannot read {shorten(path, 200)}: {reason}", None, self._file_place)
        except ValueError as error:
            message, hint, line, column = error.args
            where = Place(path, line, column) if line else self._file_place
            at = f"; {self._file_place} uses this file" if line else ""
            self._findings.error("data-rows", f"data `{self._name}`: {message}{at}", where, hint)
        return None

    def _is_without_header(self, path: str, delimiter: str, columns: list[str]) -> bool:
        """False, with an error, when the first line of the file is just the names of the columns."""
        with open(path, newline="", encoding="utf-8-sig") as file:
            try:
                first = next(csv.reader(file, delimiter=delimiter), [])
            except csv.Error:  # Python limits the length of a value; names are shorter
                return True
        if first != columns:
            return True
        hint = "remove `columns`: the first line of the file names them already"
        place = self._data.columns[0].place
        self._error("data-columns", "`columns` and the first line of the file are the same", hint, place)
        return False

    def _delimiter_is_plausible(self, names: list[str]) -> bool:
        """False, with an error, when the delimiter was not given and another one stands in the only name."""
        other = next((mark for mark in ";\t|" if mark in names[0]), None)
        if self._data.delimiter is not None or len(names) > 1 or other is None:
            return True
        written = "\\t" if other == "\t" else other
        message = f"there is only one column, named `{shorten(names[0])}`"
        self._error("data-columns", message, f'set `delimiter: "{written}"`; or "," when this is right')
        return False
