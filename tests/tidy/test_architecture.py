"""ARCHITECTURE.md tells the truth about the tree: it names every directory there is, and none that there is not."""

import re
from pathlib import Path

from .sources import ROOT, text_of, tracked

PAGE = Path("ARCHITECTURE.md")
_ENTRY = re.compile(r"^(?P<indent>[\s│├└─|`+-]*)(?P<path>[A-Za-z0-9_.{},/-]+/?)(?:\s{2,}.*)?$")


def tree() -> list[str]:
    """The lines of the first fenced block that names both halves of the source."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text_of(PAGE), re.MULTILINE | re.DOTALL)
    (found, *_) = [block for block in blocks if "crates/core" in block or ("crates/" in block and "python/" in block)]
    return str(found).splitlines()


def named() -> set[Path]:
    """Directories that the tree names: each entry below the nearest entry before it that is less indented."""
    directories: set[Path] = set()
    parents: list[tuple[int, Path]] = []
    for line in tree():
        match = _ENTRY.match(line)
        if match is None:
            continue
        indent = len(match["indent"])
        while parents and parents[-1][0] >= indent:
            parents.pop()
        path = (parents[-1][1] if parents else Path()) / match["path"].rstrip("/")
        if (ROOT / path).is_dir() or match["path"].endswith("/"):
            directories.add(path)
            parents.append((indent, path))
    return directories


def there() -> set[Path]:
    """Crates, packages, and the directories at the top."""
    found = set()
    for path in tracked():
        if path.parts[0].startswith("."):
            continue
        if len(path.parts) > 1:
            found.add(Path(path.parts[0]))
        if path.parts[0] == "crates" and len(path.parts) > 2:
            found.add(Path(*path.parts[:2]))
        if path.parts[:2] == ("python", "kilobar") and len(path.parts) > 3:
            found.add(Path(*path.parts[:3]))
    return found


def with_parents(paths: set[Path]) -> set[Path]:
    return paths | {parent for path in paths for parent in path.parents} - {Path()}


def test_every_directory_of_the_tree_is_named() -> None:
    assert sorted(map(str, there() - with_parents(named()))) == []


def test_every_directory_that_is_named_is_there() -> None:
    assert [str(path) for path in sorted(named()) if not (ROOT / path).is_dir()] == []


def test_the_packages_are_those_of_the_layer_contract() -> None:
    contract = text_of(Path(".importlinter")).partition("layers =")[2].partition("exhaustive")[0]
    layers = set(re.findall(r"\w+", contract))
    packages = {path.parent.name for path in tracked(".py") if path.match("python/kilobar/*/__init__.py")}
    assert packages <= layers
