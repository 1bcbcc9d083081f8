"""Bodies from files and in several parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checking import check, codes, request, told, variable


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("hello", encoding="utf-8")
    return tmp_path


def test_a_file_has_an_absolute_path(directory: Path) -> None:
    step = request("{put: /, body_file: a.txt}")
    assert step["body"] == {"file": str(directory / "a.txt")}
    assert step["headers"] == []


def test_parts_are_texts_or_files(directory: Path) -> None:
    step = request(
        "{post: /, multipart: {t: 'x${id}', f: {file: a.txt, content_type: text/plain}, many: [1, {text: b}]}}"
    )
    assert step["body"] == {
        "multipart": [
            {"name": "t", "content": {"text": [{"text": "x"}, variable(0)]}},
            {"name": "f", "content": {"file": str(directory / "a.txt")}, "filename": "a.txt",
             "content_type": "text/plain"},
            {"name": "many", "content": {"text": "1"}},
            {"name": "many", "content": {"text": "b"}},
        ]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("body_file: none.txt", "cannot-read"),
        ("body_file: .", "cannot-read"),
        ("multipart: {f: {file: none.txt}}", "cannot-read"),
        ("multipart: {f: {text: a, file: a.txt}}", "conflicting-keys"),
        ("multipart: {f: {filename: a}}", "missing-key"),
        ("body_file: a.txt, json: 1", "conflicting-keys"),
        ("multipart: {a: b}, form: {a: b}", "conflicting-keys"),
    ],
)
def test_a_bad_body_is_told(keys: str, code: str) -> None:
    assert told(f"- {{post: /, {keys}}}") == [code]


def test_a_missing_file_is_told_where_it_is_named() -> None:
    checked = check("target: http://h\nload: {users: 1, for: 1s}\nsteps: [{put: /, body_file: x/none.txt}]")
    assert codes(checked) == ["cannot-read"]
    told_one = checked.diagnostics[0]
    assert (told_one.place and told_one.place.line, told_one.message) == (3, "cannot read `x/none.txt`: "
                                                                         "No such file or directory")  # fmt: skip
    assert "relative to s.yaml" in (told_one.hint or "")
