"""Open loop on one worker: is the rate held, is it on time, does the ledger equal what the server received?"""

from __future__ import annotations

import argparse

from peers import kilobar, require, target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[20_000, 50_000])
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    require("taskset")
    print("| asked /s | achieved /s | off by | start lag p50 | p99 | max | started | received | equal | verdict |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for rate in options.rates:
        with target() as server:
            ours = kilobar(f"{server.url}/", "--rate", f"{rate}/s", "--for", f"{options.seconds}s", "--workers", "1")
            received = server.stats()["requests"]
        assert ours.summary is not None
        ledger, load = ours.summary["ledger"], ours.summary["load"]
        lag = load["start_lag_ms"]
        achieved = load["achieved_rate_per_s"]
        print(
            f"| {rate:,} | {achieved:,.1f} | {abs(achieved - rate) / rate:.3%} | {lag['p50']:.3f} ms |"
            f" **{lag['p99']:.3f} ms** | {lag['max']:.2f} ms | {ledger['started']:,} | {received:,} |"
            f" {'yes' if ledger['started'] == received else 'NO'} | {ours.summary['verdict']['outcome']} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
