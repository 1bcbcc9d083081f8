"""The command line in the documentation is the one that exists, and all of it."""

import contextlib
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kilobar.cli.main import COMMANDS, execute

from .pages import PAGES, ROOT, blocks

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[a-z])(?![\w-])")
INLINE = re.compile(r"`(?:[^`\n]*\s)?kilobar ([^`\n]+)`")
ALWAYS = {"--help", "-h", "--version"}


@cache
def options_of(command: str) -> set[str]:
    """The options in the left column of `kilobar COMMAND --help`."""
    help_text = io.StringIO()
    with contextlib.redirect_stdout(help_text):
        assert execute([command, "--help"]) == 0
    columns = (re.split(r"\s{2,}", line.strip())[0] for line in help_text.getvalue().splitlines())
    return {option for column in columns if column.startswith("-") for option in OPTION.findall(column)}


def shown(page: Path) -> Iterator[str]:
    """What follows `kilobar` wherever a page shows a command, each with its continuation lines."""
    yield from INLINE.findall(page.read_text())
    for block in blocks("sh"):
        if block.page == page:
            for line in block.text.replace("\\\n", " ").splitlines():
                match = re.match(r"(?:\S+/|taskset -c \d+ )?kilobar (.*)", line.partition("#")[0])
                if match:
                    yield match[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_exists_with_its_options(page: Path) -> None:
    wrong = []
    for arguments in shown(page):
        command = arguments.split()[0]
        known = options_of(command) | ALWAYS if command in COMMANDS else ALWAYS
        if command not in COMMANDS and not command.startswith("-"):
            wrong.append(f"kilobar {command}")
        # What stands behind `--` is for the code that is run.
        own = arguments.partition(" -- ")[0]
        wrong += [f"kilobar {command} {option}" for option in OPTION.findall(own) if option not in known]
    assert wrong == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_reference_has_every_option_of_a_command_and_no_other(command: str) -> None:
    text = (ROOT / "docs/reference/cli.md").read_text()
    match = re.search(rf"^## kilobar {command}\b.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"docs/reference/cli.md has no section about kilobar {command}"
    table = "\n".join(line.split("|")[1] for line in match[0].splitlines() if line.startswith("| `-"))
    assert set(OPTION.findall(table)) == options_of(command) - ALWAYS
