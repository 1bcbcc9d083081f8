"""A scenario is a file or an address."""

from pathlib import Path

import pytest

from kilobar.cli.scenario_argument import check_argument
from kilobar.errors import InputError
from kilobar.scenario import Overrides


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/a", "HTTP://127.0.0.1:1/a", "https://localhost/a"])
def test_an_address_is_a_scenario_that_gets_it(address: str) -> None:
    plan = check_argument(address, Overrides(rate="10/s", duration="1s")).require()
    assert [len(flow.steps) for flow in plan.flows] == [1]
    assert plan.duration_ns == 1_000_000_000


def test_everything_else_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "httpd.yaml"
    file.write_text("target: http://127.0.0.1:1\nsteps: [get: /]\nload: {users: 1, for: 1s}\n")
    assert check_argument(str(file)).require().name == "httpd"


def test_a_file_that_is_not_there_is_bad_input() -> None:
    with pytest.raises(InputError, match="cannot-read"):
        check_argument("nowhere/at/all.yaml").require()
