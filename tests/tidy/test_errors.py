"""Every code that a person can see is in the catalogue, and everything in the catalogue can be seen."""

import ast
import re
from pathlib import Path

from .sources import text_of, tracked

CATALOGUE = Path("docs/reference/errors.md")
_CODE = re.compile(r"^\| `([a-z0-9-]+)` \|", re.MULTILINE)


def documented() -> set[str]:
    return set(_CODE.findall(text_of(CATALOGUE)))


def raised() -> dict[str, str]:
    """Codes by where they stand: `code = "..."` of an error class, and `code="..."` where one is raised."""
    found = {}
    for path in tracked(".py"):
        if path.parts[0] != "python":
            continue
        for node in ast.walk(ast.parse(text_of(path))):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                    found[code] = f"{path}:{node.value.lineno}"
                case ast.ClassDef(body=body):
                    found.update({code: f"{path}:{node.lineno}" for code in _codes_of_class(body)})
    return found


def _codes_of_class(body: list[ast.stmt]) -> list[str]:
    codes = []
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                codes.append(code)
            case ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code))):
                codes.append(code)
    return codes


def test_every_code_of_an_error_is_documented() -> None:
    codes = raised()
    assert "bad-input" in codes
    assert {code: place for code, place in codes.items() if code not in documented()} == {}


def test_every_code_of_a_diagnostic_is_documented_and_used() -> None:
    from kilobar.scenario.codes import CODES

    assert set(CODES) <= documented()
    sources = "".join(text_of(path) for path in tracked(".py") if path.parts[:2] == ("python", "kilobar"))
    assert [code for code in CODES if sources.count(f'"{code}"') < 2] == []


def test_the_classes_of_failed_steps_are_those_of_the_engine_and_documented() -> None:
    from kilobar.errors import STEP_ERRORS

    rust = text_of(Path("crates/core/src/stats/errors.rs"))
    assert list(STEP_ERRORS) == re.findall(r'Self::\w+ => "(\w+)"', rust)
    assert set(STEP_ERRORS) <= set(re.findall(r"^\| `([a-z_]+)` \|", text_of(CATALOGUE), re.MULTILINE))
