"""Stand-in until branch data is merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DataSet:
    name: str

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name}
