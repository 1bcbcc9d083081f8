"""One exchange of `kilobar try` as a person reads it: what was known, sent, received, checked, saved, and how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from kilobar.report import numbers

_SHOWN_LINES = 40
_SHOWN_COLUMNS = 400
_LABEL_WIDTH = 10


def attempt_text(attempt: Mapping[str, Any]) -> str:
    """An attempt of the engine, with colour where the terminal has any (click takes it out elsewhere)."""
    step = attempt["step"] or "a step that is no request"
    lines = [click.style(f"{attempt['flow']} · {step}", bold=True)]
    lines += _named("with", attempt["variables"])
    lines += [_sent(line) for line in _cut(attempt["request"])]
    for hop in attempt["redirects"]:
        lines.append(f"  < {hop['status']} leads to {hop['url']}  ({_timing(hop['phases_ns'])})")
    lines += [_received(line) for line in _cut(attempt["response"])]
    lines += [_check(name, passed) for name, passed in attempt["checks"]]
    lines += _named("saved", attempt["saved"])
    if attempt["phases_ns"]:
        lines.append(_labelled("timing", f"{_timing(attempt['phases_ns'])}; {numbers.size(attempt['bytes_in'])} in"))
    elif attempt["step"]:
        lines.append(_labelled("timing", "no whole response"))
    if attempt["failure"]:
        error, message = attempt["failure"]
        lines.append(_labelled(click.style("FAILED", fg="red", bold=True), f"{message} ({error})"))
    return "\n".join(lines) + "\n"


def _sent(line: str) -> str:
    return click.style(f"  > {line}", fg="cyan")


def _received(line: str) -> str:
    return f"  < {line}"


def _check(name: str, passed: bool) -> str:
    mark = click.style("✓", fg="green") if passed else click.style("✗", fg="red", bold=True)
    return _labelled("check", f"{mark} {name}")


def _named(label: str, values: Iterable[tuple[str, str]]) -> list[str]:
    return [_labelled(label, f"{name} = {_short(value)}") for name, value in values]


def _labelled(label: str, text: str) -> str:
    return f"  {label}{' ' * (_LABEL_WIDTH - len(click.unstyle(label)))}{text}"


def _timing(phases_ns: Iterable[tuple[str, int]]) -> str:
    return "  ".join(f"{name} {numbers.duration(took_ns / 1e6)}" for name, took_ns in phases_ns)


def _cut(text: str) -> list[str]:
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    shown = [_short(line) for line in lines[:_SHOWN_LINES]]
    if len(lines) > _SHOWN_LINES:
        shown.append(f"... {len(lines) - _SHOWN_LINES} more lines")
    return shown


def _short(text: str) -> str:
    """On one line, cut, and without what could drive the terminal: a server may send anything."""
    text = "".join(character if character.isprintable() or character == "\t" else "\ufffd" for character in text)
    return (
        text
        if len(text) <= _SHOWN_COLUMNS
        else f"{text[:_SHOWN_COLUMNS]}… and {len(text) - _SHOWN_COLUMNS:,} characters more"
    )
