"""What is documented about responses: the status to check, the type to accept, the schema to save values from."""

from __future__ import annotations

import re
from typing import Any

from kilobar.importers.openapi_bodies import is_json
from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import literal
from kilobar.importers.untyped import mapping_at
from kilobar.model.scenario import Check, Request, Scalar

_CODE = re.compile(r"[1-5][0-9]{2}")
_CLASS = re.compile(r"[1-5][xX]{2}")


class Responses:
    """Reads the responses of operations."""

    def __init__(self, references: References, remarks: Remarks, notes: Notes) -> None:
        self._references = references
        self._remarks = remarks
        self._notes = notes

    def add(self, request: Request, operation: dict[str, Any]) -> None:
        """Sets the check of the status and the header `accept`."""
        responses = mapping_at(operation, "responses", self._notes)
        statuses = _successes(responses)
        if statuses:
            request.check = Check(status=statuses[0] if len(statuses) == 1 else statuses)
        elif responses:
            self._remarks.count("operations document no successful status: any below 400 is taken for one")
        for response in responses.values():
            links = mapping_at(self._references.follow(response).content, "links", self._notes)
            self._remarks.count("links of responses are left out", len(links))
        accepted = self._accepted(responses)
        if accepted is not None:
            request.headers["accept"] = literal(accepted)

    def schema(self, operation: dict[str, Any]) -> Any:
        """The schema of the JSON of the first successful response, or None."""
        for content in self._success_contents(mapping_at(operation, "responses", self._notes)):
            for media_type, media in content.items():
                if is_json(media_type.partition(";")[0].strip().lower()) and isinstance(media, dict):
                    return media.get("schema")
        return None

    def _accepted(self, responses: dict[str, Any]) -> str | None:
        for content in self._success_contents(responses):
            types = [each for each in content if "*" not in each and each.isascii() and each.isprintable()]
            json_types = [each for each in types if is_json(each.partition(";")[0].strip().lower())]
            if types:
                return (json_types or types)[0]
        return None

    def _success_contents(self, responses: dict[str, Any]) -> list[dict[str, Any]]:
        found = [value for status, value in responses.items() if str(status)[:1] == "2"]
        found = found or [value for status, value in responses.items() if status == "default"]
        return [mapping_at(self._references.follow(each).content, "content", self._notes) for each in found]


def _successes(responses: dict[str, Any]) -> list[Scalar]:
    """The documented statuses of success; redirects when there are no others."""
    for first in "23":
        found: list[Scalar] = []
        for status in responses:
            if status[:1] == first and _CODE.fullmatch(status):
                found.append(int(status))
            elif status[:1] == first and _CLASS.fullmatch(status):
                found.append(status.lower())
        if found:
            return found
    return []
