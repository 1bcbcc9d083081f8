"""The verdict: whether a run's numbers can be trusted, and whether they are good enough. Pure.

`invalid` comes before `failed` before `passed`: numbers that are wrong prove nothing, not even a failure. Every reason
is a sentence with its numbers, and says what to do where something can be done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kilobar.model.summary import Ledger, Outcome, State, ThresholdResult
from kilobar.model.threshold import Threshold

MAX_LOAD_ERROR = 0.01
MAX_DROPPED = 0.001
MAX_START_LAG_MS = 10.0
MAX_START_LAG_OF_FAST_MS = 1.0
MAX_START_LAG_BY_PYTHON_MS = 5.0
"""The same, when Python executes the users. Those that share an interpreter wait some ms for their turn; a run in which
they do is remarked on."""
MAX_START_LAG_OF_MEDIAN = 0.1
"""A start lag above this part of the median response time spoils it, unless it is below `MAX_START_LAG_OF_FAST_MS`."""
MAX_LOOP_LAG_MS = 10.0
"""Closed users have no intended start that they could be late for: a saturated worker shows in its event loop only."""
NOTED_LOOP_LAG_OF_MEDIAN = 0.1
"""A loop lag above this part of the median response time is remarked on, and no more than that: a worker that saturates
a fast target serves its responses in batches, so that loop lag and response time are of the same size by design."""

_LAG_ADVICE = "use more workers, a faster machine, one without other work, or a lower load"


@dataclass(frozen=True, slots=True)
class Loss:
    """A worker that was lost. `healed`: the others took over its share, or nothing was left to take over."""

    worker: int
    how: str
    lost: int
    healed: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run is judged on."""

    state: State
    ledger: Ledger
    setup_failure: str | None = None
    """What went wrong before the load could start; nothing was measured then."""
    is_over: bool = True
    """While it goes, iterations may be due and not started yet, and a loss not healed yet."""
    arrivals_asked: int = 0
    arrivals_started: int = 0
    """Of the open part of the load, within its time."""
    arrivals_planned: int | None = None
    """What the books say was asked; None when they also have iterations that nobody planned."""
    mean_users_asked: float = 0.0
    mean_users_active: float = 0.0
    """Of the closed part of the load."""
    users_may_leave: bool = False
    """A step or rows that run out let users end by themselves; then fewer than asked are not the generator's fault."""
    is_by_python: bool = False
    """Whether Python executes the users."""
    start_lag_p99_ms: float = 0.0
    loop_lag_p99_ms: float | None = None
    """None when no users are asked: arrivals are judged by their start lag."""
    median_response_ms: float | None = None
    """None when no request got a whole response."""
    requests: int = 0
    failed_requests: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    """Failed requests by class."""
    first_failure: str | None = None
    """What the first failure of a step that is no request said, or of any step when there is none."""
    losses: tuple[Loss, ...] = ()
    thresholds: tuple[tuple[Threshold, ThresholdResult], ...] = ()

    @property
    def lacks_users(self) -> bool:
        """Whether fewer closed users were active than asked for."""
        return self.mean_users_active < self.mean_users_asked * (1 - MAX_LOAD_ERROR)

    @property
    def judges_errors(self) -> bool:
        """Whether a threshold is about failed requests, so that the user has said what is acceptable."""
        return any(threshold.metric in ("errors", "failed") for threshold, _ in self.thresholds)


@dataclass(frozen=True, slots=True)
class Verdict:
    """For `passed`, the reasons are what a reader should still know."""

    outcome: Outcome
    reasons: tuple[str, ...]


def judge(evidence: Evidence) -> Verdict:
    """The verdict on a run, or on what there is of it so far."""
    if evidence.setup_failure is not None:
        return Verdict("failed", (f"setup failed, so no load was started: {evidence.setup_failure}",))
    invalid = tuple(_reasons_for_invalid(evidence))
    failed = tuple(_reasons_for_failed(evidence))
    if invalid:
        return Verdict("invalid", invalid + failed)
    if failed:
        return Verdict("failed", failed)
    return Verdict("passed", tuple(_remarks(evidence)))


def _reasons_for_invalid(evidence: Evidence) -> Iterator[str]:
    if evidence.is_over:
        yield from _unbalanced(evidence.ledger)
        yield from _incomplete(evidence)
    for loss in evidence.losses:
        if evidence.is_over and not loss.healed:
            yield (
                f"worker {loss.worker} was lost ({_first_line(loss.how)}) and no other took over its share; "
                f"{loss.lost:,} iterations are lost"
            )
    yield from _load_not_held(evidence)
    yield from _start_lag(evidence)
    yield from _loop_lag(evidence.loop_lag_p99_ms)
    yield from _dropped(evidence.ledger)


def _unbalanced(ledger: Ledger) -> Iterator[str]:
    accounted = ledger.started + ledger.dropped + ledger.lost
    if ledger.planned != accounted:
        yield (
            f"the ledger does not balance: {ledger.planned:,} iterations were planned, but {accounted:,} were started, "
            "dropped or lost; this is a bug of Kilobar, please report it"
        )
    ended = ledger.ok + ledger.failed + ledger.in_flight
    if ledger.started != ended:
        yield (
            f"the ledger does not balance: {ledger.started:,} iterations were started, but {ended:,} succeeded, failed "
            "or were in flight; this is a bug of Kilobar, please report it"
        )


def _incomplete(evidence: Evidence) -> Iterator[str]:
    """Arrivals that two workers fired, or none. A run that was stopped may end a little later than it was told."""
    asked, planned = evidence.arrivals_asked, evidence.arrivals_planned
    if planned is not None and evidence.state == "finished" and abs(planned - asked) > max(asked * MAX_DROPPED, 1):
        yield (
            f"the books are not complete: {asked:,} arrivals were due, but the workers account for {planned:,}; "
            "commands reached them too late, or this is a bug of Kilobar"
        )


def _load_not_held(evidence: Evidence) -> Iterator[str]:
    asked, started = evidence.arrivals_asked, evidence.arrivals_started
    # One arrival more or less is no proof of anything in a short run.
    if abs(started - asked) > max(MAX_LOAD_ERROR * asked, 1):
        words = f"the load was not held within 1 %: {started:,} of {asked:,} planned iterations were started in time"
        if asked:
            words += f" ({started / asked:.1%})"
        if evidence.losses:
            words += f", {sum(loss.lost for loss in evidence.losses):,} were lost with {_workers(evidence.losses)}"
        elif evidence.ledger.dropped:
            words += f", {evidence.ledger.dropped:,} were dropped"
        else:
            words += "; the generator could not keep up: use more workers, a faster machine or a lower rate"
        yield words
    if evidence.lacks_users and not evidence.users_may_leave:
        yield (
            f"the load was not held within 1 %: {_users(evidence)}; use more workers, a faster machine or fewer users"
        )


def _start_lag(evidence: Evidence) -> Iterator[str]:
    lag_ms, median_ms = evidence.start_lag_p99_ms, evidence.median_response_ms
    if lag_ms > MAX_START_LAG_MS:
        yield (
            f"the generator could not keep up: start lag p99 {lag_ms:.1f} ms is above {MAX_START_LAG_MS:.0f} ms; "
            f"{_LAG_ADVICE}"
        )
    elif _is_late_for_fast(evidence, MAX_START_LAG_BY_PYTHON_MS if evidence.is_by_python else MAX_START_LAG_OF_FAST_MS):
        yield (
            f"the generator was too slow for such short response times: start lag p99 {lag_ms:.2f} ms is above a tenth "
            f"of the median response time of {median_ms:.2f} ms; {_LAG_ADVICE}"
        )


def _is_late_for_fast(evidence: Evidence, floor_ms: float) -> bool:
    """Without any success the median is that of failures, which is no time that anybody came to see."""
    lag_ms, median_ms = evidence.start_lag_p99_ms, evidence.median_response_ms
    has_success = evidence.requests > evidence.failed_requests
    return has_success and median_ms is not None and lag_ms > floor_ms and lag_ms > median_ms * MAX_START_LAG_OF_MEDIAN


def _loop_lag(lag_ms: float | None) -> Iterator[str]:
    if lag_ms is not None and lag_ms > MAX_LOOP_LAG_MS:
        yield (
            f"the generator could not keep up: loop lag p99 {lag_ms:.1f} ms is above {MAX_LOOP_LAG_MS:.0f} ms; "
            f"{_LAG_ADVICE}"
        )


def _dropped(ledger: Ledger) -> Iterator[str]:
    if ledger.dropped > ledger.planned * MAX_DROPPED:
        yield (
            f"{ledger.dropped:,} of {ledger.planned:,} planned iterations ({ledger.dropped / ledger.planned:.2%}) were "
            "dropped because max_in_flight was reached or no row was left for them, which is above 0.1 %; "
            "raise max_in_flight, add rows or lower the rate"
        )


def _reasons_for_failed(evidence: Evidence) -> Iterator[str]:
    ledger = evidence.ledger
    if not ledger.ok and evidence.requests and evidence.failed_requests == evidence.requests:
        # Also when no iteration has ended, or even begun: users may fail in what they do before.
        yield f"nothing succeeded: all {evidence.requests:,} requests failed ({_classes(evidence.errors)})"
    elif ledger.started and not ledger.ok and (ledger.failed or not evidence.requests):
        if ledger.failed:
            why = f": {evidence.first_failure}" if evidence.first_failure else ""
            yield f"nothing succeeded: all {ledger.failed:,} iterations that ended failed{why}"
        else:
            yield f"nothing succeeded: {ledger.started:,} iterations were started and no request ended"
    for threshold, result in evidence.thresholds:
        if not result.ok:
            measured = (
                "nothing was measured" if result.value is None else f"it is {_with_unit(threshold, result.value)}"
            )
            yield f"the threshold `{result.text}` does not hold: {measured}"


def _remarks(evidence: Evidence) -> Iterator[str]:
    if evidence.failed_requests and not evidence.judges_errors:
        share = evidence.failed_requests / evidence.requests
        yield (
            f"{evidence.failed_requests:,} of {evidence.requests:,} requests failed ({share:.2%}: "
            f"{_classes(evidence.errors)}) and no threshold judges that; add one such as `errors < 0.1%`"
        )
    unexplained = evidence.ledger.failed - evidence.failed_requests
    if unexplained > 0:
        yield (
            f"{unexplained:,} of {evidence.ledger.started:,} iterations failed in a step that is no request, such as "
            "`fail`, a loop without an end or a Python function"
            + (f" (the first: {evidence.first_failure})" if evidence.first_failure else "")
        )
    if evidence.lacks_users and evidence.users_may_leave:
        yield f"{_users(evidence)}, because others had left by themselves"
    lag_ms, median_ms = evidence.loop_lag_p99_ms, evidence.median_response_ms
    if lag_ms is not None and median_ms is not None and lag_ms > median_ms * NOTED_LOOP_LAG_OF_MEDIAN:
        yield (
            f"response times include up to {lag_ms:.3g} ms (loop lag p99) of the generator's own delay, more than a "
            f"tenth of their median of {median_ms:.3g} ms; use fewer users per worker or a quieter machine"
        )
    if evidence.is_by_python and _is_late_for_fast(evidence, MAX_START_LAG_OF_FAST_MS):
        yield (
            f"response times include up to {evidence.start_lag_p99_ms:.3g} ms (start lag p99) in which Python had not "
            f"begun yet, more than a tenth of their median of {median_ms:.3g} ms; service times do not"
        )
    for loss in evidence.losses:
        moved = "its share was taken over by the others" if loss.healed else "its share moves to the others"
        yield f"worker {loss.worker} was lost ({_first_line(loss.how)}) and {moved}; {loss.lost:,} iterations are lost"
    if evidence.state == "stopped":
        yield "the run was stopped before its end and is judged on what ran"


def _users(evidence: Evidence) -> str:
    users, active = evidence.mean_users_asked, evidence.mean_users_active
    return f"on average {active:,.1f} of {users:,.1f} users were active ({active / users:.1%})"


def _workers(losses: tuple[Loss, ...]) -> str:
    names = ", ".join(str(loss.worker) for loss in losses)
    return f"worker {names}" if len(losses) == 1 else f"workers {names}"


def _classes(errors: Mapping[str, int]) -> str:
    most_first = sorted(errors.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in most_first)


def _with_unit(threshold: Threshold, value: float) -> str:
    space = "" if threshold.unit.startswith("/") or not threshold.unit else " "
    return f"{value:.6g}{space}{threshold.unit}"


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
