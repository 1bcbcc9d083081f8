import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import time
from kilobar.users.guest.statistics import BoundedStats, ENTRY_LIMIT
stats = BoundedStats()
for number in range(ENTRY_LIMIT + 300):
    stats.log_request("GET", f"/{number}", 5, 10)
    stats.log_error("GET", f"/{number}", ValueError(number))
assert len(stats.entries) == ENTRY_LIMIT + 1, len(stats.entries)
assert stats.entries[("(other)", "")].num_requests == 300
assert stats.entries[("(other)", "")].num_failures == 300
assert stats.total.num_requests == stats.total.num_failures == ENTRY_LIMIT + 300
assert len(stats.errors) == 500
stats.total.num_reqs_per_sec[1] = 9
stats._next_forget_s = 0
stats.log_request("GET", "/0", 5, None)
assert 1 not in stats.total.num_reqs_per_sec
assert stats.get("/0", "GET").num_requests == 2
"""


def test_statistics_stay_bounded_and_lose_no_request() -> None:
    root = Path(__file__).parents[4] / "python"
    program = f"import sys; sys.path.insert(0, {str(root)!r})\n{_PROGRAM}"
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
