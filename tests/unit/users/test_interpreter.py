"""The interpreter in which user code runs is an ordinary one."""

import os
import subprocess
import sys
from pathlib import Path

from kilobar.users.interpreter import interpreter_argv


def test_the_module_is_called_with_its_arguments_and_leaves_no_trace_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "probe_of_path.py").write_text(
        "import sys, kilobar, yaml\ndef main(): print(sys.argv[1:], kilobar.__file__, '' in sys.path)\n"
    )
    # As an installed package: Kilobar is found although nothing in the environment leads to it.
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    argv = interpreter_argv("probe_of_path", "a", "b")
    output = subprocess.check_output(argv, text=True, env=environment, cwd=tmp_path)
    import kilobar

    assert output == f"['a', 'b'] {kilobar.__file__} False\n"
    assert argv[0] == sys.executable
