"""A person at a terminal: keys change the load, the picture is drawn, the terminal is left as it was found."""

from pathlib import Path

from kilobar.target import TargetProcess

from .terminal import Terminal
from .test_worker_loss import load_flows, received

RATE, DURATION_S = 200, 3
CTRL_C = "\x03"


def run_with_keys(target: TargetProcess, json_file: Path, keys: str) -> dict[str, int]:
    """Presses the keys when the load flows; the ledger."""
    options = ("--rate", f"{RATE}/s", "--for", f"{DURATION_S}s", "--json", json_file)
    with Terminal("run", target.url, *options) as terminal:
        load_flows(target, 50)
        terminal.press(keys)
        done = terminal.end()
        assert terminal.settings == terminal.settings_before
    assert done.summary["run"]["state"] == "finished"
    assert done.ledger["started"] == done.ledger["planned"] == received(target)
    changes = [event["text"] for event in done.summary["events"]]
    assert len(changes) == len(keys)
    assert all("load changed by hand" in change for change in changes)
    return done.ledger


def test_plus_raises_the_load_and_the_target_receives_it(target: TargetProcess, json_file: Path) -> None:
    # 1.1 ** 5 is 1.6, for nearly all of the time: without it there would be 600.
    assert run_with_keys(target, json_file, "+++++")["planned"] > 1.1 * RATE * DURATION_S


def test_minus_lowers_the_load_and_the_target_receives_it(target: TargetProcess, json_file: Path) -> None:
    assert run_with_keys(target, json_file, "-----")["planned"] < 0.95 * RATE * DURATION_S


def test_other_keys_change_nothing(target: TargetProcess, json_file: Path) -> None:
    with Terminal("run", target.url, "--rate", "100/s", "--for", "1s", "--json", json_file) as terminal:
        load_flows(target, 20)
        terminal.press("x\x1b[A q\t")
        done = terminal.end()
    assert done.ledger["planned"] == 100
    assert done.summary["events"] == []


def test_the_live_view_and_the_summary_are_drawn(target: TargetProcess) -> None:
    with Terminal("run", target.url, "--rate", "100/s", "--for", "2s") as terminal:
        done = terminal.end()
        screen = terminal.screen
    assert done.exit_code in (0, 3)
    assert "p99" in screen
    assert "ledger" in screen
    assert "PASSED" in screen or "INVALID" in screen


def test_ctrl_c_at_the_terminal_drains_and_gives_the_terminal_back(target: TargetProcess, json_file: Path) -> None:
    options = ("--users", "5", "--for", "60s", "--json", json_file)
    with Terminal("run", f"{target.url}/delay/20ms", *options) as terminal:
        load_flows(target, 50)
        terminal.press(CTRL_C)
        done = terminal.end()
        assert terminal.settings == terminal.settings_before
    assert done.exit_code == 130
    assert done.ledger["in_flight"] == 0
    assert "\x1b[?25h" in done.stdout[done.stdout.rindex("\x1b[?25l") :], "the cursor is shown again"
