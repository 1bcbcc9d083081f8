"""What a person can get wrong: exit code 2, a code, a place, a hint; nothing is sent and nothing is written."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import Finished, kilobar

Write = Callable[[str], Path]

HEAD = "target: http://127.0.0.1:1\n"
STEPS = "steps: [get: /]\n"
LOAD = "load: {rate: 10/s, for: 1s}\n"


def must_be_refused(done: Finished, code: str, *words: str) -> None:
    assert done.exit_code == 2, done
    assert f"error[{code}]" in done.stderr
    for word in words:
        assert word in done.stderr
    assert done.summary == {}
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (HEAD + "stepz: [get: /]\n" + LOAD, "unknown-key", ":2:1"),
        (HEAD + "steps: 7\n" + LOAD, "wrong-type", ":2:8"),
        (HEAD + "steps: [get: '/${nobody}']\n" + LOAD, "unknown-variable", ":2:16"),
        (HEAD + STEPS + "load: {rate: 10/s, for: soon}\n", "bad-duration", ":3:25"),
        (HEAD + STEPS + "load: {rate: 10/fortnight, for: 1s}\n", "bad-rate", ":3:14"),
        (HEAD + "flows: []\n" + LOAD, "empty-list", ":2:8"),
        (HEAD + "steps: [get: '/${env.KILOBAR_TEST_UNSET}']\n" + LOAD, "missing-env", ":2:16"),
        (HEAD + STEPS + LOAD + "thresholds: [p99 is low]\n", "bad-threshold", ":4:18"),
        (HEAD + "steps: [get: /\n" + LOAD, "yaml-syntax", ":"),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_a_scenario_that_is_wrong_is_refused_with_its_place_and_a_hint(
    scenario: Write, text: str, code: str, place: str
) -> None:
    file = scenario(text)
    must_be_refused(kilobar("run", file), code, f"{file}{place}")


@pytest.mark.parametrize("command", ["run", "check", "try"])
def test_every_command_tells_each_error_of_a_scenario_once(scenario: Write, command: str) -> None:
    done = kilobar(command, scenario(HEAD + STEPS + "load: {rate: 10/s, for: soon}\n"))
    must_be_refused(done, "bad-duration")
    assert done.stderr.count("error[") == 1


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (HEAD + "stepz: [get: /]\n" + LOAD, "steps"),
        (HEAD + STEPS + "load: {rate: 10/s, for: soon}\n", "10s"),
        (HEAD + STEPS + "load: {rate: 10/fortnight, for: 1s}\n", "/s"),
    ],
)
def test_a_hint_says_what_to_write_instead(scenario: Write, text: str, hint: str) -> None:
    done = kilobar("check", scenario(text))
    assert hint in done.stderr.partition("hint:")[2]


def test_all_errors_of_a_scenario_are_told_at_once(scenario: Write) -> None:
    done = kilobar("check", scenario(HEAD + "steps: [{get: /, timeout: soon}, {gett: /}]\nload: {rate: x, for: 1s}\n"))
    must_be_refused(done, "bad-duration", "bad-rate", "unknown-key")


def test_a_scenario_that_is_not_there_is_refused(tmp_path: Path) -> None:
    must_be_refused(kilobar("run", tmp_path / "missing.yaml"), "cannot-read", "missing.yaml")


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    must_be_refused(kilobar("run", tmp_path), "cannot-read")


def test_bytes_that_are_not_utf8_are_refused_with_their_position(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes((HEAD + "name: caf\xe9\n").encode("latin-1") + STEPS.encode())
    must_be_refused(kilobar("run", file), "not-utf8", str(len(HEAD) + len("name: caf")))


def test_aliases_that_expand_to_billions_are_refused_at_once(scenario: Write) -> None:
    levels = "\n".join(f"  x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 12))
    must_be_refused(kilobar("run", scenario(f"{HEAD}{STEPS}variables:\n  x0: &x0 [a]\n{levels}\n")), "too-large")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rate", "fast"),
        ("--users", "-1"),
        ("--users", "1000000000000"),
        ("--rate", "10/s", "--for", "0s"),
        ("--rate", "10/s", "--users", "3"),
        ("--rate", "10/s", "--threshold", "p99 < soon"),
        ("--rate", "10/s", "--workers", "0"),
        ("--rate", "10/s", "--fleet", "ray"),
        ("--rate", "10/s", "--max-in-flight", "0"),
        ("--rate", "10/s", "--grace", "-1s"),
        ("--rate", "10/s", "--nonsense"),
        ("--seed", "many"),
    ],
    ids=" ".join,
)
def test_an_option_that_makes_no_sense_is_refused(arguments: tuple[str, ...]) -> None:
    done = kilobar("run", "http://127.0.0.1:1/", *arguments)
    assert done.exit_code == 2, done
    assert done.stdout == ""
    assert done.stderr.strip()


@pytest.mark.parametrize("address", ["http://", "http://user:word@h/", "ftp://h/", "http://h:99999/", "http://[::1/"])
def test_an_address_that_cannot_be_loaded_is_refused(address: str) -> None:
    done = kilobar("run", address, "--rate", "1/s", "--for", "1s")
    assert done.exit_code == 2
    assert "error[" in done.stderr


def test_an_unknown_option_is_named(target: TargetProcess) -> None:
    assert "--nonsense" in kilobar("run", target.url, "--nonsense").stderr


def test_an_unknown_command_is_named() -> None:
    done = kilobar("rnu")
    assert done.exit_code == 2
    assert "rnu" in done.stderr


@pytest.mark.parametrize("option", ["--json", "--html", "--junit"])
def test_a_report_can_be_asked_for_only_once(target: TargetProcess, tmp_path: Path, option: str) -> None:
    done = kilobar("run", target.url, option, tmp_path / "a", option, tmp_path / "b")
    must_be_refused(done, "output", option)
    assert target.stats()["requests"] == 0


def test_two_reports_cannot_share_a_file(target: TargetProcess, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    same = tmp_path / "folder" / ".." / "report"
    must_be_refused(kilobar("run", target.url, "--json", tmp_path / "report", "--html", same), "output")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_report_into_a_folder_that_is_not_there_is_refused_before_the_run(
    target: TargetProcess, tmp_path: Path
) -> None:
    must_be_refused(kilobar("run", target.url, "--json", tmp_path / "no" / "a.json"), "output", str(tmp_path / "no"))
    assert target.stats()["requests"] == 0


def test_a_report_that_is_a_folder_is_refused_before_the_run(target: TargetProcess, tmp_path: Path) -> None:
    must_be_refused(kilobar("run", target.url, "--html", tmp_path), "output", "folder")


def test_a_ca_file_that_is_not_there_is_refused_with_its_path(scenario: Write) -> None:
    file = scenario("target: https://127.0.0.1:1\ntls: {ca_file: missing.pem}\n" + STEPS + LOAD)
    done = kilobar("run", file)
    assert done.exit_code == 2
    assert "missing.pem" in done.stderr


def test_a_target_on_a_port_in_use_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = kilobar("target", "--port", port)
    must_be_refused(done, "target", port, "in use", "hint:", "--port")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_report_where_one_may_not_write_is_refused_before_the_run(target: TargetProcess, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    must_be_refused(kilobar("run", target.url, "--json", tmp_path / "a.json"), "output", "permission")
