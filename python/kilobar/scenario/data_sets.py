"""Connects the data sets of a scenario with their rows, and the load with how many rows it needs."""

from __future__ import annotations

import os.path
from collections.abc import Iterable

from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.context import EngineChecks
from kilobar.scenario.data import DataInput, Demand, InlineRow, check_demand, lower_data
from kilobar.scenario.encode import encode_text
from kilobar.scenario.findings import Findings, shorten
from kilobar.scenario.pieces import Known, Template
from kilobar.scenario.resolve import NAME, RESERVED
from kilobar.scenario.yaml_nodes import Scalar


def lower_data_sets(
    scenario: tree.Scenario, engine: EngineChecks, findings: Findings
) -> dict[str, plan.DataSet | None]:
    """The data sets by name; None for one with errors, so that its columns are not unknown as well."""
    constants = {key.text for key, _ in scenario.variables}
    lowered: dict[str, plan.DataSet | None] = {}
    for key, data in scenario.data:
        if not NAME.fullmatch(key.text) or key.text in RESERVED or key.text in constants:
            hint = "use letters, digits and _, not starting with a digit, and no name of a constant"
            findings.error("bad-name", f"`{shorten(key.text)}` is no name for a data set", key.place, hint)
            lowered[key.text] = None
        else:
            lowered[key.text] = _lower(key.text, data, engine, findings)
    return lowered


def _lower(name: str, data: tree.Data, engine: EngineChecks, findings: Findings) -> plan.DataSet | None:
    if (data.file is None) == (data.rows is None):
        return None  # The reader has said so.
    if data.file is not None and engine.inspect_data is None:
        findings.error("not-supported", "this engine cannot read data", data.place, "install a newer one")
        return None
    before = findings.errors
    rows = None if data.rows is None else tuple(_row(row, findings) for row in data.rows)
    if findings.errors > before:
        return None
    given = DataInput(
        place=data.place,
        file=_scalar(data.file),
        rows=rows,
        format=data.format,
        columns=tuple(Scalar(column.place, column.text()) for column in data.columns),
        delimiter=_scalar(data.delimiter),
        pick=data.pick,
        per=data.per,
        when_exhausted=data.when_exhausted,
    )
    directory = os.path.dirname(os.path.abspath(data.place.file))
    return lower_data(name, given, directory, engine.inspect_data or _nothing, findings)


def _nothing(path: str, format_json: str, columns: list[str]) -> tuple[list[str], int, int]:
    raise ValueError("rows in the scenario are no file", None, 0, 0)


def _scalar(template: Template | None) -> Scalar | None:
    return Scalar(template.place, template.text()) if template is not None else None


def _row(row: tuple[tuple[Scalar, tree.JsonValue], ...], findings: Findings) -> InlineRow:
    values = tuple((key, _constant_json(value, findings)) for key, value in row)
    secret = frozenset(key.text for key, value in row if value.is_secret)
    return InlineRow(row[0][0].place, values, secret)


def _constant_json(value: tree.JsonValue, findings: Findings) -> str:
    texts = []
    for piece, encode in value.encoded:
        if isinstance(piece, Known):
            texts.append(encode_text(piece.text, encode))
        else:
            message = "rows must be known before the run"
            findings.error("not-constant", message, value.node.place, "only constants and ${env.X} may stand here")
            break
    return "".join(texts)


def check_demands(
    scenario: tree.Scenario, data: Iterable[plan.DataSet], load: Iterable[plan.Stage], findings: Findings
) -> None:
    """Warns when rows cannot be enough for the load."""
    stages = list(load)
    arrivals = sum((stage.start + stage.end) / 2 * stage.duration_ns / 1e9 for stage in stages if stage.kind == "rate")
    users = max((max(stage.start, stage.end) for stage in stages if stage.kind == "users"), default=0.0)
    demand = Demand(iterations=int(arrivals + 1e-9), users=int(users))
    places = {key.text: key.place for key, _ in scenario.data}
    for data_set in data:
        check_demand(data_set, places[data_set.name], demand, findings)
