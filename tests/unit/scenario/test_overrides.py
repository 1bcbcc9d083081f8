from __future__ import annotations

import pytest

from kilobar.scenario import Overrides

from .checking import check, codes, plan

STEPS = "target: http://h\nsteps: [{get: /}]\n"
ONE = STEPS + "load: {rate: 5/s, for: 7s}\n"
TWO = STEPS + "load: [{rate: 5/s, for: 7s}, {users: 3, for: 5s}]\n"


def stage(kind: str, start: float, end: float, seconds: int) -> dict[str, object]:
    return {"kind": kind, "from": start, "to": end, "duration_ns": seconds * 1_000_000_000}


@pytest.mark.parametrize(
    ("text", "overrides", "load"),
    [
        (ONE, Overrides(rate="9/s"), stage("rate", 9, 9, 7)),
        (TWO, Overrides(rate="0/s to 9/s"), stage("rate", 0, 9, 12)),
        (TWO, Overrides(users="50", duration="1m"), stage("users", 50, 50, 60)),
        (STEPS, Overrides(users="50"), stage("users", 50, 50, 30)),
        (ONE, Overrides(duration="3s"), stage("rate", 5, 5, 3)),
        (STEPS, Overrides(duration="3s"), stage("users", 1, 1, 3)),
    ],
)
def test_options_replace_the_load(text: str, overrides: Overrides, load: dict[str, object]) -> None:
    assert plan(text, None, overrides)["load"] == [load]


def test_other_options_replace_or_add() -> None:
    overrides = Overrides(
        thresholds=("p99 < 1s",), seed=9, allow=("b",), target="http://other:1/", max_in_flight=3, grace="2s"
    )
    lowered = plan(ONE + "thresholds: [errors < 1%]\nallow: [a]\nseed: 1\n", None, overrides)
    assert lowered["thresholds"] == ["errors < 1%", "p99 < 1s"]
    assert lowered["allow"] == ["a", "b"]
    assert lowered["seed"] == 9
    assert lowered["origins"] == [{"scheme": "http", "host": "other", "port": 1}]
    assert (lowered["max_in_flight"], lowered["grace_ns"]) == (3, 2_000_000_000)


@pytest.mark.parametrize(
    ("text", "overrides", "code", "place"),
    [
        (ONE, Overrides(rate="5"), "bad-rate", "--rate"),
        (ONE, Overrides(users="x"), "bad-number", "--users"),
        (ONE, Overrides(duration="5"), "bad-duration", "--for"),
        (ONE, Overrides(rate="5/s", users="5"), "conflicting-keys", "--rate"),
        (TWO, Overrides(duration="5s"), "conflicting-keys", "--for"),
        (ONE, Overrides(thresholds=("p99 ! 5ms",)), "bad-threshold", "--threshold"),
        (ONE, Overrides(thresholds=("p99(x) < 5ms",)), "unknown-series", "--threshold"),
        (ONE, Overrides(seed=-1), "bad-number", "--seed"),
        (ONE, Overrides(allow=("a b",)), "bad-host", "--allow"),
        (ONE, Overrides(target="h"), "bad-url", "--target"),
        (ONE, Overrides(max_in_flight=0), "bad-number", "--max-in-flight"),
        (ONE, Overrides(grace="5"), "bad-duration", "--grace"),
        (ONE, Overrides(rate="0/s"), "impossible-load", "--rate"),
    ],
)
def test_bad_options_are_told_by_name(text: str, overrides: Overrides, code: str, place: str) -> None:
    checked = check(text, None, overrides)
    assert codes(checked) == [code]
    assert str(checked.diagnostics[0].place) == place
    assert checked.diagnostics[0].hint


def test_errors_of_the_file_come_before_those_of_options() -> None:
    checked = check(ONE + "timeout: 5\n", None, Overrides(grace="5"))
    assert [str(diagnostic.place) for diagnostic in checked.diagnostics] == ["s.yaml:4:10", "--grace"]
