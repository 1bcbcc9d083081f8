"""What `kilobar target` says when it listens."""

import json
import os

import pytest

from kilobar.cli.target import _announce


@pytest.mark.parametrize(
    ("host", "where", "lines"),
    [
        ("127.0.0.1", {"http": 81, "https": None, "ca_file": None}, ["target listens on http://127.0.0.1:81/"]),
        (
            "localhost",
            {"http": 81, "https": 82, "ca_file": "ca.pem"},
            [
                "target listens on http://localhost:81/",
                "              and https://localhost:82/, certificate in ca.pem",
            ],
        ),
        ("::1", {"http": 81, "https": None, "ca_file": None}, ["target listens on http://[::1]:81/"]),
    ],
)
def test_it_says_where(
    capsys: pytest.CaptureFixture[str], host: str, where: dict[str, object], lines: list[str]
) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as ready:
        ready.write(json.dumps(where) + "\n")
    _announce(reader, host)
    assert capsys.readouterr().out.splitlines() == lines


def test_it_says_nothing_when_it_could_not_start(capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.close(writer)
    _announce(reader, "127.0.0.1")
    assert capsys.readouterr().out == ""
