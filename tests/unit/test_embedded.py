import subprocess
import sys

import pytest

import kilobar
from kilobar import embedded


def test_the_names_of_the_package_are_those_of_embedded() -> None:
    for name in ("run", "run_async", "start", "start_async"):
        assert getattr(kilobar, name) is getattr(embedded, name)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'kilobar' has no attribute 'runn'"):
        kilobar.runn  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_or_starting_nothing_costs_a_program_nothing() -> None:
    code = (
        "import sys, kilobar; first = set(sys.modules); kilobar.run;"
        "print('kilobar.embedded' in first, *sorted({'asyncio', 'subprocess'} & first),"
        "      *sorted({'click', 'rich', 'yaml', 'kilobar._native', 'kilobar.cli'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_each_function_names_itself_when_an_option_is_wrong() -> None:
    with pytest.raises(TypeError, match=r"^run\(\)"):
        kilobar.run("shop.yaml", rat=5)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^start\(\)"):
        kilobar.start("shop.yaml", rat=5)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^start_async\(\)"):
        kilobar.start_async("shop.yaml", rat=5)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^run_async\(\)"):
        kilobar.run_async("shop.yaml", rat=5).send(None)  # type: ignore[call-arg]
