"""Steps of other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from kilobar.scenario import Checked, load
from kilobar.scenario.include import MAX_FILE_DEPTH

from .checking import ENGINE, codes

TOP = "target: http://h\nload: {users: 1, for: 1s}\nvariables: {tenant: acme}\n"


@pytest.fixture
def scenario(tmp_path: Path):
    def checked(main: str, **files: str) -> Checked:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.with_suffix(".yaml").write_text(text, encoding="utf-8")
        (tmp_path / "main.yaml").write_text(TOP + main, encoding="utf-8")
        return load(tmp_path / "main.yaml", {}, engine=ENGINE)

    return checked


def paths(checked: Checked) -> list[object]:
    return [step.to_json()["path"] for step in checked.require().flows[0].steps]


def test_the_steps_of_a_file_stand_where_it_is_included(scenario) -> None:
    checked = scenario(
        "steps: [{get: /a}, {include: parts/b.yaml}, {get: '/${x}'}]",
        parts__b="steps:\n  - {get: '/${tenant}'}\n  - {include: c.yaml}\n",
        parts__c="- {get: /c, save: {x: $.x}}\n",
    )
    assert paths(checked)[:3] == ["/a", "/acme", "/c"]


def test_files_named_in_an_included_file_are_beside_it(scenario, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/body.txt").touch()
    checked = scenario("steps: [{include: parts/b.yaml}]", parts__b="- {put: /, body_file: body.txt}\n")
    assert checked.require().flows[0].steps[0].to_json()["body"] == {"file": str(tmp_path / "parts/body.txt")}


def test_a_mistake_is_told_in_the_file_where_it_is(scenario, tmp_path: Path) -> None:
    checked = scenario("steps: [{include: parts/b.yaml}]", parts__b="- get: /\n- {get: /, chek: 1}\n")
    assert codes(checked) == ["unknown-key"]
    place = checked.diagnostics[0].place
    assert place is not None
    assert (place.file, place.line, place.column) == (str(tmp_path / "parts/b.yaml"), 2, 12)


def test_a_file_cannot_include_itself(scenario) -> None:
    checked = scenario("steps: [{include: b.yaml}]", b="- {get: /}\n- {include: c.yaml}\n", c="- {include: b.yaml}\n")
    assert codes(checked) == ["bad-include"]
    assert "itself" in checked.diagnostics[0].message


def test_files_include_each_other_only_so_deep(scenario) -> None:
    files = {f"f{n}": f"- {{include: f{n + 1}.yaml}}\n" for n in range(MAX_FILE_DEPTH + 2)}
    assert codes(scenario("steps: [{get: /}, {include: f0.yaml}]", **files)) == ["bad-include"]


def test_the_number_of_included_steps_is_bounded(scenario) -> None:
    files = {f"f{n}": f"- {{include: f{n + 1}.yaml}}\n" * 10 for n in range(6)}
    assert set(codes(scenario("steps: [{get: /}, {include: f0.yaml}]", **files, f6="- {get: /}\n"))) == {"bad-include"}


def test_a_file_that_cannot_be_read_is_the_only_error(scenario) -> None:
    checked = scenario("steps: [{include: none.yaml}, {get: '/${token}'}]")
    assert codes(checked) == ["cannot-read"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty-scenario"), ("steps: []", "empty-list"), ("get: /", "unknown-key"), ("[", "yaml-syntax"),
     ("- 5", "wrong-type")],
)  # fmt: skip
def test_a_file_without_steps_is_told(scenario, text: str, code: str) -> None:
    assert code in codes(scenario("steps: [{get: /}, {include: b.yaml}]", b=text))


def test_an_included_file_is_one_branch_of_parallel(scenario) -> None:
    checked = scenario("steps: [{parallel: [{include: b.yaml}, {get: /c}]}]", b="- {get: /a}\n- {get: /b}\n")
    branches = checked.require().flows[0].steps[0].to_json()["branches"]
    assert [[step["path"] for step in branch] for branch in branches] == [["/a", "/b"], ["/c"]]
