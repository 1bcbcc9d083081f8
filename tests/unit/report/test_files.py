import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kilobar.errors import OutputError
from kilobar.report.files import write_text_atomically


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    directory = tmp_path / "disk"
    directory.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(directory)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {mounted.stderr.strip()}")
    yield directory
    subprocess.run(["umount", str(directory)], check=True)


def test_text_is_written_as_utf_8_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_text_atomically(tmp_path / "a.txt", "µ\n")
    assert (tmp_path / "a.txt").read_bytes() == "µ\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_an_older_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("older and longer")
    path.chmod(0o640)
    write_text_atomically(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    older = os.umask(0o027)
    try:
        write_text_atomically(tmp_path / "a.txt", "new")
    finally:
        os.umask(older)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_text_atomically(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_text_atomically("/dev/null", "gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/a.txt", "No such file or directory"),
        ("file/a.txt", "Not a directory"),
        ("directory", "is a directory"),
    ],
)
def test_a_path_that_cannot_be_written_is_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OutputError, match=message) as caught:
        write_text_atomically(tmp_path / name, "new")
    assert str(tmp_path / name) in caught.value.message
    assert caught.value.hint
    assert (tmp_path / "file").read_text() == "kept"


def test_a_directory_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        write_text_atomically(tmp_path / "a.txt", "new")


def test_a_full_disk_keeps_the_older_file_and_leaves_nothing_behind(full_disk: Path) -> None:
    path = full_disk / "report.html"
    write_text_atomically(path, "older")
    with pytest.raises(OutputError, match="No space left on device") as caught:
        write_text_atomically(path, "x" * 1_000_000)
    assert str(path) in caught.value.message
    assert "full" in (caught.value.hint or "")
    assert path.read_text() == "older"
    assert os.listdir(full_disk) == ["report.html"]


def test_a_leftover_of_a_killed_process_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f".a.txt.{os.getpid()}.part").write_text("half")
    write_text_atomically(tmp_path / "a.txt", "whole")
    assert os.listdir(tmp_path) == ["a.txt"]
