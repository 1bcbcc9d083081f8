"""A scenario is a file or an address."""

from pathlib import Path

import pytest

from kilobar.cli.scenario_argument import check_argument
from kilobar.errors import InputError
from kilobar.scenario import Checked, Overrides
from kilobar.users.options import CodeOptions


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/a", "HTTP://127.0.0.1:1/a", "https://localhost/a", "http://127.0.0.1:1/users.py"]
)
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


def test_python_code_goes_to_those_who_understand_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    checked = Checked(None, ())

    def check_code(argument: str, overrides: Overrides | None, options: CodeOptions | None) -> Checked:
        asked.append((argument, overrides, options))
        return checked

    monkeypatch.setattr("kilobar.users.check.check_code", check_code)
    options = CodeOptions(("user=ann",))
    for argument in ("users.py", "users.py:Buyer", "tests/test_shop.py::test_buy[a]"):
        assert check_argument(argument, Overrides(users="5"), options) is checked
        assert asked.pop() == (argument, Overrides(users="5"), options)


@pytest.mark.parametrize(
    "options", [CodeOptions(("a=b",)), CodeOptions(tags=("a",)), CodeOptions(arguments=("b.yaml",))]
)
def test_options_of_code_are_refused_for_anything_else(options: CodeOptions) -> None:
    for scenario in ("shop.yaml", "http://127.0.0.1:1/"):
        with pytest.raises(InputError, match="is no Python file"):
            check_argument(scenario, None, options)
