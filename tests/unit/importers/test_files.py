from pathlib import Path

from kilobar.importers import Notes
from kilobar.importers.files import Files
from kilobar.importers.source import Source
from kilobar.model.scenario import Part


def test_a_file_that_is_there_is_named_and_for_another_a_text_stands_in(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    notes = Notes()
    files = Files(Source("f", tmp_path, b""), notes)
    assert files.body("a.txt") == (None, "a.txt")
    assert files.part("a.txt", None, "text/plain") == Part(file="a.txt", content_type="text/plain")
    assert notes.all() == ()
    assert files.body("b.txt", "body") == ("content of b.txt", None)
    assert files.part("C:\\d\\b.txt", None, None, "form") == Part(text="content of C:\\d\\b.txt", filename="b.txt")
    assert [note.path for note in notes.all()] == ["body", "form"]


def test_no_path_is_too_odd(tmp_path: Path) -> None:
    files = Files(Source("f", tmp_path, b""), Notes())
    assert not any(files.is_there(path) for path in ("", "a\0b", ".", "x" * 5000))
