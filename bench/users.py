"""Users that Python executes, beside genuine Locust doing the same on the same core against the same server.

The server (nginx, a constant) has one core, the generator the other: one worker, 64 users without waiting. In
alternation; medians of ratios. Rates are those that each tool reports; processor time is that of the whole process
tree, start and end included. The last lines are of an empty press at 20,000 iterations a second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from peers import GENERATOR_CPU, ROOT, Measured, kilobar, nginx, pinned, ratio, require, run_to_end

USERS = 64
ASYNC_PRESS = """
from kilobar import Press

class Get(Press):
    host = "{url}"

    async def press(self, row):
        await self.http.get("/")
"""
PLAIN_PRESS = ASYNC_PRESS.replace("async def", "def").replace("await ", "")
EMPTY_PRESS = """
from kilobar import Press

class Empty(Press):
    async def press(self, row):
        pass
"""
LOCUSTFILE = """
from locust import {user}, task

class Get({user}):
    host = "{url}"

    @task
    def get(self):
        self.client.get("/")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6)
    options = parser.parse_args()
    require("nginx", "taskset")
    locust = shutil.which("locust", path=str(ROOT / ".venv" / "bin"))
    if locust is None:
        raise SystemExit("this bench needs genuine Locust: .venv/bin/pip install locust")
    with nginx() as url, tempfile.TemporaryDirectory() as folder:
        files = _write(Path(folder), url.rstrip("/"))
        load = ("--users", str(USERS), "--for", f"{options.seconds}s", "--workers", "1")
        contenders: dict[str, Callable[[], Measured]] = {
            "Locust, FastHttpUser": lambda: _locust(locust, files["fast"], options.seconds),
            "Locust, HttpUser": lambda: _locust(locust, files["slow"], options.seconds),
            "async press": lambda: kilobar(files["async"], *load),
            "plain press": lambda: kilobar(files["plain"], *load),
            "guest, FastHttpUser": lambda: kilobar(files["fast"], *load),
            "guest, HttpUser": lambda: kilobar(files["slow"], *load),
            "guest, FastHttpUser, --fast-http": lambda: kilobar(files["fast"], *load, "--fast-http"),
            "guest, HttpUser, --fast-http": lambda: kilobar(files["slow"], *load, "--fast-http"),
        }
        measured: dict[str, list[Measured]] = {name: [] for name in contenders}
        for _ in range(options.pairs):
            for name, run in contenders.items():
                measured[name].append(run())
        empty = [
            kilobar(files["empty"], "--rate", "20000/s", "--for", f"{options.seconds}s", "--workers", "1")
            for _ in range(options.pairs)
        ]
    _print(measured)
    lag_ms = [one.summary["load"]["start_lag_ms"]["p99"] for one in empty if one.summary]
    rate = median(one.rate_per_s for one in empty)
    cost = median(one.cpu_us_per_request for one in empty)
    print(f"\nEmpty async press, 20,000/s asked: {rate:,.0f}/s, {cost:.1f} us CPU each,")
    print(f"start lag p99 {median(lag_ms):.2f} ms (median of {len(lag_ms)}; {min(lag_ms):.2f} to {max(lag_ms):.2f})")


def _print(measured: dict[str, list[Measured]]) -> None:
    rates = {name: [one.rate_per_s for one in runs] for name, runs in measured.items()}
    fast, slow = rates["Locust, FastHttpUser"], rates["Locust, HttpUser"]
    print("| generator | requests/s | us CPU a request | of Locust's FastHttpUser | of its HttpUser |")
    print("|---|---|---|---|---|")
    for name, runs in measured.items():
        cost = median(one.cpu_us_per_request for one in runs)
        print(
            f"| {name} | {median(rates[name]):,.0f} | {cost:.1f} |"
            f" {ratio(rates[name], fast):.2f} | {ratio(rates[name], slow):.2f} |"
        )


def _write(folder: Path, url: str) -> dict[str, str]:
    texts = {
        "async": ASYNC_PRESS.format(url=url),
        "plain": PLAIN_PRESS.format(url=url),
        "empty": EMPTY_PRESS,
        "fast": LOCUSTFILE.format(user="FastHttpUser", url=url),
        "slow": LOCUSTFILE.format(user="HttpUser", url=url),
    }
    for name, text in texts.items():
        (folder / name).mkdir()
        (folder / name / f"{name}_users.py").write_text(text)
    return {name: str(folder / name / f"{name}_users.py") for name in texts}


def _locust(program: str, file: str, seconds: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        stem = str(Path(folder) / "stats")
        argv = [program, "-f", file, "--headless", "-u", str(USERS), "-r", str(USERS), "-t", f"{seconds}s"]
        cpu_s, _ = run_to_end(pinned(GENERATOR_CPU, [*argv, "--only-summary", "--json-file", stem]))
        entries = json.loads(Path(f"{stem}.json").read_text())
    requests = sum(entry["num_requests"] for entry in entries)
    first = min(entry["start_time"] for entry in entries)
    last = max(entry["last_request_timestamp"] for entry in entries)
    return Measured(requests, requests / (last - first), cpu_s)


if __name__ == "__main__":
    main()
