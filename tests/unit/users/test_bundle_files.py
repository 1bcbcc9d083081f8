"""Which files go to workers with the code."""

import os
from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.users import bundle_files as module
from kilobar.users.bundle_files import bundle_files, root_of


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_the_root_is_the_nearest_project_at_or_below_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "pyproject.toml", "a/setup.cfg", "a/b/users.py", "c/d/users.py")
    monkeypatch.chdir(tmp_path)
    assert root_of(Path("a/b/users.py")) == tmp_path / "a"
    assert root_of(Path("c/d/users.py")) == tmp_path
    monkeypatch.chdir(tmp_path / "c")
    assert root_of(Path("d/users.py")) == tmp_path / "c" / "d"
    assert root_of(Path("d/users.py"), whole_project=True) == tmp_path
    (tmp_path / "c" / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "c" / "d")
    assert root_of(Path("users.py"), whole_project=True) == tmp_path
    assert root_of(tmp_path / "a/b/users.py") == tmp_path / "a" / "b"


def test_hidden_generated_and_ignored_files_stay_at_home(tmp_path: Path) -> None:
    write(tmp_path, "users.py", "data/words.txt", "build/__init__.py", "pkg/logic.py", "pkg/keep/big.bin")
    write(tmp_path, ".git/config", ".env", "__pycache__/users.pyc", "old.pyc", "my/pyvenv.cfg", "my/lib.py")
    write(tmp_path, "node_modules/a.js", "target/x", "dist/x", "venv/x", "kilobar.egg-info/x", "results/r.csv")
    write(tmp_path, "pkg/big.bin", "pkg/a.log", "b.log")
    (tmp_path / ".kilobarignore").write_text("# results\nresults/\n\n*.log\n/pkg/big.bin\n")
    found = bundle_files(tmp_path)
    assert found.paths == ["build/__init__.py", "data/words.txt", "pkg/keep/big.bin", "pkg/logic.py", "users.py"]
    assert found.links == []


def test_links_are_followed_inside_of_the_root_only_and_never_in_circles(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, "users.py", "data/a.txt")
    write(tmp_path, "secret.txt", "elsewhere/b.txt")
    (root / "copy.txt").symlink_to("data/a.txt")
    (root / "more").symlink_to("data")
    (root / "data" / "up").symlink_to(root)
    (root / "data" / "here").symlink_to(root / "data")
    (root / "secret.txt").symlink_to(tmp_path / "secret.txt")
    (root / "outside").symlink_to(tmp_path / "elsewhere")
    (root / "broken").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    found = bundle_files(root)
    assert found.paths == ["copy.txt", "data/a.txt", "more/a.txt", "users.py"]
    assert found.links == ["broken", "outside", "secret.txt"]


def test_too_many_files_are_refused_and_the_largest_directories_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 5)
    write(tmp_path, "users.py", "one/a", *(f"many/{number}" for number in range(6)))
    with pytest.raises(InputError, match=r"holds 8 files; at most 5 .*: many/ \(6 files, 0.0 MiB\), ") as caught:
        bundle_files(tmp_path)
    hint = f"name what is not needed in {tmp_path / '.kilobarignore'}, one pattern a line, such as many/"
    assert (caught.value.code, caught.value.hint) == ("bundle", hint)
    (tmp_path / ".kilobarignore").write_text("many/\n")
    assert bundle_files(tmp_path).paths == ["one/a", "users.py"]


def test_too_many_bytes_are_refused_and_the_largest_files_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1024 * 1024)
    write(tmp_path, "users.py")
    (tmp_path / "video.mp4").write_bytes(bytes(3 * 1024 * 1024))
    with pytest.raises(InputError, match=r"holds 3.0 MiB; at most 1.0 MiB .*: video.mp4 \(1 file, 3.0 MiB\)"):
        bundle_files(tmp_path)
