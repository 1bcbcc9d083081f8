"""What does not fit into a head does not fit into a file: 600 lines a file, 70 a function."""

import ast

from .sources import text_of, tracked

FILE_LINES = 600
FUNCTION_LINES = 70


def test_no_file_is_too_long() -> None:
    lengths = {path: len(text_of(path).splitlines()) for path in tracked(".py", ".rs", ".js", ".css")}
    assert len(lengths) > 100
    assert {str(path): length for path, length in lengths.items() if length > FILE_LINES} == {}


def test_no_python_function_is_too_long() -> None:
    too_long = {}
    for path in tracked(".py"):
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    too_long[f"{path}: {node.name}"] = lines
    assert too_long == {}


def test_no_rust_function_is_too_long() -> None:
    """By its layout, which rustfmt guarantees: a function ends with the first brace in the column where it began."""
    too_long = {}
    for path in tracked(".rs"):
        lines = text_of(path).splitlines()
        for number, line in enumerate(lines):
            head = line.lstrip()
            if not head.startswith(_RUST_FUNCTION):
                continue
            indent = line[: len(line) - len(head)]
            end = next((at for at in range(number, len(lines)) if lines[at] == f"{indent}}}"), number)
            if end - number + 1 > FUNCTION_LINES:
                too_long[f"{path}:{number + 1}"] = end - number + 1
    assert too_long == {}


_RUST_FUNCTION = tuple(
    f"{visibility}{kind}fn " for visibility in ("", "pub ", "pub(crate) ", "pub(super) ")
    for kind in ("", "async ", "const ", "unsafe ")
)  # fmt: skip
