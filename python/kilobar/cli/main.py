"""The command line: which commands there are, and how an error becomes words and an exit code.

Exit codes: 0 passed, 1 failed, 2 bad input, 3 invalid measurement, 4 internal error, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from kilobar import __version__
from kilobar.cli.calibrate import calibrate
from kilobar.cli.check import check
from kilobar.cli.demo import demo
from kilobar.cli.doctor import doctor
from kilobar.cli.run import run
from kilobar.cli.target import target
from kilobar.cli.try_scenario import try_scenario
from kilobar.errors import KilobarError

EXIT_INTERNAL = 4
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="kilobar",
    help="Load testing that holds the load you asked for and tells the truth about it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run)
app.command()(check)
app.command("try")(try_scenario)
app.command()(target)
app.command()(demo)
app.command()(calibrate)
app.command()(doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"kilobar {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Load testing that holds the load you asked for and tells the truth about it."""


def execute(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code. Known errors are printed, unknown ones too, with what to report."""
    try:
        code = app(args=list(arguments), standalone_mode=False)
    except KilobarError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except typer.Exit as exit_:
        return int(exit_.exit_code)
    except typer.Abort:
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_INTERRUPTED
    except Exception as error:
        return _explain_other(error)
    return code if isinstance(code, int) else 0


def _explain_other(error: Exception) -> int:
    usage = getattr(error, "show", None)
    if usage is not None and hasattr(error, "exit_code"):
        usage()
        return int(error.exit_code)
    import traceback

    traceback.print_exc()
    print("error[internal]: this is a bug in Kilobar; please report it with the lines above", file=sys.stderr)
    return EXIT_INTERNAL
