"""Settings of HTTP that can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checking import plan, told


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("tls: {cert: a.pem}", "missing-key"),
        ("tls: {ca_file: none.pem}", "cannot-read"),
        ("tls: {sni: 'a b'}", "bad-host"),
        ("proxy: https://h:1", "bad-url"),
        ("proxy: http://h:1/path", "bad-url"),
        ("proxy: h:1", "bad-url"),
        ("http: h2c\nproxy: http://h:1", "conflicting-keys"),
        ("resolve: {a.b: c.d}", "bad-host"),
        ("resolve: {'a b': 127.0.0.1}", "bad-host"),
        ("http: 3", "bad-value"),
        ("redirects: 51", "bad-number"),
        ("cookies: yes", "bad-value"),
    ],
)
def test_a_bad_setting_is_told(setting: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.pem").touch()
    assert told("- get: /", setting) == [code]


@pytest.mark.parametrize(("written", "version"), [("1.1", "http1"), ("2", "http2"), ("h2c", "http2_prior_knowledge")])
def test_versions_have_names(written: str, version: str) -> None:
    lowered = plan(f"target: http://h\nload: {{users: 1, for: 1s}}\nhttp: {written}\nsteps: [{{get: /}}]")
    assert lowered["http"]["version"] == version


def test_redirects_of_a_step_replace_those_of_the_scenario() -> None:
    text = "target: http://h\nload: {users: 1, for: 1s}\nredirects: 3\nsteps: [{get: /a}, {get: /b, redirects: 0}]"
    assert [step.get("redirects") for step in plan(text)["flows"][0]["steps"]] == [3, None]
