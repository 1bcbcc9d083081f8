"""What `kilobar check` says of a scenario."""

import json
from pathlib import Path

import pytest

from kilobar.cli.main import execute

GOOD = """
target: http://127.0.0.1:1
steps:
  - {post: /, name: one, headers: {x-key: "a ${env.KEY} b"}, json: {key: "${env.KEY}"}}
load: [{rate: 10/s, for: 90s}, {users: 3, for: 30s}]
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return tmp_path / "s.yaml"


def test_a_good_scenario_is_described(
    scenario: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "s3cret")
    scenario.write_text(GOOD)
    assert execute(["check", str(scenario)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{scenario}: ok: 1 flow, 1 request, 2m of load, against http://127.0.0.1:1"
    assert Path(second.rpartition(": ")[2]).is_file()


def test_the_plan_is_printed_without_secrets(
    scenario: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "s3cret")
    scenario.write_text(GOOD)
    assert execute(["check", "--plan", str(scenario)]) == 0
    out = capsys.readouterr().out
    assert "s3cret" not in out
    plan = json.loads(out)
    (step,) = plan["flows"][0]["steps"]
    assert dict(step["headers"])["x-key"] == [{"text": "a "}, {"secret": "***"}, {"text": " b"}]


def test_a_warning_is_told_and_does_not_fail(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario.write_text("target: http://127.0.0.1:1\nsteps: [get: /]\n")
    assert execute(["check", str(scenario)]) == 0
    out, err = capsys.readouterr()
    assert "warning[no-load]" in err
    assert "ok:" in out


def test_errors_stand_on_stderr_once_with_exit_code_2(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario.write_text("target: http://127.0.0.1:1\nstepz: [get: /]\n")
    assert execute(["check", str(scenario)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("error[unknown-key]") == 1
    assert f"{scenario}:2:1" in err


def test_python_code_is_described_by_its_classes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kilobar.users.check._check_plan", lambda plan_json: None)
    file = tmp_path / "users.py"
    file.write_text(
        "from kilobar import Press\n"
        "class A(Press):\n    rate = '5/s'\n    host = 'http://127.0.0.1:1'\n    def press(self, row): pass\n"
    )
    assert execute(["check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: ok: A (threads), 30s of load, against http://127.0.0.1:1\n"
    file.write_text("class A(:\n")
    assert execute(["check", str(file)]) == 2
    assert f"error[code-syntax]: {file}:1:9: invalid syntax" in capsys.readouterr().err
