"""The command line: which commands there are, and how an error becomes words and an exit code.

Exit codes: 0 passed, 1 failed, 2 bad input, 3 invalid measurement, 4 internal error, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from kilobar import __version__
from kilobar.cli import exit_codes
from kilobar.errors import KilobarError

COMMANDS = {
    "run": "kilobar.cli.run:run",
    "check": "kilobar.cli.check:check",
    "try": "kilobar.cli.try_scenario:try_scenario",
    "import": "kilobar.cli.import_file:import_command",
    "target": "kilobar.cli.target:target",
    "demo": "kilobar.cli.demo:demo",
    "calibrate": "kilobar.cli.calibrate:calibrate",
    "doctor": "kilobar.cli.doctor:doctor",
}
"""In the order of `--help`. A command is imported when it is used: starting one must not pay for the others."""


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="kilobar %(version)s")
def app() -> None:
    """Load testing that holds the load you asked for and tells the truth about it."""


def execute(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code. Known errors are printed, unknown ones too, with what to report."""
    try:
        code = app(args=list(arguments), prog_name="kilobar", standalone_mode=False)
    except KilobarError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        return exit_codes.INTERRUPTED
    except Exception:
        import traceback

        traceback.print_exc()
        print("error[internal]: this is a bug in Kilobar; please report it with the lines above", file=sys.stderr)
        return exit_codes.INTERNAL
    return code if isinstance(code, int) else 0
