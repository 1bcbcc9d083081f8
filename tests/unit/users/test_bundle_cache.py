"""The bundles on a machine: unpacked once, by whoever comes first, and kept while somebody uses them."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.users import bundle_cache as module
from kilobar.users.bundle import Bundle
from kilobar.users.bundle_cache import BundleCache, default_directory


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return bundle_of(tmp_path / "code", "import os")


def bundle_of(root: Path, text: str) -> Bundle:
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "users.py").write_text(text)
    (root / "data" / "words.txt").write_text("a b")
    return Bundle.of(root)


def test_the_cache_is_where_the_user_wants_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_directory() == Path("/somewhere/kilobar/bundles")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/of/ann")
    assert default_directory() == Path("/of/ann/.cache/kilobar/bundles")


def test_an_archive_is_unpacked_to_a_directory_of_its_name(tmp_path: Path, bundle: Bundle) -> None:
    with BundleCache(tmp_path / "cache") as cache:
        archive = cache.store(bundle)
        assert archive.read_bytes() == bundle.archive
        home = cache.unpack(archive, bundle.sha256)
        assert home == tmp_path / "cache" / bundle.sha256
        assert (home / "users.py").read_text() == "import os"
        assert (home / "data" / "words.txt").read_text() == "a b"
        inode = (home / "users.py").stat().st_ino
        assert cache.unpack(archive, bundle.sha256) == home
        assert (home / "users.py").stat().st_ino == inode


def test_what_an_earlier_run_has_changed_is_mended(tmp_path: Path, bundle: Bundle) -> None:
    with BundleCache(tmp_path / "cache") as cache:
        archive = cache.store(bundle)
        home = cache.unpack(archive, bundle.sha256)
        (home / "users.py").write_text("import xx")
        (home / "data" / "words.txt").unlink()
        (home / "result.csv").write_text("1,2")
        cache.unpack(archive, bundle.sha256)
        assert (home / "users.py").read_text() == "import os"
        assert (home / "data" / "words.txt").read_text() == "a b"


def test_an_archive_with_another_content_is_refused(tmp_path: Path, bundle: Bundle) -> None:
    other = bundle_of(tmp_path / "other", "import sys")
    with BundleCache(tmp_path / "cache") as cache:
        archive = cache.store(other)
        with pytest.raises(InputError, match=f"is not {bundle.sha256}"):
            cache.unpack(archive, bundle.sha256)
        assert not (tmp_path / "cache" / bundle.sha256).exists()


def test_nothing_of_a_hostile_archive_reaches_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("good.py"), io.BytesIO())
        tar.addfile(tarfile.TarInfo("../evil.py"), io.BytesIO())
    with BundleCache(tmp_path / "cache") as cache, pytest.raises(InputError, match="has the entry"):
        cache.unpack(path, "0" * 64)
    assert list((tmp_path / "cache").iterdir()) == []
    assert not (tmp_path / "evil.py").exists()


def test_several_processes_may_unpack_the_same_bundle_at_once(tmp_path: Path, bundle: Bundle) -> None:
    cache_directory = tmp_path / "cache"
    with BundleCache(cache_directory) as cache:
        archive = cache.store(bundle)
    script = (
        "import sys; from pathlib import Path; from kilobar.users.bundle_cache import BundleCache\n"
        "sys.stdin.read(1); cache = BundleCache(Path(sys.argv[1]))\n"
        "print((cache.unpack(Path(sys.argv[2]), sys.argv[3]) / 'users.py').read_text())"
    )
    argv = [sys.executable, "-c", script, str(cache_directory), str(archive), bundle.sha256]
    workers = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path) for _ in range(4)
    ]
    outputs = [worker.communicate("x")[0] for worker in workers]
    assert outputs == ["import os\n"] * 4
    names = {path.name for path in cache_directory.iterdir()}
    assert names == {bundle.sha256, f"{bundle.sha256}.tar", f"{bundle.sha256}.lock"}


def test_only_the_bundles_used_last_are_kept_and_those_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 1)
    directory = tmp_path / "cache"
    bundles = [bundle_of(tmp_path / "code", f"number = {number}") for number in range(4)]
    with BundleCache(directory) as used:
        for age, bundle in enumerate(bundles[:3]):
            with BundleCache(directory) as cache:
                archive = cache.store(bundle)
                cache.unpack(archive, bundle.sha256)
            if age == 0:
                used.unpack(archive, bundle.sha256)
        for age, bundle in enumerate(bundles[:3]):
            os.utime(directory / f"{bundle.sha256}.lock", (1_000 + age, 1_000 + age))
        BundleCache(directory).store(bundles[3])
        left = {path.stem for path in directory.glob("*.lock")}
        assert left == {bundles[0].sha256, bundles[3].sha256}
        assert (directory / bundles[0].sha256 / "users.py").exists()
        assert not (directory / bundles[1].sha256).exists()
        assert not (directory / f"{bundles[1].sha256}.tar").exists()


def test_bundles_of_runs_that_have_just_begun_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 1)
    for number in range(3):
        with BundleCache(tmp_path / "cache") as cache:
            cache.store(bundle_of(tmp_path / "code", f"number = {number}"))
    assert len(list((tmp_path / "cache").glob("*.tar"))) == 3


def test_a_cache_that_cannot_be_written_is_told_with_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot keep the code of users") as caught:
        BundleCache(tmp_path / "file" / "cache")
    assert "XDG_CACHE_HOME" in (caught.value.hint or "")
