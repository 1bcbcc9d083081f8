"""What the language says about HTTP, end to end: redirects, cookies, multipart bodies, authentication."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from .command import Finished, kilobar
from .listener import Answer, Listener, Seen, listening

Write = Callable[[str], Path]


def run(
    scenario: Write, json_file: Path, text: str, answer: Callable[[Seen], Answer] = lambda _: Answer()
) -> tuple[Listener, Finished]:
    """A run with one worker; what the server received."""
    with listening(answer) as server:
        done = kilobar("run", scenario(f"target: {server.url}\n{text}"), "--workers", "1", "--json", json_file)
    assert done.exit_code != 2, done.stderr
    return server, done


ONE = "load: {rate: 10/s, for: 100ms}\n"


def hops(seen: Seen) -> Answer:
    number = int(seen.path.rpartition("/")[2])
    if number == 0:
        return Answer(body="here", headers=(("set-cookie", "last=1; Path=/"),))
    status = 307 if seen.path.startswith("/keep") else 302
    return Answer(status, headers=(("location", f"{number - 1}"), ("set-cookie", f"hop{number}=1; Path=/")))


def test_a_chain_of_redirects_is_one_result_with_the_cookies_of_all_hops(scenario: Write, json_file: Path) -> None:
    server, done = run(
        scenario, json_file, f"redirects: 5\nsteps: [{{post: /go/2, body: x, check: {{contains: here}}}}]\n{ONE}", hops
    )
    done.must_end_with(0)
    assert [(seen.method, seen.path, seen.body) for seen in server.seen] == [
        ("POST", "/go/2", "x"), ("GET", "/go/1", ""), ("GET", "/go/0", ""),
    ]  # fmt: skip
    assert sorted(server.seen[2].headers["cookie"].split("; ")) == ["hop1=1", "hop2=1"]
    assert done.summary["total"]["count"] == 1


def test_a_307_keeps_method_and_body(scenario: Write, json_file: Path) -> None:
    server, done = run(scenario, json_file, f"steps: [{{post: /keep/1, body: x, redirects: 1}}]\n{ONE}", hops)
    done.must_end_with(0)
    assert [(seen.method, seen.body) for seen in server.seen] == [("POST", "x")] * 2


def test_one_redirect_too_many_fails_the_step(scenario: Write, json_file: Path) -> None:
    server, done = run(scenario, json_file, f"redirects: 2\nsteps: [{{get: /go/5}}]\n{ONE}", hops)
    assert server.paths() == ["/go/5", "/go/4", "/go/3"]
    assert sum(done.errors.values()) == 1
    assert "redirect" in done.summary["samples"][0]["message"]


def test_without_redirects_one_is_a_response_like_others(scenario: Write, json_file: Path) -> None:
    server, done = run(scenario, json_file, f"steps: [{{get: /go/1, check: {{status: 302}}}}]\n{ONE}", hops)
    done.must_end_with(0)
    assert server.paths() == ["/go/1"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # The cookies with which the two steps of each of a user's first two iterations come.
        ("per_iteration", [None, "n=1", None, "n=3"]),
        ("per_user", [None, "n=1", "n=2", "n=3"]),
        ("off", [None, None, None, None]),
    ],
)
def test_cookies_are_kept_as_long_as_the_policy_says(
    scenario: Write, json_file: Path, policy: str, expected: list[str | None]
) -> None:
    count = iter(range(1, 1000))
    server, done = run(
        scenario, json_file,
        f"cookies: {policy}\nsteps: [{{get: /a}}, {{get: /b}}, {{think: 50ms}}]\nload: {{users: 1, for: 400ms}}\n",
        lambda _: Answer(headers=(("set-cookie", f"n={next(count)}"),)),
    )  # fmt: skip
    done.must_end_with(0)
    assert [seen.headers.get("cookie") for seen in server.seen[:4]] == expected


def test_cookies_of_a_request_come_besides_those_of_the_jar(scenario: Write, json_file: Path) -> None:
    server, done = run(
        scenario, json_file, f"steps: [{{get: /}}, {{get: /, cookies: {{theme: dark}}}}]\n{ONE}",
        lambda _: Answer(headers=(("set-cookie", "sid=1"),)),
    )  # fmt: skip
    done.must_end_with(0)
    assert sorted(server.seen[1].headers["cookie"].split("; ")) == ["sid=1", "theme=dark"]


def test_a_multipart_body_has_its_fields_and_files(scenario: Write, json_file: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.txt").write_text("a photo\n" * 4000)
    server, done = run(
        scenario, json_file,
        "steps: [{post: /, multipart: {title: 'Sun ${counter(5)}', "
        f"photo: {{file: photo.txt, content_type: text/plain}}}}}}]\n{ONE}",
    )  # fmt: skip
    done.must_end_with(0)
    (seen,) = server.seen
    kind, _, boundary = seen.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    parts = seen.body.split(f"--{boundary.strip(chr(34))}")
    assert (parts[0], parts[3]) == ("", "--\r\n")
    assert 'name="title"' in parts[1]
    assert parts[1].endswith("\r\n\r\nSun 5\r\n")
    assert 'name="photo"; filename="photo.txt"' in parts[2]
    assert "content-type: text/plain" in parts[2].lower()
    assert parts[2].endswith("\r\n\r\n" + "a photo\n" * 4000 + "\r\n")


def test_authentication_of_scenario_and_request_and_none(
    scenario: Write, json_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "pa:ss wörd")
    server, done = run(
        scenario, json_file,
        'auth: {basic: {user: ann, password: "${env.PASSWORD}"}}\n'
        f"steps: [{{get: /}}, {{get: /, auth: {{bearer: t0k}}}}, {{get: /, auth: none}}]\n{ONE}",
    )  # fmt: skip
    done.must_end_with(0)
    basic = base64.b64encode("ann:pa:ss wörd".encode()).decode()
    assert [seen.headers.get("authorization") for seen in server.seen] == [f"Basic {basic}", "Bearer t0k", None]
