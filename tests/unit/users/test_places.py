import os
from pathlib import Path

import pytest

from kilobar.users import places


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_home", None)


def test_paths_start_at_the_directory_of_the_code_wherever_user_code_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.live_in(str(tmp_path))
    monkeypatch.chdir("/")
    assert places.short(str(tmp_path / "load" / "users.py")) == "load/users.py"
    assert places.short(f"{tmp_path}-of-others/users.py") == f"{tmp_path}-of-others/users.py"


def test_the_current_directory_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert places.short(str(tmp_path / "users.py")) == "users.py"
    assert places.short("/elsewhere/users.py") == "/elsewhere/users.py"


def test_a_current_directory_that_was_deleted_leaves_paths_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    os.rmdir(gone)
    assert places.short(str(gone / "users.py")) == str(gone / "users.py")
