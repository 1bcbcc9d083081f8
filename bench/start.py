"""How long after the command the first request is on the wire, beside wrk and a bare Python start in the same run."""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import time
from statistics import median

from peers import KILOBAR, ROOT, require


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=11)
    options = parser.parse_args()
    require("wrk")
    shop = str(ROOT / "examples" / "shop.yaml")
    print("| command | median until the first request | worst |")
    print("|---|---|---|")
    rows = {
        "kilobar run URL": lambda url: [KILOBAR, "run", url, "--rate", "50/s", "--for", "100ms", "--quiet"],
        "kilobar run examples/shop.yaml": lambda url: [
            KILOBAR,
            "run",
            shop,
            "--target",
            url,
            "--rate",
            "50/s",
            "--for",
            "100ms",
            "--quiet",
        ],
        "wrk": lambda url: ["wrk", "-t1", "-c1", "-d1s", url],
    }
    for name, argv in rows.items():
        took = [_first_request_s(argv) for _ in range(options.times)]
        print(f"| {name} | **{median(took):.3f} s** | {max(took):.3f} s |", flush=True)
    took = []
    for _ in range(options.times):
        start = time.monotonic()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        took.append(time.monotonic() - start)
    print(f"| python -c pass (to its end) | {median(took):.3f} s | {max(took):.3f} s |")


def _first_request_s(argv) -> float:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        start = time.monotonic()
        child = subprocess.Popen(
            argv(url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        try:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                connection.recv(1)
                return time.monotonic() - start
        finally:
            child.kill()
            child.wait()


if __name__ == "__main__":
    main()
