import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar import _native
from kilobar.errors import Diagnostic, Place
from kilobar.model.data import Csv, DataFile, DataSet, InlineRows, Jsonl
from kilobar.model.plan import Stage
from kilobar.scenario.data import DataInput, Demand, InlineRow, check_demand, lower_data
from kilobar.scenario.findings import Findings
from kilobar.scenario.yaml_nodes import Scalar

PLACE = Place("s.yaml", 3, 5)
FILE_PLACE = Place("s.yaml", 4, 9)


def scalar(text: str, place: Place = FILE_PLACE) -> Scalar:
    return Scalar(place, text)


def lower(data: DataInput, directory: Path = Path()) -> tuple[DataSet | None, tuple[Diagnostic, ...]]:
    findings = Findings()
    lowered = lower_data("accounts", data, str(directory), _native.inspect_data, findings)
    assert (lowered is None) == (findings.errors > 0)
    return lowered, findings.sorted()


def lower_file(path: Path, content: str | bytes, **keys: Any) -> tuple[DataSet | None, tuple[Diagnostic, ...]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return lower(DataInput(PLACE, scalar(path.name), **keys), path.parent)


def accepted(path: Path, content: str, **keys: Any) -> DataSet:
    lowered, diagnostics = lower_file(path, content, **keys)
    assert lowered is not None, diagnostics
    return lowered


def refused(path: Path, content: str | bytes, **keys: Any) -> Diagnostic:
    lowered, (diagnostic,) = lower_file(path, content, **keys)
    assert lowered is None
    return diagnostic


def inline(*rows: dict[str, str], **keys: Any) -> DataInput:
    def row(values: dict[str, str]) -> InlineRow:
        return InlineRow(FILE_PLACE, tuple((scalar(column), value) for column, value in values.items()))

    return DataInput(PLACE, rows=tuple(map(row, rows)), **keys)


def test_a_csv_file_is_found_beside_the_scenario_and_counted(tmp_path: Path) -> None:
    data = accepted(tmp_path / "a.csv", "user,password\nann,x\nbob,y\n", pick="unique")
    source = DataFile(str(tmp_path / "a.csv"), Csv(), rows=2, bytes=26)
    assert data == DataSet("accounts", source, ("user", "password"), "unique", "iteration", "stop")


def test_rows_are_recycled_unless_they_are_unique_or_something_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert accepted(path, "a\n1\n").when_exhausted == "recycle"
    assert accepted(path, "a\n1\n", pick="random").when_exhausted == "recycle"
    assert accepted(path, "a\n1\n", pick="unique", when_exhausted="fail").when_exhausted == "fail"
    diagnostic = refused(path, "a\n1\n", pick="shuffle", when_exhausted="stop")
    assert (diagnostic.code, diagnostic.place) == ("conflicting-keys", PLACE)


def test_the_ending_says_the_format_unless_it_is_given(tmp_path: Path) -> None:
    tsv = accepted(tmp_path / "a.TSV", "a\tb\n1\t2\n")
    assert (tsv.columns, tsv.source.to_json()["file"]["format"]["csv"]["delimiter"]) == (("a", "b"), "\t")
    lines = accepted(tmp_path / "a.txt", '{"a": 1}\n', format="jsonl")
    assert isinstance(lines.source, DataFile)
    assert lines.source.format == Jsonl()
    diagnostic = refused(tmp_path / "a.dat", "a\n1\n")
    assert (diagnostic.code, diagnostic.place) == ("data-format", FILE_PLACE)


def test_names_for_a_file_without_a_header_make_its_first_line_a_row(tmp_path: Path) -> None:
    names = (scalar("user"), scalar("password"))
    data = accepted(tmp_path / "a.csv", "ann,x\nbob,y\n", columns=names)
    assert (data.source.rows, data.columns) == (2, ("user", "password"))
    diagnostic = refused(tmp_path / "a.csv", "user,password\nann,x\n", columns=names)
    assert diagnostic.code == "data-columns"
    assert "remove `columns`" in str(diagnostic.hint)


def test_columns_of_json_lines_are_those_that_every_line_must_have(tmp_path: Path) -> None:
    lines = '{"a": 1, "b": 2}\n{"b": 3, "a": 4, "c": 5}\n'
    assert accepted(tmp_path / "a.ndjson", lines).columns == ("a", "b")
    assert accepted(tmp_path / "a.ndjson", lines, columns=(scalar("b"),)).columns == ("b",)
    assert 'the key "c" is missing' in refused(tmp_path / "a.ndjson", lines, columns=(scalar("c"),)).message


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        ("", 1, 1, "the file is empty"),
        ("a,b\n", 2, 1, "a header, but no rows"),
        ("a,b\n1,2\n3\n", 3, 1, "expected 2 fields, found 1"),
        ('a,b\n1,"2\n', 2, 3, "this quote is never closed"),
        ("a,a\n1,2\n", 1, 1, 'a second column is named "a"'),
        (b"a,b\n1,caf\xe9\n", 2, 6, "not UTF-8; it looks like Latin-1"),
        ("a,b\n1,2\n".encode("utf-16"), 1, 1, "not UTF-8; it looks like UTF-16"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place_there(
    tmp_path: Path, content: str | bytes, line: int, column: int, words: str
) -> None:
    diagnostic = refused(tmp_path / "a.csv", content)
    assert diagnostic.code == "data-rows"
    assert diagnostic.place == Place(str(tmp_path / "a.csv"), line, column)
    assert diagnostic.message == f"data `accounts`: {words}; s.yaml:4:9 uses this file"


def test_a_file_that_is_not_there_or_no_file_is_told_in_the_scenario(tmp_path: Path) -> None:
    for name, words in (("nowhere.csv", "there is no file"), (".", "is not a file")):
        _, (diagnostic,) = lower(DataInput(PLACE, scalar(name), format="csv"), tmp_path)
        assert (diagnostic.code, diagnostic.place) == ("data-unreadable", FILE_PLACE)
        assert words in diagnostic.message


def test_a_delimiter_must_be_one_ascii_character_and_belong_to_csv(tmp_path: Path) -> None:
    data = accepted(tmp_path / "a.csv", "a;b\n1;2\n", delimiter=scalar(";"))
    assert data.columns == ("a", "b")
    assert accepted(tmp_path / "a.csv", "a\tb\n1\t2\n", delimiter=scalar("\\t")).columns == ("a", "b")
    for text in ("", ";;", "é", '"', "\n"):
        assert refused(tmp_path / "a.csv", "a\n1\n", delimiter=scalar(text)).code == "data-format"
    assert refused(tmp_path / "a.jsonl", '{"a": 1}', delimiter=scalar(";")).code == "conflicting-keys"


def test_a_delimiter_that_was_forgotten_is_noticed(tmp_path: Path) -> None:
    diagnostic = refused(tmp_path / "a.csv", "user;password\nann;x\n")
    assert (diagnostic.code, diagnostic.place) == ("data-columns", PLACE)
    assert 'set `delimiter: ";"`' in str(diagnostic.hint)
    assert accepted(tmp_path / "a.csv", "user;x\nann;x\n", delimiter=scalar(",")).columns == ("user;x",)


def test_columns_are_named_once_and_not_by_nothing(tmp_path: Path) -> None:
    for names in (("a", "a"), ("a", "")):
        diagnostic = refused(tmp_path / "a.csv", "1,2\n", columns=tuple(map(scalar, names)))
        assert diagnostic.code == "data-columns"


def test_rows_of_the_scenario_keep_their_types() -> None:
    data, diagnostics = lower(inline({"user": '"ann"', "id": "7"}, {"id": "null", "user": '"bob"'}))
    assert diagnostics == ()
    assert data is not None
    assert (data.source, data.columns) == (InlineRows((('"ann"', "7"), ('"bob"', "null"))), ("user", "id"))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (inline(), "data-rows"),
        (inline({}), "data-rows"),
        (inline({"a": "1"}, {"b": "1"}), "data-columns"),
        (inline({"a": "1"}, {"a": "1", "b": "2"}), "data-columns"),
        (inline({"a": "1"}, format="csv"), "conflicting-keys"),
        (DataInput(PLACE), "conflicting-keys"),
        (inline({"a": "1"})._replace(file=scalar("a.csv")), "conflicting-keys"),
    ],
)
def test_rows_of_the_scenario_that_do_not_fit_are_refused(data: DataInput, code: str) -> None:
    _, (diagnostic,) = lower(data)
    assert diagnostic.code == code


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"pick": "unique"}, "`accounts` has 2 rows, the load has at least 1,000 iterations"),
        ({"pick": "unique", "per": "user"}, "`accounts` has 2 rows, the load has at least 5 users"),
        ({"pick": "unique", "when_exhausted": "recycle"}, None),
        ({"pick": "sequential"}, None),
    ],
)
def test_unique_rows_that_cannot_be_enough_are_a_warning_with_numbers(keys: dict[str, Any], words: str | None) -> None:
    data, _ = lower(inline({"a": "1"}, {"a": "2"}, **keys))
    assert data is not None
    findings = Findings()
    check_demand(data, PLACE, Demand(iterations=1_000, users=5), findings)
    assert findings.errors == 0
    assert [(found.code, found.message) for found in findings.sorted()] == (
        [("data-too-short", words)] if words else []
    )


@pytest.mark.parametrize(
    ("load", "demand"),
    [
        ([Stage("rate", 0.0, 500.0, 10_000_000_000), Stage("rate", 500.0, 500.0, 1_000_000_000)], Demand(3_000, 0)),
        ([Stage("rate", 0.1, 0.1, 30_000_000_000)], Demand(3, 0)),
        ([Stage("users", 0.0, 50.0, 1), Stage("users", 50.0, 5.0, 1)], Demand(50, 50)),
        ([], Demand(0, 0)),
    ],
)
def test_what_a_load_needs_at_least_follows_from_its_stages(load: list[Stage], demand: Demand) -> None:
    assert Demand.of(load) == demand


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1)))
def test_what_python_writes_as_csv_has_as_many_rows_and_columns(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    out = io.StringIO()
    names = [f"c{index}" for index in range(len(rows[0]))]
    csv.writer(out).writerows([names, *rows])
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes(out.getvalue().encode())
    format_json = json.dumps(Csv().to_json())
    assert _native.inspect_data(str(path), format_json, []) == (names, len(rows), path.stat().st_size)


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_a_refusal_with_a_place(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    for format_ in (Csv(), Jsonl()):
        try:
            columns, rows, size = _native.inspect_data(str(path), json.dumps(format_.to_json()), [])
        except ValueError as error:
            message, _, line, column = error.args
            assert message
            assert line >= 1
            assert column >= 1
        else:
            assert columns
            assert rows >= 1
            assert size == len(content)
