"""The colours of reports by role, each for a light and a dark page.

Charts name colours as CSS variables, so that the browser resolves them and a page changes its theme without drawing
anything anew; `resolved` puts fixed colours in their place where there is no browser.
"""

from __future__ import annotations

from typing import Any

PALETTE: dict[str, tuple[str, str]] = {
    "page": ("#f6f7f9", "#12161c"),
    "surface": ("#ffffff", "#1a2029"),
    "ink": ("#1b2430", "#e7ebf0"),
    "muted": ("#566172", "#9aa7b7"),
    "line": ("#e1e5ea", "#2c3542"),
    "accent": ("#2467b3", "#7db8f2"),
    "passed": ("#17794a", "#5fd19a"),
    "passed-soft": ("#e4f4ec", "#16322a"),
    "failed": ("#b3261e", "#ff8f85"),
    "failed-soft": ("#fcebe9", "#3d2023"),
    "invalid": ("#8a5300", "#f5b95c"),
    "invalid-soft": ("#fdf1dc", "#3a2d15"),
    "achieved": ("#3d86cc", "#63a9ea"),
    "asked": ("#1b2430", "#e7ebf0"),
    "dropped": ("#d97b06", "#f0a944"),
    "lost": ("#c0392b", "#f1776b"),
    "p50": ("#1f9384", "#4fd0bd"),
    "p90": ("#3b7dd8", "#6fa9f5"),
    "p99": ("#7b4fc9", "#b798f5"),
    "max": ("#7d8794", "#8793a2"),
    "service": ("#d0660a", "#f39a4a"),
    "degraded": ("#f2c14e", "#b98a1e"),
    "error-1": ("#c0392b", "#f1776b"),
    "error-2": ("#e08a1e", "#f0a944"),
    "error-3": ("#7b4fc9", "#b798f5"),
    "error-4": ("#3b7dd8", "#6fa9f5"),
    "error-5": ("#1f9384", "#4fd0bd"),
    "error-6": ("#8c6d46", "#c9a77c"),
    "error-7": ("#c8478a", "#ef8fc0"),
    "error-8": ("#7d8794", "#8793a2"),
}
ERROR_COLOURS = 8


def var(role: str) -> str:
    """The CSS variable of a role."""
    if role not in PALETTE:
        raise KeyError(role)
    return f"var(--{role})"


def css() -> str:
    """The variables, resolved by `color-scheme`."""
    return "\n".join(f"  --{role}: light-dark({light}, {dark});" for role, (light, dark) in PALETTE.items())


def resolved(spec: Any, dark: bool) -> Any:
    """A chart specification with every variable replaced by its colour."""
    colours = {var(role): pair[dark] for role, pair in PALETTE.items()}

    def replace(value: Any) -> Any:
        match value:
            case dict():
                return {key: replace(item) for key, item in value.items()}
            case list():
                return [replace(item) for item in value]
            case str():
                return colours.get(value, value)
            case _:
                return value

    return replace(spec)
