"""HTTP/2 against servers that others wrote: nginx and nghttpd."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .command import Finished, kilobar
from .http2_peers import nghttpd, nginx

Write = Callable[[str], Path]

_LOAD = "load: {users: 1, for: 1s}\n"


def _tried(write: Write, port: int, http: str, text: str, *, scheme: str = "http") -> Finished:
    """What `kilobar try` shows of these settings and steps."""
    top = f'target: {scheme}://127.0.0.1:{port}\nhttp: "{http}"\ntls: {{insecure: true}}\n'
    return kilobar("try", write(top + text + _LOAD))


def _lines(done: Finished, start: str) -> list[str]:
    return [line.strip() for line in done.stdout.splitlines() if line.strip().startswith(start)]


@pytest.mark.parametrize("tls", [False, True])
def test_nghttpd_answers_over_one_connection(tmp_path: Path, scenario: Write, tls: bool) -> None:
    with nghttpd(tmp_path, tls=tls) as port:
        http, scheme = ("2", "https") if tls else ("h2c", "http")
        done = _tried(scenario, port, http, "steps: [{get: /}, {get: /index.html}]\n", scheme=scheme)
    assert done.exit_code == 0, done.stdout
    assert _lines(done, "> GET") == ["> GET / HTTP/2", "> GET /index.html HTTP/2"]
    assert _lines(done, "< HTTP") == ["< HTTP/2 200", "< HTTP/2 200"]
    assert _lines(done, "< hello") == ["< hello", "< hello"]
    first, second = _lines(done, "timing")
    assert "connect " in first
    assert "connect " not in second
    assert ("tls " in first) == tls


def test_a_response_that_was_not_expected_is_shown_as_lines(tmp_path: Path, scenario: Write) -> None:
    with nghttpd(tmp_path, tls=False) as port:
        done = _tried(scenario, port, "h2c", "steps: [{get: /missing}]\n")
    assert done.exit_code == 1
    assert "status 404 was not expected (status)" in done.stdout
    assert "< server: nghttpd" in done.stdout


@pytest.mark.parametrize(("listen", "version"), [("ssl http2", "HTTP/2"), ("ssl", "HTTP/1.1")], ids=["h2", "http/1.1"])
def test_the_server_chooses_the_version_in_the_tls_handshake(
    tmp_path: Path, scenario: Write, listen: str, version: str
) -> None:
    with nginx(tmp_path, listen) as port:
        done = _tried(scenario, port, "2", "steps: [{get: /}, {get: /again}]\n", scheme="https")
    assert done.exit_code == 0, done.stdout
    assert _lines(done, "> GET") == [f"> GET / {version}", f"> GET /again {version}"]
    assert all(line.startswith(f"< {version} 200") for line in _lines(done, "< HTTP"))
    first, second = _lines(done, "timing")
    assert "tls " in first
    assert "tls " not in second


def test_without_tls_http_1_is_spoken_unless_the_scenario_knows_better(tmp_path: Path, scenario: Write) -> None:
    steps = "steps: [{get: /}]\n"
    with nginx(tmp_path, "http2") as port:
        assert _lines(_tried(scenario, port, "h2c", steps), "< HTTP") == ["< HTTP/2 200"]
    with nginx(tmp_path, "") as port:
        assert _lines(_tried(scenario, port, "2", steps), "< HTTP") == ["< HTTP/1.1 200 OK"]
        wrong = _tried(scenario, port, "h2c", steps)
    assert "the server answers in HTTP/1, not HTTP/2 (protocol)" in wrong.stdout
    assert _lines(wrong, "> GET") == ["> GET / HTTP/2"]


def test_nginx_that_goes_away_after_each_request_is_dialled_again(tmp_path: Path, scenario: Write) -> None:
    with nginx(tmp_path, "http2", "keepalive_requests 1;") as port:
        done = _tried(scenario, port, "h2c", "steps: [{get: /a}, {get: /b}, {get: /c}]\n")
    assert done.exit_code == 0, done.stdout
    assert sum("connect " in line for line in _lines(done, "timing")) == 3


@pytest.mark.parametrize(("connections", "opened"), [("per_user", 1), ("per_request", 3)])
def test_users_may_have_connections_of_their_own(
    tmp_path: Path, scenario: Write, connections: str, opened: int
) -> None:
    with nghttpd(tmp_path, tls=False) as port:
        steps = f"connections: {connections}\nsteps: [{{get: /}}, {{get: /}}, {{get: /}}]\n"
        done = _tried(scenario, port, "h2c", steps)
    assert done.exit_code == 0, done.stdout
    assert sum("connect " in line for line in _lines(done, "timing")) == opened


_SHOP = """
location = /in {
    add_header set-cookie "sid=s3cr3t; path=/" always;
    return 303 /home;
}
location = /home {
    default_type application/json;
    return 200 '{"sid": "$cookie_sid", "method": "$request_method", "customer": {"id": 7}}';
}
location = /orders {
    return 200 "$arg_customer";
}
"""

_SHOPPING = """
redirects: 1
cookies: per_user
steps:
  - post: /in
    form: {user: ada}
    check: {json: {$.sid: s3cr3t, $.method: GET}}
    save: {customer: {json: $.customer.id}}
  - get: /orders?customer=${customer}
    check: {regex: "^7$"}
"""


def test_cookies_redirects_checks_and_saves_are_the_same_over_http_2(tmp_path: Path, scenario: Write) -> None:
    with nginx(tmp_path, "http2", _SHOP) as port:
        done = _tried(scenario, port, "h2c", _SHOPPING)
    assert done.exit_code == 0, done.stdout
    assert f"< 303 leads to http://127.0.0.1:{port}/home" in done.stdout
    assert "customer = 7" in done.stdout
    assert _lines(done, "> GET") == ["> GET /orders?customer=7 HTTP/2"]
    assert "set-cookie: sid=s3cr3t" not in done.stdout


def test_a_large_multipart_body_arrives_as_it_was_sent(tmp_path: Path, scenario: Write) -> None:
    picture = bytes(range(256)) * 2_000
    (tmp_path / "picture.bin").write_bytes(picture)
    (tmp_path / "stored").mkdir()
    storage = f"location /stored/ {{ root {tmp_path}; dav_methods PUT; client_max_body_size 9m; }}"
    steps = """
steps:
  - put: /stored/form
    multipart: {title: Sunset, picture: {file: picture.bin}}
    check: {status: 201}
"""
    with nginx(tmp_path, "http2", f"client_body_temp_path {tmp_path}/temp; {storage}") as port:
        done = _tried(scenario, port, "h2c", steps)
        assert done.exit_code == 0, done.stdout
        stored = (tmp_path / "stored" / "form").read_bytes()
    assert b'name="title"\r\n\r\nSunset\r\n' in stored
    assert picture in stored


def test_a_closed_load_over_one_connection_loses_nothing(tmp_path: Path, scenario: Write, json_file: Path) -> None:
    (tmp_path / "numbers.csv").write_text("number\n" + "".join(f"{number}\n" for number in range(2_000)))
    with nghttpd(tmp_path, tls=False) as port:
        file = scenario(
            f"target: http://127.0.0.1:{port}\nhttp: h2c\ndata: {{row: {{file: numbers.csv, pick: unique}}}}\n"
            'steps: [{get: "/?${row.number}", name: one, check: {contains: hello}}]\nload: {users: 64, for: 30s}\n'
        )
        done = kilobar("run", file, "--workers", "1", "--json", json_file)
    done.must_end_with(0)
    assert done.errors == {}
    assert done.ledger["planned"] == done.ledger["ok"] == 2_000
    assert done.summary["connections"]["opened"] == 1, json.dumps(done.summary["connections"])
