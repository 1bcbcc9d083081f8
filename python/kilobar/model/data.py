"""Rows of data in a plan: the twin of `crates/core/src/plan/data.rs`, which defines the meaning of each field."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Pick = Literal["unique", "sequential", "shuffle", "random"]
RowPer = Literal["iteration", "user"]
Exhausted = Literal["stop", "recycle", "fail"]


@dataclass(frozen=True, slots=True)
class Csv:
    """RFC 4180. All values are texts. With `header`, the first row names the columns and is no data."""

    delimiter: str = ","
    header: bool = True

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return {"csv": asdict(self)}


@dataclass(frozen=True, slots=True)
class Jsonl:
    """One JSON object a line."""

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        return "jsonl"


DataFormat = Csv | Jsonl


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file with so many rows and bytes; other numbers are an error when the run starts."""

    path: str
    """Absolute."""
    format: DataFormat
    rows: int
    bytes: int

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        file = {"path": self.path, "format": self.format.to_json(), "rows": self.rows, "bytes": self.bytes}
        return {"file": file}


@dataclass(frozen=True, slots=True)
class InlineRows:
    """Rows that stand in the scenario, each value in its JSON form."""

    values: tuple[tuple[str, ...], ...]
    secret_columns: tuple[int, ...] = ()
    """Indexes of the columns whose values come from the environment, so that nobody may see them."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.values)

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"rows": [list(row) for row in self.values]}


DataSource = DataFile | InlineRows


@dataclass(frozen=True, slots=True)
class DataSet:
    """Rows that are dealt by arithmetic: which one an iteration or a user gets follows from its number alone."""

    name: str
    source: DataSource
    columns: tuple[str, ...]
    pick: Pick = "sequential"
    per: RowPer = "iteration"
    when_exhausted: Exhausted = "recycle"

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        secret = self.source.secret_columns if isinstance(self.source, InlineRows) else ()
        return {
            "name": self.name,
            "source": self.source.to_json(),
            "columns": list(self.columns),
            **({"secret_columns": list(secret)} if secret else {}),
            "pick": self.pick,
            "per": self.per,
            "when_exhausted": self.when_exhausted,
        }
