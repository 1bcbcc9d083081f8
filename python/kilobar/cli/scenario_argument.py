"""What a command takes as its scenario: a file, or an address to get."""

from __future__ import annotations

import os
from pathlib import Path

from kilobar.scenario import Checked, Overrides, from_url, load


def check_argument(scenario: str, overrides: Overrides | None = None) -> Checked:
    """Reads and checks the scenario that a person named."""
    if scenario.lower().startswith(("http://", "https://")):
        return from_url(scenario, overrides, os.environ)
    return load(Path(scenario), os.environ, overrides)
