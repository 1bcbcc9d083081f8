"""How steps are lowered, and what is known after them."""

from __future__ import annotations

import pytest

from kilobar.scenario.check import check_text

from .checking import check, codes, steps, told, variable

SAVE = "- {get: /, save: {x: $.x}}"


def test_think_has_laws() -> None:
    lowered = steps("""
        - get: /
        - think: {exponential: 1s}
        - think: {exponential: 1s, max: 2s}
        - think: {pacing: 3s}
    """)
    assert [step.get("how") for step in lowered[1:]] == [
        {"exponential": {"mean_ns": 1_000_000_000, "max_ns": 10_000_000_000}},
        {"exponential": {"mean_ns": 1_000_000_000, "max_ns": 2_000_000_000}},
        {"pacing": {"period_ns": 3_000_000_000}},
    ]


def test_set_keeps_the_type_of_numbers_and_of_single_holes() -> None:
    lowered = steps("""
        - set: {n: 5, t: "5", flag: true}
        - set: {copy: "${n}", text: "n=${n}"}
        - get: /
    """)
    assert [step["value"] for step in lowered[:3]] == [
        [{"hole": {"value": {"json": "5"}, "encode": "raw"}}],
        "5",
        [{"hole": {"value": {"json": "true"}, "encode": "raw"}}],
    ]
    assert lowered[3]["value"] == [variable(0)]
    assert lowered[4]["value"] == [{"text": "n="}, variable(0)]


def test_if_has_two_branches() -> None:
    lowered = steps("""
        - {get: /, save: {n: $.n}}
        - if: ${n} > 3
          then: [{get: /more}]
          else: [{get: /less}]
    """)
    assert lowered[1]["kind"] == "if"
    assert lowered[1]["condition"] == {"compare": {"left": [variable(0)], "operator": "gt", "right": "3"}}
    assert [branch[0]["path"] for branch in (lowered[1]["then"], lowered[1]["otherwise"])] == ["/more", "/less"]


def test_loops_have_a_bound_and_a_variable() -> None:
    repeat, each, loop = steps("""
        - {repeat: 3, as: turn, steps: [{get: "/${turn}"}]}
        - {for_each: [1, {a: b}], as: item, steps: [{get: "/${item.a}"}]}
        - {while: "${turn} < 5", max: 7, steps: [{get: /}]}
    """)
    assert (repeat["times"], repeat["variable"]) == ("3", 0)
    assert (each["items"], each["variable"]) == ('[1,{"a":"b"}]', 1)
    assert each["steps"][0]["path"][1]["hole"]["value"] == {"member": {"of": {"variable": 1}, "path": '$["a"]'}}
    assert loop["max"] == 7


def test_groups_have_a_series_of_their_own_kind() -> None:
    checked = check("target: http://h\nload: {users: 1, for: 1s}\nsteps: [{group: home, steps: [{get: /}]}]\n"
                    "thresholds: ['p95(home) < 1s']")  # fmt: skip
    assert checked.require().series == (("home", "group"), ("GET /", "http"))


def test_at_most_64_branches_are_executed_at_once() -> None:
    assert told("- {parallel: [{get: /a}, {get: /b}], max: 64}") == []
    assert told("- {parallel: [{get: /a}, {get: /b}], max: 65}") == ["bad-number"]


def test_each_step_of_parallel_is_a_branch() -> None:
    (lowered,) = steps("- {parallel: [{get: /a}, {group: two, steps: [{get: /b}, {get: /c}]}], max: 2}")
    assert lowered["max"] == 2
    assert [[step["kind"] for step in branch] for branch in lowered["branches"]] == [["request"], ["group"]]


def test_exits_say_what_ends_and_why() -> None:
    lowered = steps("""
        - {get: /, save: {x: $.x}}
        - if: ${x}
          then: [{fail: "x is ${x}"}]
        - if: ${x} == 1
          then: [{stop_user: sold out}]
          else: [{stop_run: closed}]
    """)
    exits = [lowered[1]["then"][0], lowered[2]["then"][0], lowered[2]["otherwise"][0]]
    assert [(step["what"], step["message"]) for step in exits] == [
        ("fail", [{"text": "x is "}, variable(0)]), ("stop_user", "sold out"), ("stop_run", "closed")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ("- {if: '${y}', then: [{get: /, save: {x: $.x}}]}", ["maybe-unsaved"]),
        ("- {if: '${y}', then: [{get: /, save: {x: $.x}}], else: [{set: {x: 1}}]}", []),
        ("- {if: '${y}', then: [{get: /, save: {x: $.x}}], else: [{fail: no}]}", []),
        ("- {if: '${y}', then: [{stop_user: no}], else: [{get: /, save: {x: $.x}}]}", []),
        ("- {repeat: 2, steps: [{get: /, save: {x: $.x}}]}", []),
        ("- {repeat: 0, steps: [{get: /, save: {x: $.x}}]}", ["maybe-unsaved"]),
        ("- {repeat: '${y}', steps: [{get: /, save: {x: $.x}}]}", ["maybe-unsaved"]),
        ("- {while: '${y}', max: 3, steps: [{get: /, save: {x: $.x}}]}", ["maybe-unsaved"]),
        ("- {for_each: '${y}', as: z, steps: [{get: /, save: {x: $.x}}]}", ["maybe-unsaved"]),
        ("- {for_each: [1], as: z, steps: [{get: /, save: {x: $.x}}]}", []),
        ("- {parallel: [{get: /a}, {get: /b, save: {x: $.x}}]}", []),
        ("- {group: g, steps: [{get: /, save: {x: $.x}}]}", []),
        ("- {set: {x: 1}}\n- {if: '${y}', then: [{set: {x: 2}}]}", []),
        ("- {parallel: [{get: '/${x}'}, {get: /b, save: {x: $.x}}]}", ["not-saved-yet"]),
    ],
)
def test_a_value_is_there_when_every_way_saves_it(between: str, expected: list[str]) -> None:
    assert told(f"- {{get: /, save: {{y: $.y}}}}\n{between}\n- get: /${{x}}") == expected


@pytest.mark.parametrize(
    ("condition", "then", "otherwise"),
    [
        ("${x} is set", [], ["maybe-unsaved"]),
        ("not (${x} is set)", ["maybe-unsaved"], []),
        ("${x} is not set", ["maybe-unsaved"], []),
        ("${x} is set and ${x} > 3", [], ["maybe-unsaved"]),
        ("${x} is set or ${y} > 3", ["maybe-unsaved"], ["maybe-unsaved"]),
    ],
)
def test_a_value_that_was_asked_for_may_be_used(condition: str, then: list[str], otherwise: list[str]) -> None:
    maybe = "- {get: /, save: {y: $.y}}\n- {if: '${y}', then: [{get: /, save: {x: $.x}}]}\n"
    assert told(f"{maybe}- {{if: '{condition}', then: [{{get: '/${{x}}'}}]}}") == then
    assert told(f"{maybe}- {{if: '{condition}', then: [{{get: /}}], else: [{{get: '/${{x}}'}}]}}") == otherwise


def test_what_was_asked_for_is_forgotten_after_the_branch() -> None:
    text = "- {get: /, save: {y: $.y}}\n- {if: '${y}', then: [{get: /, save: {x: $.x}}]}\n"
    assert told(text + "- {if: '${x} is set', then: [{get: /}]}\n- get: /${x}") == ["maybe-unsaved"]
    assert told("- {get: /}\n- {if: '${nowhere} is set', then: [{get: /}]}") == ["unknown-variable"]


def test_steps_after_the_end_are_told_once() -> None:
    assert told("- get: /\n- fail: now\n- get: /a\n- get: /b") == ["unreachable-step"]
    assert told("- {group: g, steps: [{get: /}, {stop_run: now}]}\n- get: /b") == ["unreachable-step"]
    assert told(SAVE + "\n- {if: '${x}', then: [{fail: a}], else: [{fail: b}]}\n- get: /b") == ["unreachable-step"]
    assert told(SAVE + "\n- {if: '${x}', then: [{fail: a}]}\n- get: /b") == []
    assert told(SAVE + "\n- {while: '${x}', max: 3, steps: [{fail: a}]}\n- get: /b") == []


def test_a_condition_of_constants_is_suspicious() -> None:
    assert told("- {if: '${t} == acme', then: [{get: /}]}", "variables: {t: acme}") == ["constant-condition"]
    assert told("- {if: '${random.int(1, 2)} == 1', then: [{get: /}]}") == []


@pytest.mark.parametrize("times", ["-1", "1000001", "x", "1.5"])
def test_a_number_of_turns_is_whole_and_bounded(times: str) -> None:
    assert told(f"- {{repeat: {times}, steps: [{{get: /}}]}}") == ["bad-number"]


def test_calls_of_python_are_steps_before_the_one_that_needs_them() -> None:
    lowered = steps("""
        - {get: /, save: {id: $.id, signed: {value: "${py.keys.sign(id)}"}}}
        - {post: "/${py.keys.sign('a', id)}", body: "${py.keys.day()}"}
        - {if: "${py.keys.day()} == monday", then: [{get: /monday}]}
    """)
    kinds = [step["kind"] for step in lowered]
    assert kinds == ["request", "python", "set", "python", "python", "request", "python", "if"]
    call = lowered[3]
    assert (call["function"], call["arguments"]) == ("keys.sign", ["a", [variable(0)]])
    assert lowered[5]["path"] == [{"text": "/"}, variable(call["variable"], "url")]
    assert told("- {while: '${py.keys.day()} == monday', max: 2, steps: [{get: /}]}") == ["not-supported"]


def test_steps_stand_in_steps_only_so_deep() -> None:
    text = "{get: /}"
    for _ in range(40):
        text = f"{{repeat: 2, steps: [{text}]}}"
    assert "too-deep" in told(f"- {text}")


def test_no_loop_may_be_endless() -> None:
    assert codes(check("steps: [{while: '${x}', steps: [{get: /}]}]"))[0] in ("missing-key", "no-load")
    assert "missing-key" in told("- {while: '${x}', steps: [{get: /}]}")


def test_nobody_can_stop_who_is_no_user() -> None:
    text = (
        b"target: http://127.0.0.1:1\nsetup: [{get: /}, {stop_user: enough}]\nsteps: [{get: /}, {stop_user: enough}]\n"
    )
    (error,) = [one for one in check_text(text, "s.yaml", {}).diagnostics if one.code == "no-user"]
    assert (error.place.line, error.place.column) == (2, 19)
