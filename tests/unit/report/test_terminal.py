import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from kilobar.model.summary import Event
from kilobar.report.terminal import summary_text, summary_view

from .summaries import ALL, failed, long, passed

GOLDEN = Path(__file__).parents[2] / "golden" / "reports"


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [80, 140])
def test_the_summary_looks_as_it_looked(name: str, width: int) -> None:
    """Run with KILOBAR_BLESS=1 to accept a new look."""
    text = summary_text(ALL[name](), width)
    golden = GOLDEN / f"{name}_{width}.txt"
    if os.environ.get("KILOBAR_BLESS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(name: str, width: int) -> None:
    for line in summary_text(ALL[name](), width).splitlines():
        assert len(line) <= width
        assert "…" not in line[30:], "a number was cut"


def test_plain_text_has_no_control_characters_and_a_terminal_has_colour() -> None:
    assert "\x1b" not in summary_text(failed(), 80)
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="standard", width=80, _environ={}).print(
        summary_view(failed(), 80)
    )
    assert "\x1b[1;31m✗ FAILED" in out.getvalue()


def test_no_color_is_respected() -> None:
    out = io.StringIO()
    environ = {"NO_COLOR": "1", "TERM": "xterm-256color"}
    Console(file=out, force_terminal=True, width=80, _environ=environ).print(summary_view(failed(), 80))
    assert "\x1b[1;31m" not in out.getvalue()
    assert "✗ FAILED" in out.getvalue()


def test_names_cannot_drive_the_terminal_and_markup_is_not_interpreted() -> None:
    step = replace(passed().series[0], name="[red]a\x1b]0;owned\x07")
    summary = replace(
        passed(), name="\x1b[2J[bold]", reasons=("\x1b[31m",), series=(step,), events=(Event(1.0, "\x1b"),)
    )
    text = summary_text(summary, 140)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]a" in text
    assert "[bold]" in text


def test_long_lists_are_bounded() -> None:
    many = replace(
        long(),
        series=long().series * 100,
        events=tuple(Event(float(number), f"event {number}") for number in range(500)),
    )
    text = summary_text(many, 140)
    assert "(1140 more steps)" in text
    assert "and 490 more" in text
    assert len(text.splitlines()) < 220


def test_a_name_is_folded_and_only_the_middle_of_an_endless_one_is_left_out() -> None:
    step = replace(passed().series[0], name="GET /a/very/long/path/to/a/thing/that/ends/in/one")
    lines = [
        line[2:].split("   ")[0].strip() for line in summary_text(replace(passed(), series=(step,)), 80).splitlines()
    ]
    assert step.name in "".join(lines)
    endless = replace(step, name=f"GET /{'x' * 5000}/end")
    text = summary_text(replace(passed(), series=(endless,)), 80)
    assert "…" in text
    assert "/end" in text
    assert text.count("x") < 200


def test_an_unbalanced_ledger_is_loud() -> None:
    assert "DOES NOT BALANCE" in summary_text(replace(passed(), ledger=replace(passed().ledger, ok=1)), 80)
