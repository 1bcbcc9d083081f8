"""The stub of the native module says exactly what the module has."""

import ast
from pathlib import Path
from typing import Any

import pytest

from kilobar import _native

from .sources import text_of

STUB = ast.parse(text_of(Path("python/kilobar/_native.pyi")))


def declared(body: list[ast.stmt]) -> set[str]:
    names = set()
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


def public(members: Any) -> set[str]:
    return {name for name in vars(members) if not name.startswith("_")}


def test_the_module_has_the_names_of_its_stub() -> None:
    assert public(_native) == {name for name in declared(STUB.body) if not name.startswith("_")}
    assert isinstance(_native.__version__, str)


@pytest.mark.parametrize(
    "node", [node for node in STUB.body if isinstance(node, ast.ClassDef)], ids=lambda node: node.name
)
def test_a_class_has_the_members_of_its_stub(node: ast.ClassDef) -> None:
    native = getattr(_native, node.name)
    assert public(native) == {name for name in declared(node.body) if not name.startswith("_")}


@pytest.mark.parametrize(
    "node", [node for node in STUB.body if isinstance(node, ast.FunctionDef)], ids=lambda node: node.name
)
def test_a_function_takes_the_arguments_of_its_stub(node: ast.FunctionDef) -> None:
    text: str = getattr(_native, node.name).__text_signature__
    names = [argument.arg for argument in node.args.args]
    found = [
        part.partition("=")[0].strip() for part in text.strip("()").split(",") if part.strip() not in ("", "/", "*")
    ]
    assert found == names


def test_only_the_packages_that_need_it_import_the_native_module() -> None:
    from .sources import tracked

    importers = {
        path.parts[2]
        for path in tracked(".py")
        if path.parts[:2] == ("python", "kilobar") and "_native" in text_of(path) and len(path.parts) > 3
    }
    assert importers <= {"cli", "fleet", "runs", "scenario", "users"}
