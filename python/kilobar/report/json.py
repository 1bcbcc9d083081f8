"""The JSON report: the contract of `--json` (DESIGN section 8)."""

from __future__ import annotations

import json
from pathlib import Path

from kilobar.model.summary import Summary
from kilobar.report import words
from kilobar.report.files import write_text_atomically


def json_text(summary: Summary) -> str:
    """The summary as indented JSON with a newline at its end. Keys stand in the order of the contract.

    `verdict.words` tells the run in the sentences of the other reports. Raises ValueError for a number that JSON does
    not have (NaN, infinity), because a reader would stumble over it much later.
    """
    document = summary.to_dict()
    document["verdict"]["words"] = list(words.sentences(summary))
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def write_json(summary: Summary, path: str | Path) -> None:
    """Writes the JSON report whole or not at all. Raises OutputError."""
    write_text_atomically(path, json_text(summary))
