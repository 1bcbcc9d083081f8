"""A number of users over time as the stages of a plan: levels, ramps, and not too many of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

STAGE_LIMIT = 500
"""Stages of a load that came out of a shape."""
_NS_PER_S = 1_000_000_000
_FEWEST_USERS_OFF = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time in which the number of users is a line."""

    start_s: float
    end_s: float
    users_from: float
    users_to: float

    @property
    def slope(self) -> float:
        """Users per second."""
        return (self.users_to - self.users_from) / (self.end_s - self.start_s)


def ramp_and_plateau(users: int, spawn_rate_per_s: float, duration_s: float) -> list[Piece]:
    """What `--users`, `--spawn-rate` and `--run-time` ask for: a ramp, then the level, `duration_s` in all."""
    ramp_s = users / spawn_rate_per_s
    if ramp_s <= 1:
        return [Piece(0.0, duration_s, users, users)]
    if ramp_s >= duration_s:
        return [Piece(0.0, duration_s, 0, spawn_rate_per_s * duration_s)]
    return [Piece(0.0, ramp_s, 0, users), Piece(ramp_s, duration_s, users, users)]


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """The same line in as few pieces as possible."""
    whole: list[Piece] = []
    for piece in pieces:
        if whole and whole[-1].users_to == piece.users_from and abs(whole[-1].slope - piece.slope) < 1e-9:
            whole[-1] = Piece(whole[-1].start_s, piece.end_s, whole[-1].users_from, piece.users_to)
        else:
            whole.append(piece)
    return whole


def at_most(pieces: list[Piece], limit: int = STAGE_LIMIT) -> tuple[list[Piece], float]:
    """Not more than `limit` pieces, and how many users they are off at most (0 when nothing had to be changed)."""
    if len(pieces) <= limit:
        return pieces, 0.0
    off_users = _FEWEST_USERS_OFF
    while len(rough := _smoothed(pieces, off_users)) > limit:
        off_users *= 2
    return rough, off_users


def _smoothed(pieces: list[Piece], off_users: float) -> list[Piece]:
    """Ramps that stay within `off_users` of the ends and starts of the pieces they replace."""
    smooth: list[Piece] = []
    index = 0
    while index < len(pieces):
        first = pieces[index]
        lowest, highest = float("-inf"), float("inf")
        last = index
        for ahead in range(index, len(pieces)):
            # Slopes of lines from the first start that pass every point so far within the tolerance.
            for time_s, users in _points(pieces[ahead]):
                if (elapsed_s := time_s - first.start_s) > 0:
                    lowest = max(lowest, (users - off_users - first.users_from) / elapsed_s)
                    highest = min(highest, (users + off_users - first.users_from) / elapsed_s)
            if lowest > highest:
                break
            last = ahead
            kept = (lowest + highest) / 2
        if last == index:
            smooth.append(first)
        else:
            end_s = pieces[last].end_s
            smooth.append(
                Piece(first.start_s, end_s, first.users_from, first.users_from + kept * (end_s - first.start_s))
            )
        index = last + 1
    return smooth


def _points(piece: Piece) -> tuple[tuple[float, float], tuple[float, float]]:
    return (piece.start_s, piece.users_from), (piece.end_s, piece.users_to)


def plan_stages(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    """As a plan says them. Times are cut from one whole, so that nothing adds up to another end."""
    stages = []
    for piece in pieces:
        start_ns, end_ns = round(piece.start_s * _NS_PER_S), round(piece.end_s * _NS_PER_S)
        if end_ns > start_ns:
            levels = (max(0, round(piece.users_from)), max(0, round(piece.users_to)))
            stages.append({"kind": "users", "from": levels[0], "to": levels[1], "duration_ns": end_ns - start_ns})
    return stages


def ramps(pieces: Iterable[Piece]) -> list[tuple[float, int]]:
    """When each climb or descent is over (seconds from the start), and how many users there are then."""
    ends: list[tuple[float, int]] = []
    level = 0.0
    for piece in pieces:
        if piece.users_from != level:
            ends.append((piece.start_s, round(piece.users_from)))
        if piece.users_to != piece.users_from:
            ends.append((piece.end_s, round(piece.users_to)))
        level = piece.users_to
    # A staircase of ramps without a rest is one ramp.
    return [end for end, after in zip(ends, [*ends[1:], None], strict=True) if after is None or after[0] - end[0] > 1]
