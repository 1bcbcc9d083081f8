"""What is done once: `setup` and `teardown` for a run, `before` and `after` for a user."""

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from .command import kilobar
from .listener import Answer, Seen, listening
from .processes import Going, until

Write = Callable[[str], Path]


def test_what_setup_saves_and_its_cookies_reach_the_users_of_all_workers(scenario: Write, json_file: Path) -> None:
    def answer(seen: Seen) -> Answer:
        return Answer(body='{"token": "t0k3n-7", "n": 12}', headers=(("set-cookie", "sid=abc"),))

    with listening(answer) as server:
        file = scenario(
            f"""
target: {server.url}
setup: [{{post: /login, save: {{token: {{json: $.token}}, n: {{json: $.n}}}}}}]
steps: [{{post: "/work?t=${{token}}", json: {{n: "${{n}}"}}}}]
teardown: [{{post: "/logout?t=${{token}}"}}]
load: {{rate: 40/s, for: 500ms}}
"""
        )
        done = kilobar("run", file, "--workers", "2", "--json", json_file)
    done.must_end_with(0)
    assert done.ledger["ok"] == 20
    assert [seen.path for seen in server.seen] == ["/login", *["/work?t=t0k3n-7"] * 20, "/logout?t=t0k3n-7"]
    assert {seen.headers.get("cookie") for seen in server.seen[1:]} == {"sid=abc"}
    assert {json.loads(seen.body)["n"] for seen in server.seen[1:21]} == {12}
    assert [series["name"] for series in done.summary["series"] if series["count"]] == ["POST /work"]
    assert len({seen.client for seen in server.seen[1:21]}) >= 2, "there were two workers"


def test_a_setup_that_fails_starts_no_load_but_is_undone(scenario: Write, json_file: Path) -> None:
    def answer(seen: Seen) -> Answer:
        return Answer(500, "no more seats") if seen.path == "/reserve" else Answer(body="made")

    with listening(answer) as server:
        file = scenario(
            f"""
target: {server.url}
setup: [{{post: /make, save: {{id: {{body: true}}}}}}, {{post: /reserve}}, {{post: /never}}]
steps: [{{get: /work}}]
teardown: [{{delete: "/made/${{id}}"}}]
load: {{rate: 50/s, for: 500ms}}
"""
        )
        done = kilobar("run", file, "--json", json_file)
    assert server.paths() == ["/make", "/reserve", "/made/made"]
    assert done.exit_code == 1
    assert done.summary["verdict"]["outcome"] == "failed"
    assert "setup failed" in done.reasons
    assert done.ledger["planned"] == 0
    (sample,) = done.summary["samples"]
    assert sample["series"] == "POST /reserve"
    assert sample["error"] == "status"
    assert "no more seats" in sample["response"]
    assert "setup failed" in done.stdout


def test_one_interrupt_leaves_the_teardown_and_what_users_do_when_they_leave(scenario: Write, json_file: Path) -> None:
    with listening() as server:
        file = scenario(
            f"""
target: {server.url}
setup: [{{post: /make}}]
flows: [{{before: [{{post: /login}}], steps: [{{get: /work}}, {{think: 20ms}}], after: [{{post: /logout}}]}}]
teardown: [{{post: /clean}}]
load: {{users: 3, for: 60s}}
"""
        )
        with Going("run", file, "--workers", "2", "--json", json_file) as going:
            until(lambda: len(server.paths("/work")) > 10, "load")
            going.signal(signal.SIGINT)
            done = going.end()
    assert done.exit_code == 130
    counts = Counter(server.paths())
    assert counts["/login"] == counts["/logout"] == 3
    assert counts["/make"] == counts["/clean"] == 1
    assert server.paths()[-1] == "/clean"


def test_who_had_nothing_to_do_before_still_has_what_comes_after(scenario: Write, json_file: Path) -> None:
    with listening() as server:
        flows = f"target: {server.url}\nflows: [{{steps: [{{get: /work}}], after: [{{post: /logout}}]}}]\n"
        done = kilobar("run", scenario(f"{flows}load: {{rate: 20/s, for: 500ms}}\n"), "--json", json_file)
    assert done.ledger["ok"] == len(server.paths("/work")) == 10
    assert 1 <= len(server.paths("/logout")) <= 10


def test_an_abort_leaves_nothing_out_of_the_books_but_tears_nothing_down(scenario: Write, json_file: Path) -> None:
    with listening() as server:
        file = scenario(
            f"""
target: {server.url}
steps: [{{get: /work}}, {{think: 60s}}]
teardown: [{{post: /clean}}]
grace: 5m
load: {{users: 2, for: 60s}}
"""
        )
        with Going("run", file, "--json", json_file) as going:
            until(lambda: len(server.paths("/work")) == 2, "load")
            going.signal(signal.SIGINT)
            going.signal(signal.SIGTERM)
            done = going.end()
    assert done.exit_code == 130
    assert done.ledger["in_flight"] == 2
    assert server.paths("/clean") == []


def test_an_interrupt_during_setup_waits_for_it_and_undoes_it(scenario: Write, json_file: Path) -> None:
    with listening() as server:
        file = scenario(
            f"""
target: {server.url}
setup: [{{post: /make}}, {{think: 500ms}}, {{post: /more}}]
steps: [{{get: /work}}]
teardown: [{{post: /clean}}]
load: {{users: 2, for: 60s}}
"""
        )
        with Going("run", file, "--json", json_file) as going:
            until(lambda: bool(server.seen), "setup")
            going.signal(signal.SIGINT)
            done = going.end()
    assert done.exit_code == 130
    assert server.paths() == ["/make", "/more", "/clean"]
    assert done.summary["run"]["state"] == "stopped"


FLOW = """
flows:
  - before: [{post: /login, save: {token: {json: $.token}}}]
    steps:
      - {if: "${mark} is set", then: [{get: /leak}]}
      - {get: "/work?token=${token}"}
      - {set: {mark: left-over, token: overwritten}}
    after: [{post: "/logout?token=${token}"}]
"""


def numbered(seen: Seen) -> Answer:
    """Gives everybody who logs in a token of its own."""
    return Answer(body=f'{{"token": "from-{seen.client[1]}"}}')


def test_a_closed_user_logs_in_once_and_out_once_and_each_iteration_starts_afresh(
    scenario: Write, json_file: Path
) -> None:
    with listening(numbered) as server:
        options = "connections: per_user\nload: {users: 4, for: 600ms}\n"
        flow = FLOW.replace("steps:\n", "steps:\n      - {think: 20ms}\n", 1)
        done = kilobar("run", scenario(f"target: {server.url}\n{flow}{options}"), "--workers", "2", "--json", json_file)
    done.must_end_with(0)
    counts = Counter(path.partition("?")[0] for path in server.paths())
    assert counts["/login"] == counts["/logout"] == 4
    assert counts["/work"] == done.ledger["ok"] > 8
    for seen in server.seen:
        own = f"token=from-{seen.client[1]}"
        assert seen.path in ("/login", f"/work?{own}", f"/logout?{own}")
    assert done.series("POST /logout")["count"] == 4


def test_in_open_load_each_seat_logs_in_once_and_out_once(scenario: Write, json_file: Path) -> None:
    with listening(numbered) as server:
        options = "load: {rate: 60/s, for: 500ms}\n"
        done = kilobar("run", scenario(f"target: {server.url}\n{FLOW}{options}"), "--workers", "2", "--json", json_file)
    done.must_end_with(0)
    counts = Counter(path.partition("?")[0] for path in server.paths())
    assert counts["/work"] == done.ledger["ok"] == 30
    assert 2 <= counts["/login"] == counts["/logout"] < 30
    assert not any("leak" in path or "overwritten" in path for path in server.paths())


def test_a_before_that_fails_fails_its_iteration_and_is_tried_again(scenario: Write, json_file: Path) -> None:
    logins = iter([500, 500])

    def answer(seen: Seen) -> Answer:
        return Answer(next(logins, 200) if seen.path == "/login" else 200)

    with listening(answer) as server:
        file = scenario(
            f"""
target: {server.url}
flows: [{{before: [{{post: /login}}], steps: [{{get: /work}}, {{think: 30ms}}], after: [{{post: /logout}}]}}]
load: {{users: 1, for: 500ms}}
"""
        )
        done = kilobar("run", file, "--workers", "1", "--json", json_file)
    done.must_end_with(0)
    assert server.paths()[:4] == ["/login", "/login", "/login", "/work"]
    assert Counter(server.paths())["/login"] == 3
    assert server.paths()[-1] == "/logout"
    assert done.ledger["failed"] == 2
    assert done.errors == {"status": 2}
    assert done.ledger["ok"] == len(server.paths("/work"))
