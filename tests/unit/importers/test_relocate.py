from pathlib import Path

from kilobar.importers.relocate import relocate
from kilobar.model.scenario import Data, Part, Request, Scenario, Tls


def scenario() -> Scenario:
    part = Part(file="x.csv")
    return Scenario(
        steps=[
            Request(method="POST", url="/", body_file="body.bin"),
            Request(method="POST", url="/", multipart={"a": part, "b": [part, "text"], "c": Part(text="t")}),
        ],
        data={"users": Data(file="users.csv"), "rows": Data(rows=[{"a": 1}])},
        tls=Tls(ca_file="/abs/ca.pem", cert="${env.CERT}"),
    )


def test_paths_lead_from_the_new_directory_to_the_same_files(tmp_path: Path) -> None:
    moved = scenario()
    relocate(moved, tmp_path / "in", tmp_path / "out")
    first, second = moved.steps
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert first.body_file == "../in/body.bin"
    assert second.multipart["a"] == Part(file="../in/x.csv")
    assert moved.data["users"].file == "../in/users.csv"
    assert moved.tls == Tls(ca_file="/abs/ca.pem", cert="${env.CERT}")


def test_nothing_changes_within_one_directory(tmp_path: Path) -> None:
    moved = scenario()
    relocate(moved, tmp_path, tmp_path / "a" / "..")
    assert moved == scenario()
