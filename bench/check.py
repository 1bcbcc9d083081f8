"""How long `kilobar check` takes for a large scenario: 2,000 steps with checks, saved values and templates.

python bench/check.py [STEPS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS = 2_000
ROUNDS = 5
GOAL_S = 1.0

FOUR_STEPS = """  - post: /items
    name: create item {0}
    headers: {{authorization: "Bearer ${{token}}", x-request: "${{uuid()}}"}}
    json: {{name: "item {0}", price: 1.10, tags: [new, "${{tenant}}"], owner: {{id: "${{random.int(1, 1000)}}"}}}}
    check: {{status: [200, 201, 404, 405], time: {{lt: 5s}}, not: {{contains: error}}}}
    save: {{id_{0}: {{json: $.id, default: "1"}}}}
  - get: /items/${{id_{0}}}?page=${{random.int(1, 20)}}
    name: show item {0}
    check:
      status: 2xx
      json: {{$.id: "${{id_{0}}}", $.price: {{gt: 0}}}}
      header: {{content-type: {{contains: json}}}}
    save: {{name_{0}: $.name}}
  - if: ${{name_{0}}} == "item {0}" or ${{id_{0}}} > 3
    then: [{{put: "/items/${{id_{0}}}", form: {{name: "${{name_{0}}}", tenant: "${{tenant}}"}}}}]
"""


def scenario(steps: int) -> str:
    """A scenario with at least so many steps."""
    head = "target: http://127.0.0.1:8700\nvariables: {tenant: acme}\n"
    head += "setup: [{post: /login, json: {user: ann}, save: {token: $.token}}]\nload: {users: 1, for: 1s}\nsteps:\n"
    return head + "".join(FOUR_STEPS.format(number) for number in range((steps + 3) // 4))


def main() -> None:
    """Prints the median of several rounds, the start of Python included."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "large.yaml"
        path.write_text(scenario(steps), encoding="utf-8")
        times_s = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-m", "kilobar", "check", str(path)], check=True, stdout=subprocess.DEVNULL)
            times_s.append(time.perf_counter() - start)
    median_s = statistics.median(times_s)
    print(f"check of {steps:,} steps ({len(scenario(steps)):,} bytes): median {median_s:.2f} s, goal {GOAL_S:.1f} s")
    print(f"  {median_s / steps * 1e6:.0f} us a step; rounds: {', '.join(f'{one:.2f} s' for one in times_s)}")


if __name__ == "__main__":
    main()
