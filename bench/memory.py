"""Memory of the workers: flat in time at a constant rate, and small per idle user."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from peers import kilobar, target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=10_000)
    options = parser.parse_args()
    print("| what | first | last | result |")
    print("|---|---|---|---|")
    with target() as server:
        _idle_users(server.url, options.users)
        _growth(server.url, options.rate, options.minutes)


def _growth(url: str, rate: int, minutes: float) -> None:
    ours = kilobar(f"{url}/", "--rate", f"{rate}/s", "--for", f"{minutes * 60:g}s", "--workers", "1")
    points = ours.summary["timeline"]
    after_a_minute = next(point for point in points if point["start_s"] >= 60)["rss_bytes"]
    last = points[-2]["rss_bytes"]
    what = f"RSS at {rate:,}/s for {minutes:g} min (after the first minute, at the end)"
    print(
        f"| {what} | {after_a_minute / 2**20:.1f} MiB |"
        f" {last / 2**20:.1f} MiB | **{(last - after_a_minute) / after_a_minute:+.2%}** |",
        flush=True,
    )


def _idle_users(url: str, users: int) -> None:
    """Users that wait most of the time, each with a connection of its own."""
    few, many = (_rss_of(url, count) for count in (100, users))
    each = (many - few) / (users - 100)
    print(
        f"| RSS with 100 and with {users:,} idle users, each with its connection | {few / 2**20:.1f} MiB |"
        f" {many / 2**20:.1f} MiB | **{each / 1024:.1f} KiB a user** |",
        flush=True,
    )


def _rss_of(url: str, users: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "idle.yaml"
        scenario.write_text(
            f"target: {url}\nconnections: per_user\nsteps:\n  - get: /\n  - think: 20s\n"
            f"load:\n  - {{users: 0 to {users}, for: 10s}}\n  - {{users: {users}, for: 8s}}\ngrace: 1ms\n"
        )
        ours = kilobar(str(scenario), "--workers", "1")
    return max(point["rss_bytes"] for point in ours.summary["timeline"] if point["in_flight"] >= users * 0.99)


if __name__ == "__main__":
    main()
