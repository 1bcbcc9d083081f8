import json

import pytest

from kilobar.embedding.messages import line, read_diagnostic, read_error, written_diagnostic, written_error
from kilobar.errors import Diagnostic, FleetError, InputError, KilobarError, OutputError, Place, ScenarioError
from kilobar.scenario.findings import option_place


def sent(error: KilobarError) -> KilobarError:
    return read_error(json.loads(json.dumps(written_error(error))))


@pytest.mark.parametrize(
    "error",
    [
        InputError("bad", code="output", hint="mend it"),
        OutputError("cannot write x"),
        FleetError("no workers", hint="use fewer"),
        KilobarError("broken"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_keeps_its_class_its_code_and_its_words(error: KilobarError) -> None:
    again = sent(error)
    assert type(again) is type(error)
    assert (str(again), again.code, again.exit_code) == (str(error), error.code, error.exit_code)


def test_an_error_of_an_unknown_class_gets_the_nearest_one_above() -> None:
    class NoSuchUserError(InputError):
        code = "no-such-user"

    again = sent(NoSuchUserError("who?"))
    assert type(again) is InputError
    assert str(again) == "error[no-such-user]: who?"


def test_a_bad_scenario_keeps_all_its_diagnostics() -> None:
    error = ScenarioError(
        (
            Diagnostic("unknown-key", "no key `gett`", Place("shop.yaml", 3, 5), "did you mean `get`?"),
            Diagnostic("bad-rate", "`12` is not a rate", option_place("--rate")),
            Diagnostic("no-load", "there is no load", None, None, "warning"),
        )
    )
    again = sent(error)
    assert isinstance(again, ScenarioError)
    assert again.diagnostics[0] == error.diagnostics[0]
    assert str(again) == str(error)
    assert type(again.diagnostics[1].place) is type(error.diagnostics[1].place)


def test_a_diagnostic_survives_the_way() -> None:
    diagnostic = Diagnostic("no-load", "there is no load", Place("a.yaml", 1, 2), severity="warning")
    assert read_diagnostic(json.loads(json.dumps(written_diagnostic(diagnostic)))) == diagnostic


def test_a_message_is_one_line_whatever_is_in_it() -> None:
    data = line({"is": "error", "text": "two\nlines \udcff"})
    assert data.count(b"\n") == 1
    assert data.endswith(b"\n")
    assert json.loads(data)["text"] == "two\nlines \udcff"
