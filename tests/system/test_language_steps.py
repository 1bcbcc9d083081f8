"""What comes next: conditions, loops, parallel work, groups and ends, on a server that counts what it receives."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import Finished, kilobar
from .listener import Answer, Seen, listening

Write = Callable[[str], Path]


def executed(
    scenario: Write, json_file: Path, steps: str, answer: Callable[[Seen], Answer] = lambda _: Answer(), extra: str = ""
) -> tuple[list[str], Finished]:
    """One iteration of these steps: the paths that the server received, and the run."""
    with listening(answer) as server:
        load = "" if "load:" in extra else "load: {rate: 10/s, for: 100ms}\n"
        file = scenario(f"target: {server.url}\n{extra}{load}steps:\n{steps}")
        done = kilobar("run", file, "--workers", "1", "--json", json_file)
    assert done.exit_code != 2, done.stderr
    return server.paths(), done


def test_conditions_decide_between_then_and_else(scenario: Write, json_file: Path) -> None:
    conditions = {
        "${n} > 3": True,
        "${n} < 12.0": False,
        "${n} == 12.0": True,
        "${word} == 'two words' and not (${n} <= 3)": True,
        "${word} contains ${part} and ${n} != 12": False,
        "${word} matches '^two'": True,
        "${empty} or ${zero}": False,
        "${list}": True,
        "${later} is set": False,
    }
    steps = '  - {set: {n: 12, word: two words, part: o w, empty: "", zero: 0, list: "[1]"}}\n'
    for number, condition in enumerate(conditions):
        steps += f'  - {{if: "{condition}", then: [{{get: /{number}/then}}], else: [{{get: /{number}/else}}]}}\n'
    paths, done = executed(scenario, json_file, steps + "  - {set: {later: 1}}\n")
    done.must_end_with(0)
    assert paths == [f"/{number}/{'then' if holds else 'else'}" for number, holds in enumerate(conditions.values())]


def test_loops_run_as_often_as_they_should_and_nest(scenario: Write, json_file: Path) -> None:
    steps = """
  - {get: /list, save: {ids: {json: $.ids}, n: {json: $.n}}}
  - {repeat: 0, steps: [{get: /never}]}
  - {repeat: "${n}", as: turn, steps: [{get: "/turn/${turn}"}]}
  - for_each: ${ids}
    as: id
    steps:
      - for_each: [red, "green blue"]
        as: colour
        steps: [{post: "/items/${id}?c=${colour}", json: {id: "${id}"}}]
  - {for_each: [], as: nothing, steps: [{get: /never}]}
  - {set: {left: 3}}
  - while: ${left} > 0
    max: 3
    steps:
      - {get: "/left/${left}"}
      - {set: {left: "${add(left, -1)}"}}
"""
    paths, done = executed(scenario, json_file, steps, lambda _: Answer(body='{"ids": [7, "x y"], "n": 2}'))
    done.must_end_with(0)
    assert paths == [
        "/list", "/turn/1", "/turn/2",
        "/items/7?c=red", "/items/7?c=green%20blue", "/items/x%20y?c=red", "/items/x%20y?c=green%20blue",
        "/left/3", "/left/2", "/left/1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{while: 1 == 1, max: 4, steps: [{get: /turn}]}", "`while` still holds after 4 turns"),
        ("{repeat: '${word}', steps: [{get: /no}]}", '`repeat` needs a whole number from 0 to 1000000, not "none"'),
        ("{for_each: '${word}', as: x, steps: [{get: /no}]}", '`for_each` needs a JSON array, not "none"'),
        ('{fail: "no item for ${word}"}', "no item for none"),
    ],
)
def test_what_cannot_go_on_fails_the_iteration_with_its_words(
    scenario: Write, json_file: Path, step: str, words: str
) -> None:
    paths, done = executed(scenario, json_file, f"  - {{set: {{word: none}}}}\n  - {step}\n  - {{get: /after}}\n")
    assert set(paths) <= {"/turn"}
    assert len(paths) == (4 if "while" in step else 0)
    assert done.ledger["failed"] == 1
    (sample,) = done.summary["samples"]
    assert (sample["error"], sample["message"]) == ("script", words)


def test_a_secret_is_hidden_in_the_words_of_a_fail_and_of_a_stop_run(
    scenario: Write, json_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-value")
    for step, place in (("fail", "samples"), ("stop_run", "events")):
        steps = '  - {set: {copy: "<${env.TOKEN}>"}}\n  - {get: /}\n'
        steps += f'  - {{{step}: "bad ${{copy}} ${{env.TOKEN}}"}}\n'
        _, done = executed(scenario, json_file, steps)
        assert "s3cr3t" not in done.stdout + done.stderr + json_file.read_text()
        assert "bad" in str(done.summary[place])
        assert "***" in str(done.summary[place])


def test_a_closed_user_that_stops_leaves_and_the_run_ends_with_the_last_one(scenario: Write, json_file: Path) -> None:
    steps = """
  - {get: /take, save: {left: {body: true}}}
  - if: ${left} == 0
    then: [{stop_user: sold out}]
  - {get: /bought}
"""
    stock = iter(range(9, 0, -1))
    paths, done = executed(
        scenario, json_file, steps, lambda seen: Answer(body=str(next(stock, 0) if seen.path == "/take" else "")),
        "load: {users: 3, for: 60s}\n",
    )  # fmt: skip
    done.must_end_with(0)
    assert Counter(paths) == {"/take": 12, "/bought": 9}
    assert done.summary["run"]["state"] == "finished"
    assert done.summary["run"]["duration_s"] < 30
    assert (done.ledger["ok"], done.ledger["failed"]) == (12, 0)


def test_users_without_a_worker_of_their_own_do_not_keep_an_empty_run_going(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    file = scenario(
        f"target: {target.url}\nsteps: [{{get: /}}, {{stop_user: done}}]\nload: [{{users: 1, for: 60s}}]\n"
        "teardown: [{get: /delay/1500ms}]\n"
    )
    done = kilobar("run", file, "--workers", "2", "--json", json_file)
    done.must_end_with(0)
    assert done.ledger["ok"] == 1
    assert done.summary["run"]["duration_s"] < 10


def test_users_of_a_ramp_still_come_when_those_before_them_have_left(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    file = scenario(
        f"target: {target.url}\nsteps: [{{get: /}}, {{stop_user: done}}]\nload: [{{users: 0 to 6, for: 1s}}]\n"
    )
    done = kilobar("run", file, "--workers", "2", "--json", json_file)
    done.must_end_with(0)
    assert done.ledger["ok"] == 6


def test_some_users_may_leave_without_the_load_being_called_not_held(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    file = scenario(
        f"""
target: {target.url}
data: {{who: {{rows: [{{stays: 1}}, {{stays: 0}}, {{stays: 0}}], pick: unique, per: user}}}}
steps:
  - {{get: /delay/5ms}}
  - {{if: "${{who.stays}} == 0", then: [{{stop_user: done}}]}}
load: {{users: 3, for: 2500ms}}
"""
    )
    done = kilobar("run", file, "--workers", "1", "--json", json_file)
    done.must_end_with(0)
    assert done.summary["run"]["duration_s"] == pytest.approx(2.5, abs=0.1)
    assert "others had left by themselves" in done.reasons or done.blames_the_machine


def test_in_open_load_a_stop_user_ends_only_the_iteration(scenario: Write, json_file: Path) -> None:
    steps = "  - {get: /}\n  - {stop_user: enough}\n  - {get: /never}\n"
    paths, done = executed(scenario, json_file, steps, extra="load: {rate: 20/s, for: 500ms}\n")
    done.must_end_with(0)
    assert paths == ["/"] * 10
    assert done.ledger["ok"] == 10


@pytest.mark.parametrize("load", ["{rate: 50/s, for: 60s}", "{users: 2, for: 60s}"])
def test_a_stop_run_ends_the_run_with_its_reason(scenario: Write, json_file: Path, load: str) -> None:
    steps = (
        '  - {get: /, save: {n: {body: true}}}\n  - {if: "${n} == 7", then: [{stop_run: "seen ${n}"}]}\n'
        "  - {think: 10ms}\n"
    )
    count = iter(range(1, 10_000))
    _, done = executed(scenario, json_file, steps, lambda _: Answer(body=str(next(count))), f"load: {load}\n")
    done.must_end_with(0)
    assert done.summary["run"]["state"] == "stopped"
    assert [event["text"] for event in done.summary["events"]] == ["a step stops the run: seen 7"]
    assert done.ledger["failed"] == done.ledger["in_flight"] == 0


def test_a_group_is_counted_of_its_own_without_think_times_and_not_in_the_total(
    target: TargetProcess, scenario: Write, json_file: Path
) -> None:
    file = scenario(
        f"""
target: {target.url}
steps:
  - group: checkout
    steps: [{{get: /delay/20ms}}, {{think: 500ms}}, {{group: inner, steps: [{{get: /delay/10ms}}]}}]
load: {{rate: 10/s, for: 500ms}}
"""
    )
    done = kilobar("run", file, "--json", json_file)
    done.must_end_with(0)
    assert done.summary["total"]["count"] == 10
    outer, inner = done.series("checkout"), done.series("inner")
    assert (outer["kind"], outer["count"], inner["count"]) == ("group", 5, 5)
    assert 30 <= outer["response_ms"]["min"] <= outer["response_ms"]["max"] < 400
    assert 10 <= inner["response_ms"]["min"] < outer["response_ms"]["min"]


def test_a_group_fails_with_the_class_of_its_step(target: TargetProcess, scenario: Write, json_file: Path) -> None:
    file = scenario(
        f"target: {target.url}\nsteps: [{{group: g, steps: [{{get: /status/500}}, {{get: /}}]}}]\n"
        "load: {rate: 10/s, for: 300ms}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    assert (done.series("g")["failed"], done.series("g")["errors"]) == (3, {"status": 3})
    assert done.errors == {"status": 3}


PARALLEL = """
  - parallel: [{get: /delay/150ms?1}, {get: /delay/150ms?2}, {get: /delay/150ms?3}, {get: /delay/150ms?4}]
    max: %s
"""


@pytest.mark.parametrize(("most", "at_least_ms", "below_ms"), [(4, 150, 300), (2, 300, 450), (1, 600, 900)])
def test_branches_run_at_the_same_time_but_no_more_than_allowed(
    target: TargetProcess, scenario: Write, json_file: Path, most: int, at_least_ms: int, below_ms: int
) -> None:
    file = scenario(
        f"target: {target.url}\nconnections: per_user\nsteps:\n{PARALLEL % most}load: {{rate: 1/s, for: 1s}}\n"
    )
    done = kilobar("run", file, "--workers", "1", "--json", json_file)
    done.must_end_with(0)
    (flow,) = done.summary["flows"]
    took_ms = flow["iteration_ms"]["max"]
    assert at_least_ms <= took_ms < below_ms
    assert target.stats()["connections"] == most + 1, "with that of the counters itself"
    assert done.series("GET /delay/150ms")["response_ms"]["max"] < 300, "a branch that waits its turn has not begun"


def test_what_branches_save_is_there_afterwards_and_the_last_one_wins(scenario: Write, json_file: Path) -> None:
    steps = """
  - {set: {both: none, old: kept}}
  - parallel:
      - {get: /a, save: {a: {body: true}, both: {value: first}}}
      - {group: two, steps: [{get: /b, save: {b: {body: true}, both: {value: second}}}, {get: "/see?old=${old}"}]}
  - {get: "/after?a=${a}&b=${b}&both=${both}&old=${old}"}
"""

    def answer(seen: Seen) -> Answer:
        return Answer(body=seen.path[1:], headers=(("set-cookie", f"{seen.path[1]}=1"),))

    with listening(answer) as server:
        file = scenario(f"target: {server.url}\nload: {{rate: 1/s, for: 1s}}\nsteps:\n{steps}")
        done = kilobar("run", file, "--workers", "1", "--json", json_file)
    done.must_end_with(0)
    after = server.seen[-1]
    assert after.path == "/after?a=a&b=b&both=second&old=kept"
    assert sorted(after.headers["cookie"].split("; ")) == ["a=1", "b=1", "s=1"]


def test_branches_of_every_turn_draw_for_themselves(scenario: Write, json_file: Path) -> None:
    steps = """
  - repeat: 3
    steps: [{parallel: [{get: "/${random.string(12)}"}, {get: "/${random.string(12)}"}]}]
"""
    paths, done = executed(scenario, json_file, steps)
    done.must_end_with(0)
    assert len(set(paths)) == 6


def test_a_branch_that_fails_fails_the_step_after_the_others_have_ended(scenario: Write, json_file: Path) -> None:
    steps = "  - parallel: [{get: /bad}, {group: g, steps: [{get: /slow}, {get: /slower}]}]\n  - {get: /never}\n"

    def answer(seen: Seen) -> Answer:
        return Answer(500 if seen.path == "/bad" else 200)

    paths, done = executed(scenario, json_file, steps, answer)
    assert sorted(paths) == ["/bad", "/slow", "/slower"]
    assert (done.ledger["failed"], done.errors) == (1, {"status": 1})


def test_pacing_makes_iterations_of_a_user_start_no_faster_than_asked(scenario: Write, json_file: Path) -> None:
    steps = "  - {get: /}\n  - {think: {pacing: 100ms}}\n"
    paths, done = executed(scenario, json_file, steps, extra="load: {users: 1, for: 950ms}\n")
    done.must_end_with(0)
    assert 2 <= len(paths) <= 10
    (flow,) = done.summary["flows"]
    assert flow["iteration_ms"]["min"] >= 100
