"""From a file to a plan whose workers find their code."""

from pathlib import Path
from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.model.plan import Stage
from kilobar.scenario import Overrides
from kilobar.users import check as module
from kilobar.users.bundle_cache import BundleCache
from kilobar.users.check import check_code
from kilobar.users.inspected import Inspected, InspectedClass
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


def test_a_locustfile_is_told_what_the_command_line_says(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def inspect(kind: str, root: str, path: str, options: dict[str, Any]) -> Inspected:
        asked.append(dict(options))
        load = (Stage("users", 0 if "spawn_rate" in options else 4, 4, 2_000_000_000),)
        return Inspected({"kind": kind, "file": path}, (InspectedClass("A", "guest"),), load=load)

    monkeypatch.setattr(module, "inspect", inspect)
    (project / "locustfile.py").write_text("import locust")
    overrides = Overrides(users="4", duration="2s", target="http://127.0.0.1:1")
    plan = check_code("locustfile.py:A,B", overrides, CodeOptions(("spawn_rate=2/s",))).require()
    assert asked == [
        {"spawn_rate": 2.0, "classes": ["A", "B"], "host": "http://127.0.0.1:1", "users": 4, "run_time": 2.0}
    ]
    assert (plan.load[0].start, plan.load[0].end) == (0.0, 4.0)
    plan = check_code("locustfile.py", overrides).require()
    assert asked[1] == {"host": "http://127.0.0.1:1", "users": 4, "run_time": 2.0}
    assert (plan.load[0].start, plan.load[0].end) == (4.0, 4.0)
    with pytest.raises(InputError, match="no number of users per second"):
        check_code("locustfile.py", overrides, CodeOptions(("spawn_rate=fast",)))


def test_the_calls_of_libraries_in_a_test_can_be_left_uncounted() -> None:
    code = check_code("load/users.py", options=CodeOptions(("instrument=off",))).require().code
    assert code is not None
    assert code.source["instrument"] is False
    assert code.source["options"] == {}
