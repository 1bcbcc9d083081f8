"""Addresses of a source -> addresses that a scenario allows."""

from __future__ import annotations

import re

from kilobar.model.scenario import Text

_HOLE = re.compile(r"(\$\{[^{}]*\})")
_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f\\\"<>^`|]")


def clean_address(url: Text) -> Text:
    """An address (scenario text) with what may not stand in one percent-encoded, without its fragment."""
    parts = _HOLE.split(url)
    clean: list[Text] = []
    for number, part in enumerate(parts):
        if number % 2:
            clean.append(part)
            continue
        text, fragment, _ = part.partition("#")
        clean.append(_NOT_IN_ADDRESS.sub(lambda found: f"%{ord(found[0]):02X}", text))
        if fragment:
            break
    return "".join(clean)
