"""CSV data sets and user parameters of JMeter -> data, and the variables that are columns of it."""

from __future__ import annotations

import csv
import io
import re

from kilobar.importers.files import Files
from kilobar.importers.jmx_texts import Texts
from kilobar.importers.jmx_tree import Node, Properties
from kilobar.importers.names import variable_name
from kilobar.importers.outcome import Notes
from kilobar.importers.source import Source
from kilobar.model.scenario import Data, JsonValue, Scenario, Text

MAX_COLUMNS = 1_000
MAX_ROWS = 1_000
_HEAD_BYTES = 65_536
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UTF8 = ("", "utf-8", "utf8", "us-ascii", "ascii")


class JmxData:
    """Converts one data set after another."""

    def __init__(self, source: Source, notes: Notes, files: Files, texts: Texts, scenario: Scenario) -> None:
        self._source = source
        self._notes = notes
        self._files = files
        self._texts = texts
        self._scenario = scenario

    def csv(self, node: Node) -> dict[str, Text]:
        """Adds the data set; variable -> expression of its column."""
        properties = node.properties
        path = self._path(properties.text("filename").strip())
        delimiter = self._delimiter(properties)
        given = properties.text("variableNames").strip()
        names = [name.strip() for name in given.split("," if "," in given else delimiter)] if given else []
        names = names[:MAX_COLUMNS]
        data = Data(delimiter=None if delimiter == "," else delimiter)
        self._sharing(data, properties)
        if properties.text("fileEncoding").strip().lower() not in _UTF8:
            self._notes.add("the file must be in UTF-8", "fileEncoding")
        if not self._files.is_there(path):
            return self._stand_in(node, data, names, path)
        data.file = path
        if not path.lower().endswith(".csv"):
            data.format = "csv"
        head = self._head(path, delimiter)
        if names and not properties.flag("ignoreFirstLine"):
            columns = _unique(names + [f"column {n + 1}" for n in range(len(names), len(head))])
            data.columns = columns
        else:
            columns = head
            names = names or head
        if len(columns) < len(names):
            self._notes.add(f"the file has {len(columns)} columns for {len(names)} variables", "variableNames")
        return self._add(f"{_stem(path)}.csv", data, names, columns)

    def parameters(self, node: Node) -> dict[str, Text]:
        """User parameters: every user has one of the rows."""
        names = [name.strip() for name in node.properties.texts("UserParameters.names")][:MAX_COLUMNS]
        columns = _unique(names)
        data = Data(per="user", pick="sequential", when_exhausted="recycle")
        for row in node.properties.collection("UserParameters.thread_values")[:MAX_ROWS]:
            if isinstance(row, list):
                values = [value if isinstance(value, str) else "" for value in row]
                values += [""] * (len(columns) - len(values))
                data.rows.append({c: self._constant(n, v) for c, n, v in zip(columns, names, values, strict=False)})
        if not data.rows or not columns:
            self._notes.add("there are no values in it; left out")
            return {}
        return self._add(f"{node.name} rows", data, names, columns)

    def _constant(self, name: str, text: str) -> JsonValue:
        value = self._texts.value(text)
        if value is None:
            self._notes.add(f"`{text[:60]}` changes during the run, which it may not here; taken as it stands")
        return self._texts.secrets.field(name, text if value is None else value)

    def _add(self, wanted: str, data: Data, names: list[str], columns: list[str]) -> dict[str, Text]:
        # No variable of JMeter ends with a line break, so that the name is that of the data set alone.
        name = self._texts.names.of(f"{wanted}\n")
        while name in self._scenario.data:
            wanted += "_2"
            name = self._texts.names.of(f"{wanted}\n")
        self._scenario.data[name] = data
        return {
            variable: f"{name}.{column}" if _PLAIN.fullmatch(column) else f'{name}["{column}"]'
            for variable, column in zip(names, columns, strict=False)
            if variable and not re.search(r'["\\]', column)
        }

    def _path(self, path: str) -> str:
        value = self._texts.value(path)
        if value is None:
            self._notes.add(f"the path `{path[:80]}` is known only during the run", "filename")
            return ""
        if value != path:
            self._notes.add(f"the path `{path[:80]}` is taken as `{value[:80]}`", "filename")
        return value

    def _delimiter(self, properties: Properties) -> str:
        text = properties.text("delimiter", ",")
        delimiter = {"": ",", "\\t": "\t"}.get(text, self._texts.value(text) or text)
        if len(delimiter) == 1 and delimiter not in '"\r\n':
            return delimiter
        self._notes.add(f"`{delimiter[:20]}` is not one character; a comma is taken", "delimiter")
        return ","

    def _sharing(self, data: Data, properties: Properties) -> None:
        mode = properties.text("shareMode", "shareMode.all")
        if mode == "shareMode.thread":
            self._notes.add("each user read all rows for itself; here users share them", "shareMode")
        elif mode not in ("shareMode.all", "shareMode.group", ""):
            self._notes.add("the rows are shared by all users", "shareMode")
        if properties.flag("recycle", default=True):
            data.when_exhausted = "recycle"
            return
        data.pick, data.when_exhausted = "unique", "stop"
        if not properties.flag("stopThread"):
            self._notes.add("after the last row JMeter goes on with `<EOF>`; here the users leave", "stopThread")

    def _stand_in(self, node: Node, data: Data, names: list[str], path: str) -> dict[str, Text]:
        shown = path or node.properties.text("filename") or "(no name)"
        columns = _unique([name for name in names if name])
        if not columns:
            self._notes.add(f"the file {shown} is not beside the source, so its columns are not known; left out")
            return {}
        message = f"the file {shown} is not beside the source; one row stands in: write `file` and `columns` for `rows`"
        self._notes.add(message, "filename")
        data.rows = [dict.fromkeys(columns, "not-set")]
        data.delimiter = None
        data.when_exhausted = "recycle"
        data.pick = None
        return self._add(f"{_stem(path) or node.name}.csv", data, [name for name in names if name], columns)

    def _head(self, path: str, delimiter: str) -> list[str]:
        """The first line of the file."""
        with open(self._source.directory / path, "rb") as stream:
            text = stream.read(_HEAD_BYTES).decode("utf-8-sig", "replace")
        try:
            row = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
        except csv.Error:
            row = []
        return [column.strip() for column in row[:MAX_COLUMNS]]


def _stem(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].partition(".")[0]


def _unique(names: list[str]) -> list[str]:
    """Valid names of columns, each once."""
    found: list[str] = []
    for name in names:
        valid, number = variable_name(name), 2
        candidate = valid
        while candidate in found:
            candidate = f"{valid}_{number}"
            number += 1
        found.append(candidate)
    return found
