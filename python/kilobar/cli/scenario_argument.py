"""What a command takes as its scenario: a scenario file, Python code, or an address to get."""

from __future__ import annotations

import os
from pathlib import Path

from kilobar.errors import InputError
from kilobar.scenario import Checked, Overrides, from_url, load
from kilobar.users.options import CodeOptions
from kilobar.users.recognise import is_python


def check_argument(scenario: str, overrides: Overrides | None = None, options: CodeOptions | None = None) -> Checked:
    """Reads and checks the scenario that a person named. Raises InputError for code that cannot be pressed, and for
    options that are only for code."""
    is_url = scenario.lower().startswith(("http://", "https://"))
    if not is_url and is_python(scenario):
        # Only for code: a scenario file must not pay for its import.
        from kilobar.users.check import check_code

        return check_code(scenario, overrides, options)
    if options is not None and not options.is_empty:
        raise InputError(
            f"`{scenario}` is no Python file; "
            "--set, --spawn-rate, --tags, --exclude-tags, --fast-http and arguments are for code",
            hint="leave them out, or name a file such as users.py",
        )
    if is_url:
        return from_url(scenario, overrides, os.environ)
    return load(Path(scenario), os.environ, overrides)
