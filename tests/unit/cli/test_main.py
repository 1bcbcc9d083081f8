"""How the end of a command becomes words and an exit code."""

from collections.abc import Callable

import click
import pytest

from kilobar.cli import main
from kilobar.errors import FleetError, InputError, OutputError


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """Executes `kilobar doctor` with another body."""

    def execute(body: Callable[[], object]) -> int:
        stand_in = click.Command("doctor", callback=body)
        monkeypatch.setattr("kilobar.cli.doctor.doctor", stand_in)
        return main.execute(["doctor"])

    return execute


def raising(error: BaseException) -> Callable[[], object]:
    def body() -> object:
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "exit_code", "words"),
    [
        (InputError("no such thing", hint="try another"), 2, "error[bad-input]: no such thing\n  hint: try another\n"),
        (InputError("two of them", code="output"), 2, "error[output]: two of them\n"),
        (OutputError("cannot write"), 4, "error[cannot-write]: cannot write\n"),
        (FleetError("no workers"), 4, "error[fleet]: no workers\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.Abort(), 130, "interrupted\n"),
        (BrokenPipeError(), 130, ""),
    ],
)
def test_an_error_has_its_exit_code_and_its_words(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    exit_code: int,
    words: str,
) -> None:
    assert command(raising(error)) == exit_code
    out, err = capsys.readouterr()
    assert err.lstrip() == words
    assert out == ""


def test_an_error_that_nobody_expected_is_called_a_bug_and_shows_where(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(raising(ZeroDivisionError("of what?"))) == 4
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "of what?" in err
    assert err.rstrip().endswith("please report it with the lines above")


@pytest.mark.parametrize(("returned", "exit_code"), [(0, 0), (1, 1), (3, 3), (130, 130), (None, 0)])
def test_what_a_command_returns_is_the_exit_code(command: Callable[..., int], returned: object, exit_code: int) -> None:
    assert command(lambda: returned) == exit_code


@pytest.mark.parametrize("arguments", [["nonsense"], ["run"], ["run", "x.yaml", "--nonsense"], ["run", "--seed", "x"]])
def test_a_command_line_that_cannot_be_understood_has_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main.execute(arguments) == 2
    assert "Usage: kilobar" in capsys.readouterr().err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.execute(["--version"]) == 0
    assert capsys.readouterr().out.startswith("kilobar ")


def test_every_command_can_be_imported_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name in main.COMMANDS:
        assert main.execute([name, "--help"]) == 0
        assert f"Usage: kilobar {name}" in capsys.readouterr().out


def test_help_lists_the_commands_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.execute(["--help"]) == 0
    out = capsys.readouterr().out
    places = [out.index(f"\n  {name}") for name in main.COMMANDS]
    assert places == sorted(places)
