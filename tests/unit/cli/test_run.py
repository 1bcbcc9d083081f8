"""What `kilobar run` refuses before anything starts, and what its overrides become."""

from pathlib import Path
from typing import Any

import pytest

from kilobar.cli import run as command
from kilobar.cli.main import execute
from kilobar.model.plan import Plan
from kilobar.model.summary import Outcome, Summary

from .summaries import a_summary


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Plan, dict[str, Any]]]:
    """The plans that would have been run, and how."""
    seen: list[tuple[Plan, dict[str, Any]]] = []

    def run_plan(plan: Plan, **options: Any) -> tuple[Summary, bool]:
        seen.append((plan, options))
        return a_summary(), False

    monkeypatch.setattr(command, "run_plan", run_plan)
    return seen


def test_options_become_the_plan(plans: list[tuple[Plan, dict[str, Any]]]) -> None:
    words = "--rate 50/s --for 3s --seed 9 --max-in-flight 7 --grace 2s --workers 2 --quiet --threshold"
    assert execute(["run", "http://127.0.0.1:1/", *words.split(), "p99 < 10ms", "--threshold", "errors < 1%"]) == 0
    ((plan, options),) = plans
    assert (plan.load[0].start, plan.load[0].end, plan.duration_ns) == (50, 50, 3_000_000_000)
    assert (plan.seed, plan.max_in_flight, plan.grace_ns) == (9, 7, 2_000_000_000)
    assert plan.thresholds == ("p99 < 10ms", "errors < 1%")
    assert options == {"workers": 2, "quiet": True}


@pytest.mark.parametrize(
    ("outcome", "interrupted", "exit_code"),
    [("passed", False, 0), ("failed", False, 1), ("invalid", False, 3), ("passed", True, 130), ("invalid", True, 130)],
)
def test_the_outcome_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome, interrupted: bool, exit_code: int
) -> None:
    from dataclasses import replace

    result = (replace(a_summary(), outcome=outcome), interrupted)
    monkeypatch.setattr(command, "run_plan", lambda plan, **options: result)
    assert execute(["run", "http://127.0.0.1:1/"]) == exit_code


def test_a_warning_of_the_scenario_is_told_before_the_run(
    plans: list[tuple[Plan, dict[str, Any]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("target: http://127.0.0.1:1\nsteps: [get: /]\n")
    assert execute(["run", str(file)]) == 0
    assert "warning[no-load]" in capsys.readouterr().err
    assert len(plans) == 1


@pytest.mark.parametrize(
    "words",
    [
        "http://127.0.0.1:1/ --fleet ray",
        "http://127.0.0.1:1/ --json a --json b",
        "http://127.0.0.1:1/ --json missing-folder/a",
        "http://127.0.0.1:1/ --rate soon",
        "missing.yaml",
        "missing.py",
        "missing.py::test_x",
        "missing.yaml --set a=b",
        "http://127.0.0.1:1/ another-word",
    ],
)
def test_what_cannot_be_run_is_refused_before_it_starts(
    plans: list[tuple[Plan, dict[str, Any]]], capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert execute(["run", *words.split()]) == 2
    assert "error[" in capsys.readouterr().err
    assert plans == []


def test_arguments_that_nobody_would_take_are_refused(
    plans: list[tuple[Plan, dict[str, Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "users.py").write_text("from kilobar import Press\nclass A(Press):\n    def press(self, row): pass\n")
    assert execute(["run", str(tmp_path / "users.py"), "--", "--for", "1s"]) == 2
    assert "nobody takes the arguments behind `--`: --for 1s" in capsys.readouterr().err
    assert plans == []


def test_options_of_code_reach_it(
    plans: list[tuple[Plan, dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kilobar.users.check._check_plan", lambda plan_json: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users.py").write_text("from kilobar import Press\nclass A(Press):\n    def press(self, row): pass\n")
    words = "users.py --users 3 --for 2s --set user=ann --tags slow --exclude-tags x,y --fast-http"
    assert execute(["run", *words.split()]) == 0
    ((plan, _),) = plans
    assert plan.code is not None
    assert (plan.load[0].end, plan.duration_ns) == (3, 2_000_000_000)
    assert plan.code.source["options"] == {
        "user": "ann",
        "tags": ["slow"],
        "exclude_tags": ["x", "y"],
        "fast_http": True,
    }
