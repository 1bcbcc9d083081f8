import contextlib
import io
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from kilobar.cli.live import LiveView, is_interactive, plain_line
from kilobar.cli.live_screen import HISTORY_S, LiveScreen
from kilobar.model.live import Live, Phase
from kilobar.model.summary import Event, Ledger, Percentiles, Point, SeriesSummary, Summary


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


TERMINAL = {"TERM": "xterm-256color"}
TIMES = Percentiles(count=500, mean=1.4, min=0.6, p50=1.2, p90=3.0, p95=4.0, p99=8.41, p99_9=12.0, max=20.0)
LAG = Percentiles(count=500, mean=0.1, min=0.1, p50=0.1, p90=0.1, p95=0.1, p99=0.061, p99_9=0.1, max=0.1)


def _summary(errors: dict[str, int] | None = None, events: tuple[Event, ...] = ()) -> Summary:
    errors = errors or {}
    total = SeriesSummary("all", "http", 6000, sum(errors.values()), errors, 498.7, TIMES, TIMES, {}, 0, 0)
    return Summary(
        kilobar="0.1.0",
        run_id="r",
        name="shop",
        started_at="2026-11-20T18:31:07Z",
        duration_s=30.0,
        state="finished",
        workers=2,
        outcome="passed",
        reasons=(),
        ledger=Ledger(planned=6000, started=6000, ok=5997, in_flight=3),
        asked_rate_per_s=500.0,
        achieved_rate_per_s=498.7,
        asked_users=None,
        start_lag_ms=LAG,
        series=(),
        total=total,
        flows=(),
        thresholds=(),
        generator_cpu_s=1.0,
        loop_lag_ms=LAG,
        rss_bytes=1,
        connections={},
        events=events,
    )


def _point(second: int) -> Point:
    return Point(
        start_s=float(second),
        duration_s=1.0,
        asked_rate_per_s=500.0,
        asked_users=None,
        started=499,
        ok=499,
        failed=0,
        dropped=0,
        lost=0,
        in_flight=3,
        active_users=0,
        requests=499,
        errors={},
        response_ms=TIMES,
        service_ms=TIMES,
        start_lag_ms=LAG,
        loop_lag_ms=LAG,
        cpu_cores=0.25,
        rss_bytes=1,
        connections_open=3,
        bytes_in=1,
        bytes_out=1,
        degraded=False,
    )


def live(elapsed_s: float, phase: Phase = "running", summary: Summary | None = None, **changes: object) -> Live:
    point = replace(_point(int(elapsed_s) - 1), **changes) if elapsed_s >= 1 else None  # type: ignore[arg-type]
    return Live(phase, elapsed_s, 30.0, 12.5 if phase == "draining" else None, 1.0, 2, summary or _summary(), point)


def test_a_plain_line_is_stable_and_every_number_has_its_unit() -> None:
    assert plain_line(live(12.0)) == ("  12.0s  500/s asked  499/s  p50 1.20ms p99 8.41ms  errors 0  in flight 3")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (live(2.0, asked_rate_per_s=None, asked_users=50), "50 users asked"),
        (live(2.0, asked_users=50), "500/s + 50 users asked"),
        (live(2.0, response_ms=Percentiles()), "p50 - p99 -"),
        (live(2.0, degraded=True), "in flight 3  degraded"),
        (live(2.0, summary=_summary({"status": 7})), "errors 7  "),
        (live(0.5), "   0.5s  running"),
    ],
)
def test_a_plain_line_says_what_is_special(moment: Live, expected: str) -> None:
    assert expected in plain_line(moment)


def test_plain_lines_come_every_second_first_and_every_five_later() -> None:
    out = io.StringIO()
    with LiveView(out, environ={}) as view:
        for tick in range(1, 220):
            view.show(live(tick / 10))
    seconds = [float(line.split("s")[0]) for line in out.getvalue().splitlines()]
    assert seconds == [1, 2, 3, 4, 5, 10, 15, 20]


def test_draining_and_events_are_told_once_and_at_once() -> None:
    out = io.StringIO()
    hurt = _summary(events=(Event(6.5, "worker 1 was\nlost"),))
    with LiveView(out, environ={}) as view:
        for moment in (live(6.1), live(6.7, summary=hurt), live(6.9, summary=hurt)):
            view.show(moment)
        for second in (30.0, 31.0):
            view.show(live(second, "draining", hurt))
    assert out.getvalue().splitlines()[1:] == [
        "   6.5s  event: worker 1 was lost",
        "  30.0s  draining: 3 iterations in flight, up to 12.5 s left",
    ]


@pytest.mark.parametrize(
    ("stream", "environ", "expected"),
    [
        (Terminal(), TERMINAL, True),
        (Terminal(), TERMINAL | {"CI": "true"}, False),
        (Terminal(), TERMINAL | {"CI": "false"}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {}, False),
        (io.StringIO(), TERMINAL, False),
    ],
)
def test_a_picture_is_drawn_only_for_a_person_at_a_terminal(
    stream: io.StringIO, environ: dict[str, str], expected: bool
) -> None:
    assert is_interactive(stream, environ) is expected


def drawn(*moments: Live, width: int = 80) -> str:
    """What stands on the screen after the last moment, without control characters."""
    out = Terminal()
    console = Console(file=out, force_terminal=True, color_system=None, width=width, height=40, _environ=TERMINAL)
    screen = LiveScreen(out, console)
    for moment in moments[:-1]:
        screen.show(moment)
    out.seek(0)
    out.truncate()
    screen.show(moments[-1])
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()).replace("\r", "\n")
    screen.close()
    return text


def test_the_screen_shows_load_latencies_errors_and_keys() -> None:
    hurt = _summary({"status": 12, "reset": 3})
    text = drawn(*(live(float(second), summary=hurt) for second in range(1, 13)))
    for expected in ("shop", "0:12 of 0:30, 0:18 left", "499/s", "500/s asked", "1.20 ms", "8.41 ms", "last second",
                     "so far", "15 failed (0.25 %)", "12 status, 3 reset", "3 in flight", "61.0 µs", "2 of 2 workers",
                     "+ more load", "████████████"):  # fmt: skip
        assert expected in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_screen_says_when_the_load_was_changed_a_worker_lost_and_the_run_drains() -> None:
    assert "changed by hand to 110%" in drawn(replace(live(3.0), scale=1.1))
    degraded = drawn(replace(live(3.0, degraded=True), workers_alive=1))
    assert "1 of 2 workers" in degraded
    assert "Degraded" in degraded
    draining = drawn(live(30.0, "draining"))
    assert "Draining: 3 iterations in flight, up to 12.5 s left" in draining
    assert "Ctrl-C stops at once" in draining
    assert "worker 1 joined" in drawn(live(3.0, summary=_summary(events=(Event(2.0, "worker 1 joined"),))))


def test_the_screen_shows_users_of_a_closed_load() -> None:
    text = drawn(live(3.0, asked_rate_per_s=None, asked_users=50, active_users=49))
    assert "50 users asked" in text
    assert "49 users active" in text


def test_the_screen_works_before_anything_was_measured() -> None:
    nothing = Live("starting", 0.0, 0.0, None, 1.0, 0, _summary(), None)
    assert "starting" in drawn(nothing)


def test_the_curves_forget_what_is_older_than_a_minute_and_count_no_second_twice() -> None:
    moments = [live(float(second)) for second in range(1, 100) for _ in range(2)]
    text = drawn(*moments, width=140)
    assert text.count("█") == 2 * HISTORY_S


def test_the_terminal_is_given_back_as_it_was() -> None:
    out = Terminal()
    with contextlib.suppress(KeyboardInterrupt), LiveView(out, environ=TERMINAL) as view:
        view.show(live(1.0))
        raise KeyboardInterrupt
    assert "\x1b[?25l" in out.getvalue()
    assert out.getvalue().rindex("\x1b[?25h") > out.getvalue().rindex("\x1b[?25l")


def test_plain_lines_do_not_pay_for_rich() -> None:
    code = "import sys, kilobar.cli.live as l, io; l.LiveView(io.StringIO()); sys.exit('rich' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode
        == 0
    )
