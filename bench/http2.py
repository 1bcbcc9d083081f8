"""Closed loop over one HTTP/2 connection, small GET: Kilobar (flows, all histograms, ledger) against h2load.

Server (nghttpd, cleartext) on one core, generators in alternation on the other. Prints for each number of concurrent
streams the medians of both, and the median of the ratios over the pairs of requests per CPU-second of the generator:
ours without what starting and ending a run costs however long it is (measured here too), and with it. The floor is 0.7
at 64 streams.
"""

from __future__ import annotations

import argparse
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from peers import GENERATOR_CPU, SERVER_CPU, Measured, kilobar, pinned, ratio, require, run_to_end

PORT = 8791


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 64])
    options = parser.parse_args()
    require("nghttpd", "h2load", "taskset")
    print("| streams | h2load /s | kilobar /s | h2load /CPU-s | kilobar /CPU-s | ratio | with start and end |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, _nghttpd(Path(folder)) as url:
        scenario = Path(folder) / "scenario.yaml"
        scenario.write_text(f"target: {url}\nhttp: h2c\nsteps:\n  - get: /\n")
        start_s = median(_kilobar(scenario, 1, "1ms").cpu_s for _ in range(5))
        for streams in options.streams:
            _measure(url, scenario, streams, options, start_s)


def _measure(url: str, scenario: Path, streams: int, options: argparse.Namespace, start_s: float) -> None:
    _h2load(url, streams, 1)
    peers, ours = [], []
    for _ in range(options.pairs):
        peers.append(_h2load(url, streams, options.seconds))
        ours.append(_kilobar(scenario, streams, f"{options.seconds}s"))
    peer_rates = [one.requests / one.cpu_s for one in peers]
    our_rates = [one.requests / (one.cpu_s - start_s) for one in ours]
    whole_rates = [one.requests / one.cpu_s for one in ours]
    rates = [median(one.rate_per_s for one in several) for several in (peers, ours)]
    print(
        f"| {streams} | {rates[0]:,.0f} | {rates[1]:,.0f} |"
        f" {median(peer_rates):,.0f} | {median(our_rates):,.0f} | **{ratio(our_rates, peer_rates):.2f}** |"
        f" {ratio(whole_rates, peer_rates):.2f} |",
        flush=True,
    )


def _kilobar(scenario: Path, users: int, duration: str) -> Measured:
    measured = kilobar(str(scenario), "--users", str(users), "--for", duration, "--workers", "1")
    assert measured.summary is not None
    failed = measured.summary["ledger"]["failed"]
    if failed:
        sys.exit(f"{failed} requests failed: {measured.summary['total']['errors']}")
    return measured


def _h2load(url: str, streams: int, seconds: int) -> Measured:
    argv = ["h2load", "-t1", "-c1", f"-m{streams}", f"-D{seconds}", url]
    cpu_s, printed = run_to_end(pinned(GENERATOR_CPU, argv))
    requests = int(re.search(r"(\d+) succeeded", printed)[1])  # type: ignore[index]
    return Measured(requests, requests / seconds, cpu_s)


@contextmanager
def _nghttpd(folder: Path) -> Iterator[str]:
    """Debian's nghttpd with one thread on the server's core, serving a file of five bytes."""
    (folder / "index.html").write_text("hello")
    argv = ["nghttpd", "--no-tls", "-n1", "-a", "127.0.0.1", "-d", str(folder), str(PORT)]
    child = subprocess.Popen(pinned(SERVER_CPU, argv), stdout=subprocess.DEVNULL)
    try:
        _wait_for(PORT)
        yield f"http://127.0.0.1:{PORT}/"
    finally:
        child.terminate()
        child.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


if __name__ == "__main__":
    main()
