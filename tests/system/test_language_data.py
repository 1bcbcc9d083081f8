"""Rows of data over several workers: which are dealt, how often, and what happens when none is left."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from .command import Finished, kilobar
from .listener import Listener, listening
from .processes import Going, until
from .terminal import Terminal

Write = Callable[[str], Path]


def rows(server: Listener) -> list[str]:
    """The rows that requests carried, in the order in which they came."""
    return [path.removeprefix("/row/") for path in server.paths("/row/")]


def dealt(
    scenario: Write, json_file: Path, data: str, load: str, *, workers: int = 3, steps: str = ""
) -> tuple[list[str], Finished]:
    """The rows that a run sent."""
    with listening() as server:
        file = scenario(
            f"target: {server.url}\ndata: {{d: {{{data}}}}}\nload: {load}\nsteps: [{{get: '/row/${{d.n}}'}}{steps}]\n"
        )
        done = kilobar("run", file, "--workers", str(workers), "--json", json_file)
    assert done.exit_code != 2, done.stderr
    return rows(server), done


def numbers(count: int) -> str:
    """So many rows with a column `n` from 0 on."""
    return "rows: [" + ", ".join(f"{{n: {number}}}" for number in range(count)) + "]"


def test_unique_rows_are_sent_once_each_by_all_workers_and_the_run_ends_with_the_last(
    scenario: Write, json_file: Path
) -> None:
    sent, done = dealt(scenario, json_file, f"{numbers(60)}, pick: unique", "{rate: 60/s, for: 30s}")
    done.must_end_with(0)
    assert sorted(map(int, sent)) == list(range(60))
    assert done.ledger["planned"] == done.ledger["ok"] == 60
    assert done.summary["run"]["state"] == "finished"
    assert done.summary["run"]["duration_s"] < 3


def test_no_unique_row_is_sent_twice_when_a_worker_is_killed(scenario: Write, json_file: Path) -> None:
    with listening() as server:
        file = scenario(
            f"target: {server.url}\ndata: {{d: {{{numbers(600)}, pick: unique}}}}\nload: {{rate: 150/s, for: 4s}}\n"
            "steps: [{get: '/row/${d.n}'}]\n"
        )
        with Going("run", file, "--workers", "3", "--json", json_file) as going:
            victim = going.workers(3)[1]
            until(lambda: len(rows(server)) > 100, "rows")
            os.kill(victim, signal.SIGKILL)
            done = going.end()
    sent = rows(server)
    assert max(Counter(sent).values()) == 1
    assert done.ledger["planned"] == 600
    assert done.ledger["lost"] > 0
    assert len(sent) >= done.ledger["started"] == 600 - done.ledger["lost"]


def test_no_unique_row_is_sent_twice_when_closed_users_are_taken_over(scenario: Write, json_file: Path) -> None:
    with listening() as server:
        file = scenario(
            f"target: {server.url}\ndata: {{d: {{{numbers(5000)}, pick: unique}}}}\nload: {{users: 6, for: 4s}}\n"
            "flows: [{before: [{post: /login}], steps: [{get: '/row/${d.n}'}, {think: 20ms}], after: [{post: /out}]}]\n"
        )
        with Going("run", file, "--workers", "2", "--json", json_file) as going:
            victim = going.workers(2)[1]
            until(lambda: len(rows(server)) > 60, "rows")
            os.kill(victim, signal.SIGKILL)
            done = going.end()
    assert max(Counter(rows(server)).values()) == 1
    assert len(server.paths("/login")) == 6 + 3, "whoever is taken over logs in again"
    assert len(server.paths("/out")) == 6
    assert done.ledger["lost"] <= 3


@pytest.mark.parametrize(("load", "keys"), [("{rate: 60/s, for: 20s}", "+++++"), ("{users: 4, for: 20s}", "+++---+++")])
def test_no_unique_row_is_sent_twice_when_the_load_is_changed_by_hand(
    scenario: Write, json_file: Path, load: str, keys: str
) -> None:
    with listening() as server:
        file = scenario(
            f"target: {server.url}\ndata: {{d: {{{numbers(150)}, pick: unique}}}}\nload: {load}\n"
            "steps: [{get: '/row/${d.n}'}, {think: 50ms}]\n"
        )
        with Terminal("run", str(file), "--workers", "2", "--json", json_file) as terminal:
            until(lambda: len(rows(server)) > 20, "rows")
            for key in keys:
                terminal.press(key)
            done = terminal.end()
    done.must_end_with(0)
    sent = rows(server)
    assert max(Counter(sent).values()) == 1
    assert done.ledger["ok"] == len(sent)
    if "rate" in load:
        assert len(sent) == done.ledger["planned"] == 150
    else:
        # Users that were added beyond the load of the plan get no rows; stripes of the others are used up.
        assert len(sent) == 150


def test_rows_are_unique_over_arrivals_and_users_of_one_plan(scenario: Write, json_file: Path) -> None:
    load = "[{rate: 40/s, for: 500ms}, {users: 3, for: 500ms}]"
    sent, done = dealt(scenario, json_file, f"{numbers(2000)}, pick: unique", load, workers=2, steps=", {think: 30ms}")
    assert max(Counter(sent).values()) == 1
    assert set(map(int, sent)) > set(range(20))
    assert len(sent) == done.ledger["started"]


def test_closed_users_have_stripes_of_the_rows_and_the_run_ends_when_all_are_used(
    scenario: Write, json_file: Path
) -> None:
    sent, done = dealt(scenario, json_file, f"{numbers(100)}, pick: unique", "{users: 7, for: 60s}")
    done.must_end_with(0)
    assert sorted(map(int, sent)) == list(range(100))
    assert done.ledger["ok"] == done.ledger["started"] == 100
    assert done.summary["run"]["duration_s"] < 20


def test_a_user_that_comes_back_goes_on_with_its_rows(scenario: Write, json_file: Path) -> None:
    load = "[{users: 4, for: 400ms}, {users: 1, for: 400ms}, {users: 4, for: 400ms}]"
    sent, done = dealt(scenario, json_file, f"{numbers(3000)}, pick: unique", load, steps=", {think: 20ms}")
    assert max(Counter(sent).values()) == 1
    assert len(sent) == done.ledger["started"]


def test_rows_that_run_out_fail_iterations_when_that_is_asked(scenario: Write, json_file: Path) -> None:
    sent, done = dealt(
        scenario, json_file, f"{numbers(12)}, pick: unique, when_exhausted: fail", "{rate: 40/s, for: 500ms}"
    )
    assert sorted(map(int, sent)) == list(range(12))
    assert (done.ledger["planned"], done.ledger["ok"], done.ledger["failed"]) == (20, 12, 8)
    sample = done.summary["samples"][0]
    assert (sample["error"], sample["message"]) == ("data", "no row of `d` is left")


def test_recycled_rows_begin_again(scenario: Write, json_file: Path) -> None:
    sent, done = dealt(
        scenario, json_file, f"{numbers(8)}, pick: unique, when_exhausted: recycle", "{rate: 48/s, for: 500ms}"
    )
    done.must_end_with(0)
    assert set(Counter(sent).values()) == {3}
    assert len(set(sent)) == 8


def test_sequential_rows_come_in_order_and_shuffled_ones_in_another(scenario: Write, json_file: Path) -> None:
    load = "{rate: 48/s, for: 500ms}"
    in_order, _ = dealt(scenario, json_file, numbers(12), load, workers=1)
    shuffled, _ = dealt(scenario, json_file, f"{numbers(12)}, pick: shuffle", load, workers=1)
    assert list(map(int, in_order)) == [*range(12), *range(12)]
    assert sorted(shuffled[:12]) == sorted(shuffled[12:]) == sorted(in_order[:12])
    assert shuffled[:12] != in_order[:12]
    assert shuffled[:12] != shuffled[12:]


def test_a_row_of_a_closed_user_is_its_own_in_all_its_iterations(scenario: Write, json_file: Path) -> None:
    with listening() as server:
        file = scenario(
            f"target: {server.url}\nconnections: per_user\n"
            f"data: {{d: {{{numbers(9)}, pick: unique, per: user}}}}\nload: {{users: 5, for: 500ms}}\n"
            "steps: [{get: '/row/${d.n}'}, {think: 20ms}]\n"
        )
        done = kilobar("run", file, "--workers", "2", "--json", json_file)
    done.must_end_with(0)
    assert len({(seen.client, seen.path) for seen in server.seen}) == 5
    assert {int(row) for row in rows(server)} == set(range(5))


def test_closed_users_without_a_row_of_their_own_leave(scenario: Write, json_file: Path) -> None:
    sent, done = dealt(
        scenario, json_file, f"{numbers(2)}, pick: unique, per: user", "{users: 4, for: 1s}", steps=", {think: 20ms}"
    )
    done.must_end_with(0)
    assert set(sent) == {"0", "1"}
    assert done.ledger["failed"] == 0


def test_in_open_load_an_arrival_without_a_user_that_has_a_row_is_dropped(scenario: Write, json_file: Path) -> None:
    sent, done = dealt(
        scenario, json_file, f"{numbers(2)}, pick: unique, per: user", "{rate: 40/s, for: 500ms}", workers=2,
        steps=", {think: 800ms}, {get: /late}",
    )  # fmt: skip
    assert sorted(sent) == ["0", "1"]
    assert (done.ledger["planned"], done.ledger["started"], done.ledger["dropped"]) == (20, 2, 18)
    assert done.exit_code == 3
    assert "no row was left" in done.reasons


def test_values_of_jsonl_keep_their_types(scenario: Write, json_file: Path, tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text(
        '{"n": 1, "big": 12345678901234567890, "flag": true, "none": null, "text": "7", "list": [1, {"a": 2.50}]}\n'
    )
    body = "{big: '${d.big}', flag: '${d.flag}', none: '${d.none}', text: '${d.text}', list: '${d.list}'}"
    with listening() as server:
        file = scenario(
            f"target: {server.url}\ndata: {{d: {{file: d.jsonl}}}}\nload: {{rate: 10/s, for: 100ms}}\n"
            f"steps: [{{post: /, json: {body}}}]\n"
        )
        kilobar("run", file, "--json", json_file).must_end_with(0)
    (seen,) = server.seen
    assert seen.body.replace(" ", "") == (
        '{"big":12345678901234567890,"flag":true,"none":null,"text":"7","list":[1,{"a":2.50}]}'
    )
