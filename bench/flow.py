"""A flow of three steps (a JSON value saved, a template, two checks) on one worker, beside plain GETs of the same
worker and beside k6 doing the same flow.

nginx answers everything with constants, so that the generator is what is measured. Server on one core, generator on the
other, in alternation; medians of ratios. Prints requests per second and processor time a request.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from peers import GENERATOR_CPU, Measured, kilobar, nginx, pinned, ratio, require, run_to_end

USERS = 64
LOCATIONS = """
  default_type application/json;
  location = /login { return 200 '{"user": {"name": "ann", "token": "t-4711-abcdef"}, "ok": true}'; }
  location = /items { return 200 '{"ok": true, "items": [{"id": 17, "name": "lamp"}, {"id": 18, "name": "chair"}]}'; }
  location /items/ { return 200 '{"id": 17, "name": "lamp", "price": 12.50}'; }
  location / { return 200 "hello"; }
"""
SCENARIO = """
target: {url}
steps:
  - post: /login
    json: {{user: ann, password: secret}}
    save: {{token: {{json: $.user.token}}}}
  - get: /items
    headers: {{authorization: "Bearer ${{token}}"}}
    check: {{status: 200, json: {{$.ok: true}}}}
  - get: /items/17
load: {{users: {users}, for: {seconds}s}}
"""
K6 = """
import http from 'k6/http';
import {{ check }} from 'k6';
export const options = {{ vus: {users}, duration: '{seconds}s', discardResponseBodies: false }};
export default function () {{
  const login = http.post('{url}login', JSON.stringify({{ user: 'ann', password: 'secret' }}),
    {{ headers: {{ 'content-type': 'application/json' }} }});
  const token = login.json('user.token');
  const items = http.get('{url}items', {{ headers: {{ authorization: `Bearer ${{token}}` }} }});
  check(items, {{ 'status is 200': (r) => r.status === 200, 'ok is true': (r) => r.json('ok') === true }});
  http.get('{url}items/17');
}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--k6", default=shutil.which("k6"), help="the k6 program (go install go.k6.io/k6@latest)")
    options = parser.parse_args()
    require("nginx", "taskset")
    with nginx(LOCATIONS) as url, _files(url, options.seconds) as (scenario, script):
        plain, flow, k6 = [], [], []
        load = ("--users", str(USERS), "--for", f"{options.seconds}s", "--workers", "1")
        for _ in range(options.pairs):
            plain.append(kilobar(url, *load))
            flow.append(kilobar(str(scenario), "--workers", "1"))
            if options.k6:
                k6.append(_k6(options.k6, script))
    rates = {"plain GET": _rates(plain), "flow": _rates(flow), "k6, the same flow": _rates(k6)}
    costs = {"plain GET": plain, "flow": flow, "k6, the same flow": k6}
    print("| generator | requests/s | us CPU a request | flow is, of its rate |")
    print("|---|---|---|---|")
    for name, measured in costs.items():
        if measured:
            cost = median(one.cpu_us_per_request for one in measured)
            print(f"| {name} | {median(rates[name]):,.0f} | {cost:.2f} | {ratio(rates['flow'], rates[name]):.2f} |")
    if not k6:
        print("\nk6 is not installed: `go install go.k6.io/k6@latest`, then --k6 PATH")


def _rates(measured: list[Measured]) -> list[float]:
    """Requests per second, of which one iteration of the flow makes three."""
    return [one.rate_per_s for one in measured]


@contextmanager
def _files(url: str, seconds: int) -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        scenario, script = Path(folder) / "flow.yaml", Path(folder) / "flow.js"
        scenario.write_text(SCENARIO.format(url=url, users=USERS, seconds=seconds))
        script.write_text(K6.format(url=url, users=USERS, seconds=seconds))
        yield scenario, script


def _k6(program: str, script: Path) -> Measured:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        argv = [program, "run", "--quiet", "--no-usage-report", "--summary-export", file.name, str(script)]
        cpu_s, printed = run_to_end(pinned(GENERATOR_CPU, argv))
        metrics = json.loads(Path(file.name).read_text())["metrics"]
    if not re.search(r"checks", printed) and metrics["checks"]["fails"]:
        raise SystemExit(f"k6 failed its checks:\n{printed}")
    return Measured(metrics["http_reqs"]["count"], metrics["http_reqs"]["rate"], cpu_s)


if __name__ == "__main__":
    main()
