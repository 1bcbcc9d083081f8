"""What a person named to be pressed: a file of Python, a class in it, or a test. Nothing of it is executed here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kilobar.errors import InputError

Kind = Literal["classes", "pytest", "locust"]

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_FILES_FOLLOWED = 50
"""Modules beside the file that are looked into, when the file itself imports neither Kilobar nor Locust."""

_ARGUMENT = re.compile(
    r"(?P<file>.+\.py)(?:::(?P<node>\S.*)|:(?P<names>[A-Za-z_]\w*(?:,[A-Za-z_]\w*)*))?", re.IGNORECASE | re.DOTALL
)
_PRESSED = ("Press", "User")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What there is to press, and who reads it."""

    kind: Kind
    file: Path
    """As it was given."""
    names: tuple[str, ...] = ()
    """Classes that were picked; empty: all of them."""
    node: str | None = None
    """Of pytest, what stands behind the first `::`."""


def is_python(argument: str) -> bool:
    """Whether it names Python code: `users.py`, `users.py:Buyer`, `test_shop.py::test_buy`."""
    return _ARGUMENT.fullmatch(argument) is not None


def recognise(argument: str) -> Recognised:
    """Reads an argument for which `is_python` holds, and the file. Raises InputError."""
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        raise InputError(f"`{argument}` names no Python file", hint="write file.py, file.py:Class or file.py::test")
    file = Path(match["file"])
    tree = _tree(file)
    if match["node"]:
        return Recognised("pytest", file, node=match["node"])
    names = tuple(match["names"].split(",")) if match["names"] else ()
    return Recognised(_kind(file, tree), file, names)


def _kind(file: Path, tree: ast.Module) -> Kind:
    """By what the file imports, or else by what the modules beside it import."""
    for followed in _with_neighbours(file, tree):
        if _imports_users_of_kilobar(followed):
            return "classes"
        if any(module.partition(".")[0] == "locust" for module in _imported(followed)):
            return "locust"
    tests = list(_tests(tree))
    if tests:
        raise InputError(
            f"{file} has tests, but no class to press", hint=f"press a test of it: kilobar run {file}::{tests[0]}"
        )
    raise InputError(
        f"{file} has nothing to press: it imports neither `Press` or `User` of kilobar, nor locust, and has no tests",
        hint="write a class that inherits from kilobar.Press and has a method press(self, row)",
    )


def _tree(file: Path) -> ast.Module:
    """The syntax tree of a file. Raises InputError."""
    try:
        with open(file, "rb") as stream:
            text = stream.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"cannot read {file}: {reason}", code="code", hint="check the path") from error
    if len(text) > MAX_FILE_BYTES:
        raise InputError(f"{file} is larger than {MAX_FILE_BYTES // 1024 // 1024} MiB", code="code")
    try:
        return ast.parse(text, str(file))
    except SyntaxError as error:
        place = f"{file}:{error.lineno or 1}:{error.offset or 1}"
        line = f"\n  {error.text.strip()}" if error.text else ""
        raise InputError(f"{place}: {error.msg}{line}", code="code-syntax") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{file} cannot be parsed: {error}", code="code-syntax") from error


def _with_neighbours(file: Path, tree: ast.Module) -> Iterator[ast.Module]:
    """The file, then the modules in its directory that it imports, and so on."""
    seen = {file.resolve()}
    waiting = [tree]
    while waiting:
        current = waiting.pop(0)
        yield current
        for module in _imported(current):
            path = file.parent.joinpath(*module.split("."))
            for candidate in (path.with_suffix(".py"), path / "__init__.py"):
                if len(seen) > MAX_FILES_FOLLOWED or not candidate.is_file() or candidate.resolve() in seen:
                    continue
                seen.add(candidate.resolve())
                try:
                    waiting.append(_tree(candidate))
                except InputError:
                    continue  # its import fails in a moment, with better words


def _imported(tree: ast.Module) -> Iterator[str]:
    """Full names of modules, wherever in the file they are imported; relative ones as if they stood beside it."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names):
                if module:
                    yield module
                else:
                    yield from (alias.name for alias in names)


def _imports_users_of_kilobar(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names, level=0) if module.partition(".")[0] == "kilobar":
                if any(alias.name in (*_PRESSED, "*") for alias in names):
                    return True
            case ast.ClassDef(bases=bases):
                for base in bases:
                    if isinstance(base, ast.Attribute) and base.attr in _PRESSED and _is_kilobar(base.value, tree):
                        return True
    return False


def _is_kilobar(value: ast.expr, tree: ast.Module) -> bool:
    """Whether a name stands for the package: `kilobar`, or what it was imported as."""
    names = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.partition(".")[0] == "kilobar"
    }
    return isinstance(value, ast.Name) and value.id in names


def _tests(tree: ast.Module) -> Iterator[str]:
    """Test functions, and those of test classes, as pytest names them."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test"):
                yield name
            case ast.ClassDef(name=name, body=body) if name.startswith("Test"):
                for inner in body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name.startswith("test"):
                        yield f"{name}::{inner.name}"
