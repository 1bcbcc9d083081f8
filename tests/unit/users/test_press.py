import subprocess
import sys

import pytest

import kilobar
from kilobar import Press


def test_a_press_that_is_called_without_being_written_says_so() -> None:
    with pytest.raises(NotImplementedError, match=r"Press has no press\(\)"):
        Press().press(None)


def test_everything_that_people_import_is_there_by_name() -> None:
    for name in kilobar._HOMES:
        assert getattr(kilobar, name).__name__ == name
        assert name in dir(kilobar)
    with pytest.raises(AttributeError, match="has no attribute 'Pres'"):
        kilobar.Pres  # noqa: B018


def test_importing_kilobar_imports_nothing_of_users_and_press_no_event_loop() -> None:
    program = (
        "import sys, kilobar; assert not [name for name in sys.modules if name.startswith('kilobar.')]; "
        "from kilobar import Press, User; assert not {'asyncio', 'uvloop', 'yaml', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
