"""Closed loop, small keep-alive GET: Kilobar (flows, all histograms, ledger) against wrk, in alternation.

Server on one core, generator (with its controller) on the other. Prints for each server and number of connections the
median of the ratios over the pairs: requests per second, and processor time a request of the whole process tree, once
with everything and once without what starting and ending a run costs however long it is (measured here too).
Shared machines drift within seconds: many short pairs say more than a few long ones.
"""

from __future__ import annotations

import argparse
from statistics import median

from peers import kilobar, nginx, ratio, require, target, wrk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 64, 256])
    parser.add_argument("--servers", nargs="+", default=["nginx", "target"])
    options = parser.parse_args()
    require("wrk", "nginx", "taskset")
    with target() as process:
        start_s = _start_cost_s(process.url)
    print(f"start and end of a run: {start_s:.3f} s of processor time\n")
    print("| server | connections | wrk /s | kilobar /s | rate ratio | wrk us CPU | kilobar us CPU | CPU ratio | all |")
    print("|---|---|---|---|---|---|---|---|---|")
    if "nginx" in options.servers:
        with nginx() as url:
            _measure("nginx", url, options, start_s)
    if "target" in options.servers:
        with target() as process:
            _measure("our target", f"{process.url}/", options, start_s)


def _start_cost_s(url: str) -> float:
    runs = [kilobar(url, "--users", "1", "--for", "1ms", "--workers", "1") for _ in range(5)]
    return median(run.cpu_s for run in runs)


def _measure(server: str, url: str, options: argparse.Namespace, start_s: float) -> None:
    for connections in options.connections:
        wrk(url, connections, 1)
        peers, ours = [], []
        for _ in range(options.pairs):
            peers.append(wrk(url, connections, options.seconds))
            ours.append(kilobar(url, "--users", str(connections), "--for", f"{options.seconds}s", "--workers", "1"))
        peer_rates, our_rates = [one.rate_per_s for one in peers], [one.rate_per_s for one in ours]
        peer_cpu, all_cpu = [one.cpu_us_per_request for one in peers], [one.cpu_us_per_request for one in ours]
        our_cpu = [(one.cpu_s - start_s) / one.requests * 1e6 for one in ours]
        print(
            f"| {server} | {connections} | {median(peer_rates):,.0f} | {median(our_rates):,.0f} |"
            f" **{ratio(our_rates, peer_rates):.2f}** | {median(peer_cpu):.2f} | {median(our_cpu):.2f} |"
            f" **{ratio(our_cpu, peer_cpu):.2f}** | {ratio(all_cpu, peer_cpu):.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
