"""A bundle is named by what is in it, and an archive from anywhere is not trusted."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.users import bundle as module
from kilobar.users.bundle import Bundle, BundledFile, digest_of, files_in


@pytest.fixture
def code(tmp_path: Path) -> Path:
    root = tmp_path / "code"
    (root / "data").mkdir(parents=True)
    (root / "users.py").write_text("import os")
    (root / "data" / "wörter.txt").write_bytes(b"\0\xff")
    (root / ("long" * 40)).write_text("a name that is longer than a header of tar")
    (root / os.fsdecode(b"latin-\xe9")).write_text("a name that is no UTF-8")
    program = root / "tool"
    program.write_text("#!/bin/sh")
    program.chmod(0o700)
    return root


def archive(tmp_path: Path, *members: tarfile.TarInfo) -> Path:
    path = tmp_path / "some.tar"
    with tarfile.open(path, "w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def test_the_same_content_is_the_same_bundle_whenever_it_was_written(code: Path) -> None:
    first = Bundle.of(code)
    os.utime(code / "users.py", (1, 1))
    (code / "users.py").chmod(0o600)
    assert Bundle.of(code) == first
    (code / "users.py").chmod(0o755)
    assert Bundle.of(code).sha256 != first.sha256
    (code / "users.py").chmod(0o644)
    (code / "users.py").write_text("import sys")
    assert Bundle.of(code).sha256 != first.sha256


def test_what_was_packed_comes_out_again(code: Path, tmp_path: Path) -> None:
    bundle = Bundle.of(code)
    path = tmp_path / "bundle.tar"
    path.write_bytes(bundle.archive)
    files = list(files_in(path))
    assert digest_of(files) == bundle.sha256
    assert {file.path for file in files} == {
        str(found.relative_to(code)) for found in code.rglob("*") if found.is_file()
    }
    assert BundledFile("data/wörter.txt", 0o644, b"\0\xff") in files
    assert BundledFile("tool", 0o755, b"#!/bin/sh") in files


def test_the_file_that_is_pressed_must_be_in_it(code: Path) -> None:
    (code / ".kilobarignore").write_text("users.py")
    with pytest.raises(InputError, match=r"users\.py is left out"):
        Bundle.of(code, "users.py")


def test_links_that_lead_out_are_told(code: Path, tmp_path: Path) -> None:
    (code / "passwords").symlink_to(tmp_path)
    assert Bundle.of(code).left_out == ("passwords",)


@pytest.mark.parametrize("name", ["../up", "a/../../up", "/absolute", "..", "a/.."])
def test_paths_that_lead_out_of_the_directory_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="has the entry"):
        list(files_in(archive(tmp_path, tarfile.TarInfo(name))))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_only_plain_files_are_taken_from_an_archive(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("a")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(InputError, match="has the entry"):
        list(files_in(archive(tmp_path, member)))


def test_a_path_may_be_there_only_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has the entry"):
        list(files_in(archive(tmp_path, tarfile.TarInfo("a"), tarfile.TarInfo("a"))))


def test_an_archive_has_limits_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    member = tarfile.TarInfo("a")
    member.size = 11
    path = archive(tmp_path, member)
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="over its limits"):
        list(files_in(path))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.tar").write_bytes(b"no archive at all" * 100)
    for path in (tmp_path / "some.tar", tmp_path / "missing.tar"):
        with pytest.raises(InputError, match="cannot be read"):
            list(files_in(path))
