"""One target for all tests of this folder, with its counters at zero at the start of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .user_code import UserCode

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def one_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TargetProcess]:
    ca_file = tmp_path_factory.mktemp("target") / "ca.pem"
    with TargetProcess({"tls_port": 0, "ca_file": str(ca_file), "shop_delay": "0"}) as target:
        yield target


@pytest.fixture
def target(one_target: TargetProcess) -> TargetProcess:
    one_target.command("/_target/reset")
    return one_target


@pytest.fixture
def json_file(tmp_path: Path) -> Path:
    return tmp_path / "summary.json"


@pytest.fixture
def scenario(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a scenario file."""

    def write(text: str) -> Path:
        path = tmp_path / "scenario.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def code(tmp_path: Path) -> UserCode:
    """Where a test writes users in Python."""
    return UserCode(tmp_path)
