"""Data sets and the columns that steps use."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checking import check, codes, plan, told

ROWS = "data: {goods: {rows: [{id: 7, name: '${t}'}, {id: 8, name: hat}]}}\nvariables: {t: shoe}\n"
TOP = "target: http://h\nload: {users: 1, for: 1s}\n"


def test_rows_of_the_scenario_are_in_the_plan_and_columns_are_indexes() -> None:
    lowered = plan(f"{TOP}{ROWS}steps: [{{get: '/${{goods.name}}', save: {{x: $.x}}}}]")
    (data,) = lowered["data"]
    assert data["source"] == {"rows": [["7", '"shoe"'], ["8", '"hat"']]}
    hole = {"value": {"column": {"data": 0, "column": 1}}, "encode": "url"}
    assert lowered["flows"][0]["steps"][0]["path"] == [{"text": "/"}, {"hole": hole}]
    assert lowered["series"][0]["name"] == "GET /{goods.name}"
    assert lowered["variables"] == ["x"]


def test_files_are_beside_the_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("user,age\nann,5\n", encoding="utf-8")
    (data,) = plan(f"{TOP}data: {{a: {{file: a.csv, pick: unique}}}}\nsteps: [{{get: '/${{a.user}}'}}]")["data"]
    assert data["source"]["file"]["path"] == str(tmp_path / "a.csv")
    assert (data["columns"], data["pick"], data["when_exhausted"]) == (["user", "age"], "unique", "stop")


@pytest.mark.parametrize(
    ("steps", "code", "hint"),
    [
        ("- get: /${goods.nmae}", "unknown-column", "did you mean `name`?"),
        ("- get: /${goods}", "unknown-column", "`id` or `name`"),
        ("- get: /${goods.id}\n- {get: /, save: {goods: $.a}}", "bad-name", "data set"),
        ("- get: /${good.id}", "unknown-variable", "did you mean `goods`?"),
    ],
)
def test_columns_that_do_not_exist_are_told(steps: str, code: str, hint: str) -> None:
    checked = check(TOP + ROWS + "steps:\n" + "".join(f"  {line}\n" for line in steps.splitlines()))
    found = next(one for one in checked.diagnostics if one.code == code)
    assert hint in (found.hint or "")


def test_setup_belongs_to_no_user_and_has_no_row() -> None:
    text = f"{TOP}{ROWS}setup: [{{get: '/${{goods.id}}'}}]\nsteps: [{{get: '/${{goods.id}}'}}]"
    assert codes(check(text)) == ["unknown-column"]


def test_a_data_set_that_nobody_uses_is_suspicious() -> None:
    assert told("- get: /", ROWS) == ["unused-data"]


def test_rows_that_cannot_be_enough_are_suspicious() -> None:
    text = "target: http://h\nload: {rate: 10/s, for: 10s}\ndata: {a: {rows: [{b: 1}], pick: unique}}\n"
    assert codes(check(text + "steps: [{get: '/${a.b}'}]")) == ["data-too-short"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("{a: {}}", "missing-key"),
        ("{a: {file: a.csv, rows: [{b: 1}]}}", "conflicting-keys"),
        ("{a-b: {rows: [{b: 1}]}}", "bad-name"),
        ("{a: {rows: [{b: '${x}'}]}}", "not-constant"),
        ("{a: {file: none.csv}}", "data-unreadable"),
        ("{a: {rows: [{b: 1}], pick: any}}", "bad-value"),
    ],
)
def test_a_bad_data_set_is_the_only_error(data: str, code: str) -> None:
    assert [one for one in told("- get: /${a.b}", f"data: {data}") if one != "unknown-variable"] == [code]


def test_a_column_with_a_value_from_the_environment_is_secret() -> None:
    rows = "data: {users: {rows: [{name: ann, key: '${env.K}'}, {name: bob, key: open}]}}\n"
    lowered = plan(f"{TOP}{rows}steps: [{{get: '/${{users.key}}'}}]", {"K": "s3cret"})
    assert lowered["data"][0]["secret_columns"] == [1]
    assert lowered["secrets"] == ["s3cret"]
    assert "secret_columns" not in plan(f"{TOP}{ROWS}steps: [{{get: '/${{goods.id}}'}}]")["data"][0]
