"""Names that say nothing, and words that have no place in a source file."""

import re
from pathlib import Path

import pytest

from .sources import text_of, tracked

DRAWERS = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
"""A file with such a name takes in everything, and nobody looks there for anything."""

_TEXT = tuple(
    [".py", ".pyi", ".rs", ".md", ".toml", ".yaml", ".yml", ".json", ".html", ".css", ".js", ".cfg", ".txt", ".lock"]
)


def places(pattern: str, paths: tuple[Path, ...]) -> list[str]:
    """Where it is found, as file:line."""
    regex = re.compile(pattern)
    return [
        f"{path}:{number}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if regex.search(line)
    ]


def test_no_file_or_folder_is_a_drawer() -> None:
    assert [str(path) for path in tracked() if DRAWERS & {part.partition(".")[0] for part in path.parts}] == []


def test_no_test_sleeps_except_where_real_processes_are_waited_for() -> None:
    tests = tuple(
        path
        for path in tracked(".py")
        if path.parts[0] == "tests"
        and path.parts[1] not in ("system", "tidy")
        and "guest" not in path.parts  # what sleeps there are locustfiles, in processes of their own
    )
    assert len(tests) > 20
    assert places(r"\bsleep\(", tests) == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of somebody's machine", r"(?<![\w.}*~-])/(?:work|root|tmp|home)/\w"),
        (
            "a host of a package registry",
            r"\b(?:files\.pythonhosted|pypi\.org|crates\.io/api|static\.crates\.io|npmjs\.)",
        ),
        ("work that is not done", r"\b(?:TODO|FIXME|XXX|HACK)\b"),
        ("a debugger or a print that was forgotten", r"\b(?:breakpoint\(\)|pdb\.set_trace|dbg!\()"),
        ("a conflict of two versions", r"^(?:<{7}|>{7}) "),
    ],
    ids=lambda value: value if " " in value and "(" not in value else "",
)
def test_no_source_holds(what: str, pattern: str) -> None:
    mine = Path("tests/tidy/test_words.py")
    assert places(pattern, tuple(path for path in tracked(*_TEXT) if path != mine)) == [], what


def test_every_file_ends_with_one_line_break_and_no_line_ends_with_a_space() -> None:
    wrong = []
    for path in tracked(".py", ".rs", ".toml", ".yaml", ".pyi"):
        text = text_of(path)
        if text and (not text.endswith("\n") or text.endswith("\n\n") or "\r" in text):
            wrong.append(str(path))
        wrong.extend(f"{path}:{n}" for n, line in enumerate(text.split("\n"), 1) if line != line.rstrip(" \t"))
    assert wrong == []
