"""Each command once, as a person would try it."""

import re
import signal
import subprocess
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import argv, kilobar
from .processes import Going

ROOT = Path(__file__).parents[2]
COMMANDS = ("run", "check", "try", "target", "demo", "calibrate", "doctor")


def test_help_names_every_command() -> None:
    done = kilobar("--help")
    assert done.exit_code == 0
    for command in COMMANDS:
        assert re.search(rf"^\s+{command}\s", done.stdout, re.MULTILINE), command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = kilobar(command, "--help")
    assert done.exit_code == 0
    assert "Usage" in done.stdout


def test_the_version_is_that_of_the_package() -> None:
    from kilobar import __version__

    assert kilobar("--version").stdout == f"kilobar {__version__}\n"


def test_check_says_what_a_scenario_is() -> None:
    done = kilobar("check", ROOT / "examples/shop.yaml")
    assert done.exit_code == 0
    assert "ok: 2 flows, 6 requests, 15s of load" in done.stdout
    assert "scenario.schema.json" in done.stdout
    assert done.stderr == ""


def test_try_shows_one_iteration_of_each_flow_and_no_password(target: TargetProcess) -> None:
    env = {"SHOP_URL": target.url, "SHOP_PASSWORD": "secret"}
    done = kilobar("try", ROOT / "examples/shop.yaml", env=env)
    assert done.exit_code == 0, done.stdout
    assert "6 exchanges, 0 failed" in done.stdout
    assert "browse · log in" in done.stdout
    assert "buy · order" in done.stdout
    assert "authorization: ***" in done.stdout
    assert '"secret"' not in done.stdout
    assert target.stats()["requests"] == 6


def test_try_of_a_failing_step_shows_why_and_exits_with_1(target: TargetProcess) -> None:
    done = kilobar("try", f"{target.url}/status/503")
    assert done.exit_code == 1
    assert "(status)" in done.stdout
    assert "1 exchange, 1 failed" in done.stdout


def test_doctor_tells_each_limit_and_how_to_lift_those_that_are_low() -> None:
    done = kilobar("doctor")
    assert done.exit_code in (0, 1)
    assert "open files of a process" in done.stdout
    assert done.stdout.count("LOW ") == done.stdout.count("lift:")
    assert bool(done.stdout.count("LOW ")) == (done.exit_code == 1)


def test_demo_runs_the_shop_and_writes_a_report(tmp_path: Path) -> None:
    html = tmp_path / "demo.html"
    done = kilobar("demo", "--for", "1s", "--html", html)
    # A machine with other work may miss the example's thresholds.
    assert done.exit_code in (0, 1, 3), done.stderr
    assert "ledger     planned 300 = started 300" in done.stdout
    assert f"report: {html}" in done.stdout
    assert "none failed" in done.stdout
    assert html.stat().st_size > 100_000


def test_calibrate_compares_with_the_truth() -> None:
    done = kilobar("calibrate", "--seconds", "4")
    # A busy machine is off by more than 2 %, and calibrate exists to say so.
    assert done.exit_code in (0, 1, 3), done.stderr
    assert "fixed delay of 10 ms" in done.stdout
    counts = [line for line in done.stdout.splitlines() if "target's count" in line]
    assert len(counts) == 3
    assert all("ok " in line and "0.00%" in line for line in counts)


def test_target_serves_until_ctrl_c_and_says_where(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    command = argv("target", "--port", "0", "--tls-port", "0", "--ca-file", str(ca_file), "--shop-delay", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            where = re.search(r"http://127\.0\.0\.1:\d+/", child.stdout.readline())
            assert where is not None
            with urllib.request.urlopen(where[0], timeout=30) as answer:
                assert answer.read() == b"hello"
            assert "https://127.0.0.1:" in child.stdout.readline()
            assert "BEGIN CERTIFICATE" in ca_file.read_text()
        finally:
            child.send_signal(signal.SIGINT)
            _, stderr = child.communicate(timeout=30)
    assert child.returncode == 0
    assert "Traceback" not in stderr


def test_quiet_prints_the_verdict_alone(target: TargetProcess, json_file: Path) -> None:
    done = kilobar("run", target.url, "--rate", "20/s", "--for", "500ms", "--quiet", "--json", json_file)
    done.must_end_with(0)
    assert len(done.stdout.splitlines()) == 2, "the verdict, and where the report is"
    assert done.stdout.startswith(("PASSED", "INVALID"))


def test_junit_has_a_case_for_each_threshold_and_the_broken_one_fails(target: TargetProcess, tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    done = kilobar(
        "run", target.url, "--rate", "20/s", "--for", "500ms", "--junit", junit,
        "--threshold", "count > 1000", "--threshold", "errors < 1%",
    )  # fmt: skip
    assert done.exit_code in (1, 3)
    root = ElementTree.parse(junit).getroot()
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert any("count > 1000" in str(name) for name in cases)
    broken = [
        name for name, case in cases.items() if case.find("failure") is not None or case.find("error") is not None
    ]
    assert any("count > 1000" in str(name) for name in broken)
    assert not any("errors < 1%" in str(name) for name in broken)


def test_the_html_report_needs_nothing_from_anywhere(target: TargetProcess, tmp_path: Path) -> None:
    html = tmp_path / "report.html"
    kilobar("run", target.url, "--rate", "20/s", "--for", "1s", "--html", html)
    page = html.read_text()
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    markup = re.sub(r"<script\b[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    loaded = re.findall(r"""<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)=["']?([^"'\s>]+)""", page)
    assert [address for address in loaded if not address.startswith(("data:", "${", "#"))] == []
    assert "@import" not in markup
    assert not re.search(r"url\(\s*['\"]?https?:", markup)


def test_plain_lines_are_written_where_no_terminal_is(target: TargetProcess) -> None:
    done = kilobar("run", target.url, "--rate", "50/s", "--for", "3s")
    assert re.search(r"^ +1\.\ds  50/s asked  [\d.]+/s  p50", done.stdout, re.MULTILINE)
    assert "\x1b" not in done.stdout


def test_a_reader_that_goes_away_is_no_crash(target: TargetProcess) -> None:
    with Going("run", target.url, "--rate", "50/s", "--for", "1s") as going:
        going.close_output()
        done = going.end()
    assert "Traceback" not in done.stderr


def test_names_and_responses_beyond_ascii_are_in_the_report_as_they_are(
    target: TargetProcess, scenario: Callable[[str], Path], json_file: Path
) -> None:
    file = scenario(
        f"name: 'naïve ☃'\ntarget: {target.url}\nsteps: [get: /fault/garbage]\nload: {{rate: 5/s, for: 1s}}\n"
    )
    done = kilobar("run", file, "--json", json_file)
    assert done.summary["run"]["name"] == "naïve ☃"
    assert done.errors == {"protocol": 5}
