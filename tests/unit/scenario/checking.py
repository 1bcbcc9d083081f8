"""Checks scenario texts with a stand-in for the engine, so that these tests need no native module."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kilobar.scenario import Checked, EngineChecks, Overrides, check_text

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
_PATH = re.compile(r"\$(\.[A-Za-z_]\w*|\[-?\d+\]|\[\*\]|\[\"[^\"]*\"\]|\['[^']*'\])*")


def json_path_problem(path: str) -> tuple[int, str] | None:
    if _PATH.fullmatch(path):
        return None
    match = _PATH.match(path)
    return (match.end() if match else 0), "it cannot go on like this"


def expression_problem(text: str) -> tuple[int, str] | None:
    """Stands in for the parsers of XPath, CSS and regular expressions: brackets must be closed."""
    return None if text.count("(") == text.count(")") else (text.find("("), "it is not closed")


def inspect_data(path: str, format_json: str, columns: list[str]) -> tuple[list[str], int, int]:
    """Stands in for the scanner of data: plain CSV with a header."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return columns or lines[0].split(","), len(lines) - (not columns), Path(path).stat().st_size


ENGINE = EngineChecks(
    json_path_problem, lambda plan_json: None, expression_problem, expression_problem, expression_problem, inspect_data
)


def check(text: str | bytes, env: Mapping[str, str] | None = None, overrides: Overrides | None = None) -> Checked:
    data = text if isinstance(text, bytes) else text.encode()
    return check_text(data, "s.yaml", env or {}, overrides, ENGINE)


def plan(text: str, env: Mapping[str, str] | None = None, overrides: Overrides | None = None) -> dict[str, Any]:
    return check(text, env, overrides).require().to_dict()


def request(step: str, env: Mapping[str, str] | None = None, top: str = "") -> dict[str, Any]:
    """The last request of a plan whose last step is `step`, in flow style."""
    text = f"target: http://h:81/base\n{top}\nload: {{users: 1, for: 1s}}\nsteps:\n"
    text += f"  - {{get: /first, name: first, save: {{id: {{json: $.id}}}}}}\n  - {step}\n"
    return plan(text, env)["flows"][0]["steps"][-1]


def variable(index: int, encode: str = "raw") -> dict[str, Any]:
    """The part of a template that a saved value fills."""
    return {"hole": {"value": {"variable": index}, "encode": encode}}


def random_int(low: int, high: int, encode: str = "raw") -> dict[str, Any]:
    """The part of a template that is a random number."""
    arguments = [{"json": str(low)}, {"json": str(high)}]
    return {"hole": {"value": {"call": {"function": "random.int", "arguments": arguments}}, "encode": encode}}


def steps(text: str, top: str = "") -> list[dict[str, Any]]:
    """The steps of a plan whose only flow has these, in block style."""
    return plan(f"target: http://h\nload: {{users: 1, for: 1s}}\n{top}\nsteps:\n{indented(text)}")["flows"][0]["steps"]


def indented(text: str) -> str:
    """A block of YAML, two columns to the right."""
    return textwrap.indent(textwrap.dedent(text).strip("\n"), "  ") + "\n"


def told(text: str, top: str = "") -> list[str]:
    """The codes of what is wrong with these steps."""
    checked = check(f"target: http://h\nload: {{users: 1, for: 1s}}\n{top}\nsteps:\n{indented(text)}")
    return codes(checked)


def codes(checked: Checked) -> list[str]:
    return [diagnostic.code for diagnostic in checked.diagnostics]


def compare_or_bless(path: Path, text: str) -> None:
    """A golden file must equal `text`; KILOBAR_BLESS=1 rewrites it."""
    if os.environ.get("KILOBAR_BLESS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    assert found == text, f"{path} is out of date: run with KILOBAR_BLESS=1 and read the difference"
