"""From a file to a plan whose workers find their code."""

from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.users import check as module
from kilobar.users.bundle_cache import BundleCache
from kilobar.users.check import check_code
from kilobar.users.options import CodeOptions

TEXT = """
from kilobar import Press
class A(Press):
    rate = "5/s"
    duration = "2s"
    rows = "once"
    def vocab(self): return open("data/words.txt")
    def press(self, row): pass
class B(A): pass
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_check_plan", lambda plan_json: None)
    root = tmp_path / "project"
    (root / "load").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "pyproject.toml").write_text("")
    (root / "load" / "users.py").write_text(TEXT)
    (root / "data" / "words.txt").write_text("a\nb\n")
    monkeypatch.chdir(root)
    return root


def test_the_plan_names_a_bundle_that_workers_can_unpack() -> None:
    checked = check_code("load/users.py:A", options=CodeOptions(("user=ann",), tags=("slow",)))
    assert checked.diagnostics == ()
    code = checked.require().code
    assert code is not None
    source = dict(code.source)
    archive, sha256 = Path(source.pop("archive")), source.pop("bundle")
    assert source == {
        "kind": "classes",
        "file": "load/users.py",
        "options": {"user": "ann", "tags": ["slow"]},
        "seed": 1,
    }
    assert code.classes[0].rows == 2
    with BundleCache() as cache:
        home = cache.unpack(archive, sha256)
    assert (home / "load" / "users.py").read_text() == TEXT
    assert (home / "data" / "words.txt").read_text() == "a\nb\n"


def test_all_classes_are_pressed_unless_one_is_picked() -> None:
    plan = check_code("load/users.py").require()
    assert [flow.name for flow in plan.flows] == ["A", "B"]
    assert plan.load[0].end == 10.0
    assert [flow.name for flow in check_code("load/users.py:B").require().flows] == ["B"]


def test_messages_name_the_file_as_the_person_did(project: Path) -> None:
    (project / "load" / "users.py").write_text(TEXT.replace('"5/s"', '"fast"'))
    (diagnostic,) = check_code("load/users.py:A").diagnostics
    assert str(diagnostic.place) == "load/users.py:4:1"


def test_a_link_that_leads_out_is_told_and_no_plan_is_made_of_code_that_fails(project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    (project / "secret").symlink_to(tmp_path / "secret")
    (warning,) = check_code("load/users.py").diagnostics
    assert (warning.severity, "`secret` is a link" in warning.message) == ("warning", True)
    (project / "data" / "words.txt").unlink()
    with pytest.raises(InputError, match=r"vocab\(\) of A in load/users.py failed: FileNotFoundError") as caught:
        check_code("load/users.py")
    assert caught.value.hint == f"relative paths start in {project}"
