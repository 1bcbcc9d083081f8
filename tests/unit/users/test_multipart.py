from __future__ import annotations

import email.message
import email.parser
import email.policy
from pathlib import Path
from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users import multipart as module
from kilobar.users.multipart import multipart


def read(content_type: str, body: bytes) -> list[tuple[str | None, str | None, str, bytes]]:
    """The parts as the standard library reads them: name, filename, type, content."""
    whole = f"Content-Type: {content_type}\r\n\r\n".encode() + body
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(whole)
    parts = []
    for part in message.iter_parts():
        assert isinstance(part, email.message.EmailMessage)
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        parts.append((str(name), part.get_filename(), part.get_content_type(), content))
    return parts


def test_fields_come_first_and_files_have_names_and_types(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(b"\x89PNG\r\n")
    files: dict[str, Any] = {
        "photo": path, "raw": b"\x00\xff", "named": ("a.txt", "text"), "typed": ("b.bin", b"x", "application/x-own"),
        "moved": ("other.gif", path),
    }  # fmt: skip
    assert read(*multipart([("title", "a b")], files)) == [
        ("title", None, "text/plain", b"a b"),
        ("photo", "photo.png", "image/png", b"\x89PNG\r\n"),
        ("raw", "raw", "application/octet-stream", b"\x00\xff"),
        ("named", "a.txt", "text/plain", b"text"),
        ("typed", "b.bin", "application/x-own", b"x"),
        ("moved", "other.gif", "image/gif", b"\x89PNG\r\n"),
    ]


def test_a_filename_cannot_end_its_quotes_or_its_line() -> None:
    _, body = multipart([('n"', "1")], {"f": ('a"\r\nevil: 1', b"")})
    assert b'name="n%22"' in body
    assert b'filename="a%22%0D%0Aevil: 1"' in body


def test_the_boundary_is_never_in_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = iter(["taken", "free"])
    monkeypatch.setattr(module, "_token", lambda: next(tokens))
    content_type, _ = multipart([], {"f": b"--kilobar-taken"})
    assert content_type == "multipart/form-data; boundary=kilobar-free"


@pytest.mark.parametrize("file", ["path.txt", 7, None, ("only name",), (1, b""), ("a", b"", "b\r\nc"), ("a", 7)])
def test_what_is_no_file_is_refused_with_the_forms_there_are(file: Any) -> None:
    with pytest.raises(InputError, match=r"files\['f'\]` is no file") as refused:
        multipart([], {"f": file})
    assert "pathlib.Path" in str(refused.value.hint)


def test_a_file_that_is_missing_is_told_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.txt.*No such file"):
        multipart([], {"f": tmp_path / "gone.txt"})


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 4)
    (tmp_path / "large").write_bytes(b"12345")
    with pytest.raises(InputError, match="is larger than"):
        multipart([], {"f": tmp_path / "large"})
