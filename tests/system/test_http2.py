"""HTTP/2 against servers that others wrote: nginx and nghttpd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kilobar import _native

from .http2_peers import nghttpd, nginx

_EXAMPLE = Path(__file__).parents[1] / "golden" / "plans" / "first.json"


def _exchanges(port: int, version: str, paths: list[str], *, scheme: str = "http", **http: Any) -> list[dict[str, Any]]:
    """What happens when the engine gets these paths, one after the other."""
    plan = json.loads(_EXAMPLE.read_text())
    plan["version"] = 2
    plan["http"].update({"version": version, "insecure": True, **http})
    plan["origins"][0].update({"scheme": scheme, "port": port})
    (request,) = plan["flows"][0]["steps"]
    plan["flows"][0]["steps"] = [{**request, "path": path} for path in paths]
    return [json.loads(exchange) for exchange in _native.attempt(json.dumps(plan))]


def _first_line(exchange: dict[str, Any]) -> str:
    lines: list[str] = exchange["response"].splitlines()
    return lines[0].strip()


@pytest.mark.parametrize("tls", [False, True])
def test_nghttpd_answers_over_one_connection(tmp_path: Path, tls: bool) -> None:
    with nghttpd(tmp_path, tls=tls) as port:
        version, scheme = ("http2", "https") if tls else ("http2_prior_knowledge", "http")
        first, second = _exchanges(port, version, ["/", "/index.html"], scheme=scheme)
    assert [_first_line(first), _first_line(second)] == ["HTTP/2 200", "HTTP/2 200"]
    assert first["response"].endswith("hello")
    assert "connect" in dict(first["phases_ns"])
    assert "connect" not in dict(second["phases_ns"])
    assert ("tls" in dict(first["phases_ns"])) == tls


def test_a_response_that_was_not_expected_is_shown_as_lines(tmp_path: Path) -> None:
    with nghttpd(tmp_path, tls=False) as port:
        (missing,) = _exchanges(port, "http2_prior_knowledge", ["/missing"])
    assert missing["status"] == 404
    assert missing["failure"] == ["status", "status 404 was not expected"]
    assert "server: nghttpd" in missing["response"]


@pytest.mark.parametrize(
    ("listen", "first_line"), [("ssl http2", "HTTP/2 200"), ("ssl", "HTTP/1.1 200 OK")], ids=["h2", "http/1.1"]
)
def test_the_server_chooses_the_version_in_the_tls_handshake(tmp_path: Path, listen: str, first_line: str) -> None:
    with nginx(tmp_path, listen) as port:
        exchanges = _exchanges(port, "http2", ["/", "/again"], scheme="https")
    assert [_first_line(exchange) for exchange in exchanges] == [first_line, first_line]
    assert "tls" in dict(exchanges[0]["phases_ns"])
    assert "tls" not in dict(exchanges[1]["phases_ns"])


def test_without_tls_http_1_is_spoken_unless_the_plan_knows_better(tmp_path: Path) -> None:
    with nginx(tmp_path, "http2") as port:
        (known,) = _exchanges(port, "http2_prior_knowledge", ["/"])
    assert _first_line(known) == "HTTP/2 200"
    with nginx(tmp_path, "") as port:
        (asked,) = _exchanges(port, "http2", ["/"])
        (wrong,) = _exchanges(port, "http2_prior_knowledge", ["/"])
    assert _first_line(asked) == "HTTP/1.1 200 OK"
    assert wrong["failure"] == ["protocol", "the server answers in HTTP/1, not HTTP/2"]


def test_nginx_that_goes_away_after_each_request_is_dialled_again(tmp_path: Path) -> None:
    with nginx(tmp_path, "http2", "keepalive_requests 1;") as port:
        exchanges = _exchanges(port, "http2_prior_knowledge", ["/a", "/b", "/c"])
    assert [exchange["status"] for exchange in exchanges] == [200, 200, 200]
    assert all("connect" in dict(exchange["phases_ns"]) for exchange in exchanges)


def test_users_may_have_connections_of_their_own(tmp_path: Path) -> None:
    with nghttpd(tmp_path, tls=False) as port:
        for connections, opened in [("per_user", 1), ("per_request", 3)]:
            exchanges = _exchanges(port, "http2_prior_knowledge", ["/"] * 3, connections=connections)
            assert [exchange["status"] for exchange in exchanges] == [200, 200, 200]
            assert sum("connect" in dict(exchange["phases_ns"]) for exchange in exchanges) == opened
