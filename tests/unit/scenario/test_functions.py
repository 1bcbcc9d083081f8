"""The table of functions: what they take, and that the engine has the same ones."""

from __future__ import annotations

import json

import pytest

from kilobar.errors import Place
from kilobar.scenario import resolve
from kilobar.scenario.encode import encode_value
from kilobar.scenario.findings import Findings
from kilobar.scenario.functions import FUNCTIONS, Kind, argument_problem, bounds_problem, count_problem
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.yaml_nodes import Scalar

from .checking import ROOT, compare_or_bless


def test_the_engine_gets_the_example_of_every_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Rust twin of this test computes them, and compares what was folded here."""
    nodes = {name: Scalar(Place("s.yaml", 1, 1), function.example) for name, function in FUNCTIONS.items()}
    folded = {name: Resolver({}, Findings()).template(node) for name, node in nodes.items()}
    monkeypatch.setattr(resolve, "folded", lambda name, arguments: None)
    examples = {}
    for name, node in nodes.items():
        template = encode_value(Resolver({}, Findings()).template(node), {})
        text = folded[name].text() if folded[name].is_constant else None
        examples[name] = {"template": template.to_json(), "folded": text}
    compare_or_bless(ROOT / "tests/golden/functions.json", json.dumps(examples, indent=1, sort_keys=True) + "\n")


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("uuid", 0, None),
        ("uuid", 1, "no arguments"),
        ("random.int", 2, None),
        ("random.int", 3, "2 arguments: min, max"),
        ("base64", 0, "1 argument: text"),
        ("now", 0, None),
        ("now", 3, "0 to 2 arguments: pattern, offset"),
        ("add", 50, None),
        ("add", 0, "at least 1 argument: number, ..."),
    ],
)
def test_arguments_are_counted(name: str, given: int, problem: str | None) -> None:
    assert count_problem(FUNCTIONS[name], given) == problem


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["", "x"], []),
        ("int", ["0", "-9223372036854775808"], ["", "1.0", "9223372036854775808", "+1", "x"]),
        ("number", ["1", "-1.50", "1e3"], ["", ".5", "5.", "1e999", "nan", "1" * 40]),
        ("count", ["0", "1000000"], ["-1", "1000001", "x"]),
        ("decimals", ["0", "15"], ["16", "-1"]),
        ("duration", ["0s", "-5m", "+1h30m", "1.5d"], ["5", "", "-", "1y"]),
        ("time", ["2026-11-20", "2026-11-20T21:43:26.5+01:00", "1795211006"],
         ["now", "2026-11", "20:00", "2026-02-30", "2026-01-01T25:00:00Z"]),
        ("pattern", ["rfc3339", "http", "unix", "unix_ms", "%Y-%m-%dT%H:%M:%S.%LZ", "100%%"],
         ["", "iso", "%", "%Q", "yyyy-MM-dd", "%Y%"]),
        ("encoding", ["hex", "base64"], ["Hex", ""]),
        ("base64", ["", "dXNlcg==", "dXNlcg", "fn5-Pw"], ["a", "a b", "fn5-P+w"]),
        ("claims", ["{}", '{"sub": "1"}'], ["", "[]", "{", "1"]),
        ("algorithm", ["HS256", "RS256"], ["none", "ES256"]),
    ],
)  # fmt: skip
def test_constant_arguments_are_judged_by_their_kind(kind: Kind, good: list[str], bad: list[str]) -> None:
    assert [argument_problem(kind, text) for text in good] == [None] * len(good)
    assert [text for text in bad if argument_problem(kind, text) is None] == []


def test_bounds_are_compared_when_both_are_known() -> None:
    assert bounds_problem("random.int", ["2", "1"]) is not None
    assert bounds_problem("random.float", ["0.5", "0.5"]) is None
    assert bounds_problem("random.int", [None, "1"]) is None
    assert bounds_problem("add", ["2", "1"]) is None
