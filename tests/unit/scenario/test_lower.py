"""Load and settings in the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checking import check, codes, plan

STEPS = "target: http://h\nsteps: [{get: /}]\n"


def test_stages_become_stages_of_the_plan() -> None:
    lowered = plan(
        STEPS + "load:\n- {rate: 0/s to 30/min, for: 10s}\n- {users: 0 to 50, for: 1m30s}\n"
        "- {rate: 2/s, for: 2s, arrivals: poisson}"
    )
    assert lowered["load"] == [
        {"kind": "rate", "from": 0.0, "to": 0.5, "duration_ns": 10_000_000_000},
        {"kind": "users", "from": 0.0, "to": 50.0, "duration_ns": 90_000_000_000},
        {"kind": "rate", "from": 2.0, "to": 2.0, "duration_ns": 2_000_000_000},
    ]
    assert lowered["arrivals"] == "poisson"


def test_a_tenth_of_an_arrival_a_second_for_ten_seconds_is_one_arrival() -> None:
    assert check(STEPS + "load: {rate: 0.1/s, for: 10s}").ok


def test_settings_reach_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ca.pem", "client.pem", "client-key.pem"):
        Path(name).touch()
    lowered = plan(
        STEPS
        + "name: n\nseed: 18446744073709551615\nmax_in_flight: 5\ngrace: 0s\nallow: A.example\nconnections: per_user\n"
        "connect_timeout: 1s\nhttp: 2\nproxy: http://u:p%40@127.0.0.1:3128\ncookies: per_user\nresolve: {A.b: '::1'}\n"
        "tls: {insecure: true, ca_file: ca.pem, resumption: shared, cert: client.pem, key: client-key.pem, sni: s.t}\n"
        "limits: {head: 1KiB, body: 2MB}\nload: {users: 1, for: 1s}\nthresholds: [' p99 < 1s ']\n"
    )
    assert lowered["name"] == "n"
    assert lowered["seed"] == 2**64 - 1
    assert lowered["max_in_flight"] == 5
    assert lowered["grace_ns"] == 0
    assert lowered["allow"] == ["a.example"]
    assert lowered["thresholds"] == ["p99 < 1s"]
    assert lowered["http"] == {
        "connections": "per_user",
        "connect_timeout_ns": 1_000_000_000,
        "max_head_bytes": 1024,
        "max_body_bytes": 2_000_000,
        "insecure": True,
        "ca_file": str(tmp_path / "ca.pem"),
        "resumption": "shared",
        "version": "http2",
        "cookies": "per_user",
        "proxy": {"host": "127.0.0.1", "port": 3128, "authorization": "Basic dTpwQA=="},
        "resolve": (("a.b", "::1"),),
        "cert_file": str(tmp_path / "client.pem"),
        "key_file": str(tmp_path / "client-key.pem"),
        "sni": "s.t",
    }


def test_constants_may_stand_in_settings() -> None:
    lowered = plan(
        STEPS + "variables: {t: 3s, n: 7}\nload: {users: '${n}', for: '${t}'}\ngrace: ${env.GRACE}\n", {"GRACE": "4s"}
    )
    assert lowered["load"][0] == {"kind": "users", "from": 7.0, "to": 7.0, "duration_ns": 3_000_000_000}
    assert lowered["grace_ns"] == 4_000_000_000


def test_think_times_and_flows() -> None:
    lowered = plan(
        "target: http://h\nload: {users: 1, for: 1s}\nflows:\n"
        "- {name: a, weight: 0.5, steps: [{get: /}, {think: 1ms..2ms}, {think: 3s}]}\n"
        "- {steps: [{get: /}]}"
    )
    first, second = lowered["flows"]
    assert (first["name"], first["weight"], second["name"], second["weight"]) == ("a", 0.5, "flow 2", 1.0)
    assert first["steps"][1:] == [
        {"kind": "think", "how": {"uniform": {"min_ns": 1_000_000, "max_ns": 2_000_000}}},
        {"kind": "think", "how": {"uniform": {"min_ns": 3_000_000_000, "max_ns": 3_000_000_000}}},
    ]


@pytest.mark.parametrize("name", ["GET /", "home"])
def test_a_threshold_may_name_a_step(name: str) -> None:
    text = "target: http://h\nload: {users: 1, for: 1s}\nsteps: [{get: /}, {get: /, name: home}]\n"
    text += f"thresholds: ['p99({name}) < 1s']"
    assert check(text).ok


def test_a_broken_step_does_not_make_its_threshold_unknown() -> None:
    text = "target: http://h\nload: {users: 1, for: 1s}\nsteps: [{gte: /, name: home}, {get: /}]\n"
    text += "thresholds: ['p99(home) < 1s']"
    assert codes(check(text)) == ["unknown-key"]
