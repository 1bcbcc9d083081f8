"""What `kilobar doctor` says of a machine."""

import pytest

from kilobar.cli.main import execute
from kilobar.monitor.limits import Limit

FINE = Limit("cores", "8", True, "why not", "buy more")
LOW = Limit("open files", "1,024", False, "each connection is one", "ulimit -Hn 1048576")


@pytest.mark.parametrize(
    ("limits", "exit_code", "last"),
    [([FINE], 0, "all 1 limits are fine"), ([LOW, FINE, LOW], 1, "3 limits looked at, 2 of them low")],
)
def test_the_exit_code_tells_whether_a_limit_is_low(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    limits: list[Limit],
    exit_code: int,
    last: str,
) -> None:
    monkeypatch.setattr("kilobar.cli.doctor.limits", lambda: limits)
    assert execute(["doctor"]) == exit_code
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == last
    assert sum(line.startswith("LOW ") for line in lines) == limits.count(LOW)
    assert sum(LOW.lift in line for line in lines if LOW.lift) == limits.count(LOW)
    assert not any("buy more" in line for line in lines)
