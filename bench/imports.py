"""How long `kilobar import` takes for a Postman collection of 5 MB: thousands of requests in folders, with scripts.

python bench/imports.py
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZE_BYTES = 5_000_000
ROUNDS = 5
GOAL_S = 3.0


def request(number: int) -> dict[str, Any]:
    """A request as people write them; its script is its own, so nothing can be reused."""
    script = [
        f"pm.test('order {number} is created', function () {{",
        "    pm.response.to.have.status(201);",
        "    const body = pm.response.json();",
        f"    pm.expect(body.order.number).to.eql({number});",
        "    pm.expect(body.order.items).to.be.an('array');",
        f"    pm.collectionVariables.set('order_{number}', body.order.id);",
        "});",
    ]
    body = {"customer": {"id": number, "name": f"customer {number}"}, "items": [{"sku": "{{sku}}", "count": 2}] * 3}
    return {
        "name": f"create order {number}",
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}],
        "request": {
            "method": "POST",
            "header": [{"key": "X-Request-Id", "value": "{{$guid}}"}, {"key": "Accept", "value": "application/json"}],
            "url": {
                "raw": f"{{{{base}}}}/shops/{number % 7}/orders?page={number}",
                "host": ["{{base}}"],
                "path": ["shops", str(number % 7), "orders"],
                "query": [{"key": "page", "value": str(number)}],
            },
            "body": {"mode": "raw", "raw": json.dumps(body, indent=2), "options": {"raw": {"language": "json"}}},
        },
    }


def collection(size_bytes: int) -> str:
    """A collection of at least this size."""
    size = len(json.dumps(request(1000), indent=1))
    items = [request(number) for number in range(size_bytes // size + 1)]
    folders = [{"name": f"folder {start}", "item": items[start : start + 50]} for start in range(0, len(items), 50)]
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    variables = [{"key": "base", "value": "http://127.0.0.1:8700"}, {"key": "sku", "value": "A-1"}]
    return json.dumps({"info": {"name": "large", "schema": schema}, "item": folders, "variable": variables}, indent=1)


def main() -> None:
    """Prints the median of several rounds, the start of Python included."""
    with tempfile.TemporaryDirectory() as directory:
        source, target = Path(directory) / "large.json", Path(directory) / "large.yaml"
        source.write_text(collection(SIZE_BYTES), encoding="utf-8")
        times_s = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            argv = [sys.executable, "-m", "kilobar", "import", str(source), "-o", str(target)]
            subprocess.run(argv, check=True, capture_output=True)
            times_s.append(time.perf_counter() - start)
        size_mb, written_mb = source.stat().st_size / 1e6, target.stat().st_size / 1e6
    median_s = statistics.median(times_s)
    print(f"import of {size_mb:.1f} MB ({written_mb:.1f} MB of YAML): median {median_s:.2f} s, goal {GOAL_S:.1f} s")
    print(f"  rounds: {', '.join(f'{one:.2f} s' for one in times_s)}")


if __name__ == "__main__":
    main()
