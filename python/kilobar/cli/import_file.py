"""`kilobar import`: a file of another tool becomes a scenario, and what it cannot say is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from kilobar.cli.outputs import require_writable
from kilobar.errors import InputError
from kilobar.importers import Imported, Options, import_file
from kilobar.importers.formats import FORMATS
from kilobar.importers.relocate import relocate
from kilobar.scenario import check_text

_CHECKED_CHARACTERS = 2_000_000
"""A longer scenario is checked only when it is asked for: that would take longer than the import."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The scenario to write; else it is printed.")
@click.option("--format", "format_name", type=click.Choice(list(FORMATS)), help="What the file is; else recognised.")
@click.option("--environment", type=click.Path(path_type=Path), help="Postman: the file of the environment.")
@click.option("--static", is_flag=True, help="HAR: keep requests for images, scripts, style sheets and fonts.")
@click.option("--max-think", type=click.FloatRange(0, 86_400), default=10.0, help="HAR: longest pause, in seconds.")
def import_command(
    file: Path,
    output: Path | None,
    format_name: str | None,
    environment: Path | None,
    static: bool,
    max_think: float,
) -> int:
    """Make a scenario from a file of another tool; what cannot be carried over is listed on standard error."""
    if output is not None:
        require_writable(output)
        if output.exists() and file.exists() and output.samefile(file):
            raise InputError("the scenario would replace the file that is imported", code="output")
    options = Options(format=format_name, environment=environment, static=static, max_think_s=max_think)
    imported = import_file(file, options)
    if output is not None:
        relocate(imported.scenario, file.parent, output.parent)
    text = imported.to_yaml(file.name)
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        _write(output, text)
    _say(imported, file, output)
    return _check(text, output or file.parent / "scenario.yaml")


def _write(output: Path, text: str) -> None:
    from kilobar.report.files import write_text_atomically

    write_text_atomically(output, text)


def _say(imported: Imported, file: Path, output: Path | None) -> None:
    to = f" -> {output}" if output is not None else ""
    print(f"{file} ({imported.format}){to}", file=sys.stderr)
    if imported.notes:
        print("not carried over as it was:", file=sys.stderr)
    for note in imported.notes:
        print(f"  {note}", file=sys.stderr)


def _check(text: str, file: Path) -> int:
    """What `kilobar check` says of the result; 2 when it has errors."""
    if len(text) > _CHECKED_CHARACTERS:
        print(f"the scenario is large and not checked yet: kilobar check {file}", file=sys.stderr)
        return 0
    checked = check_text(text.encode(), str(file), os.environ)
    for diagnostic in checked.diagnostics:
        print(diagnostic, file=sys.stderr)
    return 0 if checked.ok else InputError.exit_code
