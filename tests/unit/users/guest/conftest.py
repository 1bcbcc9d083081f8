"""A server on loopback and a place for locustfiles."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kilobar.target import TargetProcess


@pytest.fixture(scope="session")
def target() -> Iterator[TargetProcess]:
    with TargetProcess() as process:
        yield process


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_locustfile(text: str, name: str = "locustfile.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write_locustfile
