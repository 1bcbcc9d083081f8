"""Imports API descriptions that are written as Python values."""

from __future__ import annotations

import json
from typing import Any

from kilobar.importers import Imported
from kilobar.importers.bounds import all_steps
from kilobar.model.scenario import Request

from .importing import imported, notes_of

ALWAYS = "of responses the status is checked, not the schema of their bodies"


def described(paths: dict[str, Any], **more: Any) -> Imported:
    content = {"openapi": "3.0.3", "servers": [{"url": "http://a.example"}], "paths": paths, **more}
    return imported(json.dumps(content), "openapi")


def steps_of(result: Imported) -> list[Request]:
    return [step for step in all_steps(result.scenario) if isinstance(step, Request)]


def one(operation: dict[str, Any], method: str = "get", path: str = "/a", **more: Any) -> tuple[Request, list[str]]:
    """The step of a single operation, and the notes that are its own."""
    result = described({path: {method: {"responses": {"200": {}}, **operation}}}, **more)
    (step,) = steps_of(result)
    return step, [note for note in notes_of(result) if note != ALWAYS]


def body(media_type: str, media: dict[str, Any]) -> tuple[Request, list[str]]:
    return one({"requestBody": {"content": {media_type: media}}}, "post")
