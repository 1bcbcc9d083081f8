"""Patterns of java.text.SimpleDateFormat and durations of ISO 8601 -> those of the scenario language."""

from __future__ import annotations

import re

_NAMED = {
    "": "unix_ms",
    "/1000": "unix",
    "YMD": "%Y%m%d",
    "HMS": "%H%M%S",
    "YMDHMS": "%Y%m%d-%H%M%S",
    "USER1": None,
    "USER2": None,
}
_LETTERS = {
    "yyyy": "%Y", "y": "%Y", "yy": "%y", "YYYY": "%Y", "uuuu": "%Y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "dd": "%d",
    "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "SSS": "%L", "a": "%p", "DDD": "%j", "EEEE": "%A", "EEE": "%a",
    "EE": "%a", "E": "%a", "X": "Z", "X" * 3: "Z", "Z": "+0000", "z": "UTC",
}  # fmt: skip
_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+", re.DOTALL)
_DURATION = re.compile(r"([+-]?)P(?:(-?\d{1,6})D)?(?:T(?:(-?\d{1,6})H)?(?:(-?\d{1,6})M)?(?:(-?\d{1,6})(?:\.\d+)?S)?)?")
_SECONDS = (86_400, 3_600, 60, 1)


def engine_pattern(java: str) -> str | None:
    """`yyyy-MM-dd` -> `%Y-%m-%d`; None when a part of it is not known."""
    if java in _NAMED:
        return _NAMED[java]
    result: list[str] = []
    position = 0
    for piece in _PIECE.finditer(java):
        if piece.start() != position:
            return None
        position = piece.end()
        if piece[1] is not None:
            result.append((piece[1].replace("''", "'") or "'").replace("%", "%%"))
        elif piece[2]:
            if piece[0] not in _LETTERS:
                return None
            result.append(_LETTERS[piece[0]])
        else:
            result.append(piece[0].replace("%", "%%"))
    pattern = "".join(result)
    return pattern if position == len(java) and "%" in pattern and "${" not in pattern else None


def offset_of(duration: str) -> str | None:
    """`P1DT-2H` -> `79200s`; None when it is no duration."""
    match = _DURATION.fullmatch(duration.strip())
    if match is None or not any(match.groups()[1:]):
        return None
    total_s = sum(int(part or 0) * unit_s for part, unit_s in zip(match.groups()[1:], _SECONDS, strict=True))
    total_s = -total_s if match[1] == "-" else total_s
    return f"{total_s}s"
