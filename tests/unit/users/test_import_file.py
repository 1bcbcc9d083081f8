"""A file of user code is imported as Python would have started it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.users.import_file import import_file


def test_the_module_is_registered_under_its_own_name_and_forgotten_when_it_fails(tmp_path: Path) -> None:
    file = tmp_path / "some_users_of_ours.py"
    file.write_text("import sys\nme = sys.modules[__name__]\n")
    found = import_file(str(file))
    assert found.me is found
    assert sys.modules.pop("some_users_of_ours") is found
    file.write_text("import sys\nsys.exit(1)\n")
    with pytest.raises(InputError, match=r"importing .* failed: sys.exit\(1\) was called"):
        import_file(str(file))
    assert "some_users_of_ours" not in sys.modules


def test_a_file_with_the_name_of_a_module_that_is_there_does_not_replace_it(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("mine = True")
    assert import_file(str(tmp_path / "json.py")).mine
    assert sys.modules["json"] is json
    del sys.modules["json_"]


def test_a_process_that_enters_code_stands_in_its_root_with_its_directory_first(tmp_path: Path) -> None:
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "users.py").write_text("")
    script = (
        "import os, sys; from kilobar.users.import_file import enter\n"
        "enter(sys.argv[1], 'load/users.py'); print(os.getcwd(), *sys.path[:2], *sys.argv, sep='|')"
    )
    output = subprocess.check_output([sys.executable, "-c", script, str(tmp_path)], text=True)
    assert output == "|".join([str(tmp_path), os.path.join(tmp_path, "load"), str(tmp_path), "load/users.py\n"])
