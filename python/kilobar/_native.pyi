"""The native engine, as Python sees it. Only values cross this boundary: bytes, numbers, JSON text."""

from typing import Any, final

@final
class Histogram:
    """Counts of durations in nanoseconds, three significant digits (relative error at most 0.1 %)."""

    def __new__(cls) -> Histogram: ...
    def record(self, value_ns: int, count: int = 1) -> None: ...
    def merge(self, other: Histogram) -> None: ...
    def quantile(self, q: float) -> int:
        """The value in ns at or below which the fraction `q` (0..1) of the records lie; 0 when empty."""
    def count_above(self, value_ns: int) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def mean(self) -> float: ...
    @property
    def min(self) -> int: ...
    @property
    def max(self) -> int: ...
    def encode(self) -> bytes:
        """HdrHistogram's V2 encoding, uncompressed."""
    @staticmethod
    def decode(data: bytes) -> Histogram:
        """Raises ValueError."""

@final
class Interval:
    """Everything that was measured in a stretch of time. An empty one is neutral for merge and extend."""

    def __new__(cls) -> Interval: ...
    @staticmethod
    def decode(data: bytes) -> Interval:
        """Raises ValueError."""
    def encode(self) -> bytes: ...
    def merge(self, other: Interval) -> None:
        """Adds what another worker measured in the same time: gauges add up."""
    def extend(self, later: Interval) -> None:
        """Adds what was measured at a later time: gauges keep their newest value."""
    @property
    def start_ns(self) -> int: ...
    @property
    def duration_ns(self) -> int: ...
    @property
    def workers(self) -> int: ...
    @property
    def degraded(self) -> bool: ...
    @property
    def active_users(self) -> int: ...
    def ledger(self) -> dict[str, int]:
        """Keys planned, started, dropped, lost, ok, failed, in_flight."""
    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain values; the form of docs/reference/interval.md. Histograms become
        {"count", "mean", "min", "p50", "p90", "p95", "p99", "p99_9", "max"} in ns."""
    def response(self, series: str | None = None) -> Histogram:
        """Response times of one series, or of all."""
    def service(self, series: str | None = None) -> Histogram: ...
    def start_lag(self) -> Histogram: ...
    def loop_lag(self) -> Histogram: ...

@final
class Schedule:
    """When a plan's arrivals are due and how many users it wants, by arithmetic."""

    def __new__(cls, plan_json: str) -> Schedule:
        """Raises ValueError."""
    @property
    def duration_ns(self) -> int: ...
    def planned_until(self, time_ns: int) -> int:
        """Arrivals due before this time."""
    def planned_of(self, slots: list[bool], from_ns: int, until_ns: int) -> int:
        """Arrivals k with slots[k % len(slots)] that are due from `from_ns` (inclusive) to `until_ns` (exclusive)."""
    def rate_at(self, time_ns: int) -> float:
        """Asked arrivals per second."""
    def users_at(self, time_ns: int) -> int: ...
    def rescale(self, at_ns: int, factor: float) -> None:
        """Multiplies rate and users by `factor` from `at_ns` on, as live changes do."""
    def end_at(self, at_ns: int) -> None:
        """The load ends at this instant, as `stop` does."""

def check_plan(plan_json: str) -> None:
    """Raises ValueError with the reason when an engine would refuse this plan."""

def check_json_path(path: str) -> tuple[int, str] | None:
    """None when valid, else (offset in characters, message)."""

def check_xpath(expression: str) -> tuple[int, str] | None:
    """None when valid, else (offset in characters, message)."""

def check_css(selector: str) -> tuple[int, str] | None:
    """None when valid, else (offset in characters, message)."""

def check_regex(pattern: str) -> tuple[int, str] | None:
    """None when valid, else (offset in characters, message)."""

def json_path_value(path: str, document: bytes) -> str | None:
    """The first JSON text found at a path; None when there is none. Raises ValueError."""

def inspect_data(path: str, format_json: str, columns: list[str]) -> tuple[list[str], int, int]:
    """Reads a whole file of rows: (names of the columns, number of rows, size in bytes). Without `columns`, the header
    or the keys of the first object name them. Raises OSError, and ValueError with the arguments (message, hint or None,
    line, column) for the first thing that is wrong; line and column are from 1, or 0 when it is not in the file."""

def run_worker(fd: int) -> None:
    """Runs one worker, spoken to over this connected stream socket, until it is done.
    See docs/design/002-worker-protocol.md."""

def attempt(plan_json: str) -> list[str]:
    """Executes each flow once; one JSON object per exchange, see `kilobar_engine::Attempt`. Raises ValueError."""

def once(plan_json: str, occasion: str, given: str | None = None) -> str:
    """Executes the steps of "setup" or "teardown"; `given` is what an earlier occasion left. Returns a JSON object
    with `given` and `failure`, see `kilobar_engine::Outcome`. Raises ValueError or OSError when the plan cannot be run
    here."""

def next_calls() -> list[tuple[int, str | None, str, str]] | None:
    """Waits for calls of Python functions: (number, directory, module.function, arguments as a JSON array). None when
    there will be none any more."""

def answer_calls(answers: list[tuple[int, bool, str]]) -> None:
    """Brings results: (number, whether it went well, JSON value or what went wrong)."""

def close_calls() -> None:
    """Lets the thread that waits in `next_calls` end."""

def run_target(options_json: str, ready_fd: int = -1) -> None:
    """Serves the target until SIGINT or SIGTERM. Raises OSError when an address cannot be bound. Writes one JSON line
    {"http": port, "https": port | null, "ca_file": path | null} to `ready_fd` when it listens."""

def monotonic_ns() -> int:
    """The clock that workers use (CLOCK_MONOTONIC)."""

__version__: str

# Users that Python executes: docs/design/005-python-users.md. Only for the process of a worker.

def next_code() -> str | None:
    """Waits for the plan: its `code` as JSON, with `worker` and `workers`. None when the worker ends without a run."""

def code_loaded(problem: str | None) -> None:
    """The answer to `next_code`: the users can be started, or why not, in words."""

def orders_fd() -> int:
    """A descriptor that is readable while orders wait. Belongs to the engine: never closed, never read from."""

Order = tuple[Any, ...]
"""First its kind, then what belongs to it:

* `("turn", user, turn, class_, act, row, intended_ns)`: act is 0 start, 1 press, 2 stop;
* `("response", request, status, head, body, took_ns, error, message, url)`: status 0 and an error class when there is
  none; head and body are bytes, `error` and `message` are None when the step went well;
* `("hire", mailbox, user, class_)`: a thread is to be started for this user, which asks for the orders in this mailbox;
* `("gone", user)`: the user is given up, whatever it is doing; to a thread, which knows whose it is, only `("gone",)`;
* `("arrive", user, class_)`, `("leave", user)`: a guest;
* `("close",)`: the run is over; answer with `closed()`.
"""

def take_orders() -> list[Order]:
    """All orders that wait, except those of users with a thread of their own. Does not wait."""

def next_order(mailbox: int) -> Order:
    """Waits for an order of a user with a thread of its own; `("gone",)` is its last one."""

def end_turn(
    turn: int,
    began_ns: int,
    ended_ns: int,
    outcome: int,
    message: str | None,
    name: str | None,
    pause_ns: int,
) -> None:
    """A turn has ended; times are of CLOCK_MONOTONIC.

    `outcome`: 0 ok, 1 failed, 2 ok and the user leaves, 3 ok and the run stops; `message` says why (1 and 3).
    `name`: the turn is counted as a step of this name, kind `press`; None when it has counted steps of its own.
    `pause_ns`: how long the user waits before its next turn.
    """

def count_step(
    flow: int,
    name: str,
    kind: str,
    intended_ns: int,
    began_ns: int,
    ended_ns: int,
    bytes_in: int,
    bytes_out: int,
    error: str | None,
    message: str | None,
) -> None:
    """Counts a step that Python timed; `error` is an error class (`script`, `check`, ...), None when it went well."""

def fail_step(flow: int, name: str, kind: str, error: str, message: str) -> None:
    """A step that was counted as good has turned out to be bad."""

def send_request(
    turn: int,
    name: str | None,
    intended_ns: int,
    method: str,
    url: str,
    headers: list[tuple[str, str]],
    body: bytes | None,
    timeout_ns: int,
    redirects: int,
    statuses: list[tuple[int, int]] | None,
) -> int:
    """Sends a request in a turn; its number comes back in the order `response`.

    `url` is absolute or a path at the target; a status outside of `statuses` (both ends included) fails the step;
    None: 400 and above fail it. Without a name it is counted as method and path. `intended_ns`: when it was meant to
    start; 0 when it does.
    """

def forget_request(turn: int, request: int) -> None:
    """Nobody waits any more for what comes to a request: it ends at once, and is counted as one that took too long."""

def send_guest_request(
    user: int,
    method: str,
    url: str,
    headers: list[tuple[str, str]],
    body: bytes | None,
    timeout_ns: int,
    redirects: int,
) -> int:
    """As `send_request`, of a guest. It is not counted: the guest does that when it knows how it went."""

def host_lag(lag_ns: int) -> None:
    """The loop of the host served a tick, of which there is one every 10 ms, so late."""

def began() -> None:
    """A guest begins an iteration."""

def ended(flow: int, began_ns: int, ended_ns: int, message: str | None) -> None:
    """A guest has ended an iteration; `message` says why it failed."""

def left(user: int, for_good: bool = False) -> None:
    """A guest is gone: told to leave, or by itself. Another one takes its place, unless it is gone for good."""

def stop_run(reason: str) -> None:
    """The whole run is to be stopped."""

def closed() -> None:
    """The host has closed; nothing more is counted."""
