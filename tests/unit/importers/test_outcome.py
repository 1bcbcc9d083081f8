import pytest

from kilobar.errors import Place
from kilobar.importers.outcome import MAX_NOTES, Imported, ImportFailed, Note, Notes, join_path
from kilobar.model.scenario import Scenario, Think


def test_notes_know_where_the_walk_is() -> None:
    notes = Notes()
    with notes.at("item", 3), notes.at("request"):
        notes.add("not supported", "auth")
    notes.add("of the whole")
    assert notes.all() == (Note("item[3].request.auth", "not supported"), Note("", "of the whole"))
    assert [str(note) for note in notes.all()] == ["item[3].request.auth: not supported", "of the whole"]


def test_the_same_note_is_kept_once_and_too_many_are_counted() -> None:
    notes = Notes()
    for number in range(MAX_NOTES + 5):
        notes.add("again", number)
        notes.add("again", number)
    assert len(notes.all()) == MAX_NOTES + 1
    assert notes.all()[-1] == Note("", "10 more notes are not shown")


def test_notes_are_one_line_of_bounded_length() -> None:
    notes = Notes()
    notes.add("a\nb\x1b[0m" + "x" * 1000)
    (note,) = notes.all()
    assert note.message.isprintable()
    assert len(note.message) == 300


def test_the_innermost_place_of_an_error_is_remembered() -> None:
    notes = Notes()
    error = ValueError("x")

    def fail() -> None:
        with notes.at("item", 1), notes.at("url"):
            raise error

    with pytest.raises(ValueError, match="x"), notes.at("root"):
        fail()
    assert notes.failed_at(error) == "root.item[1].url"
    assert notes.failed_at(ValueError("another")) == ""


def test_a_path_is_written_like_code() -> None:
    assert join_path([]) == ""
    assert join_path([0, "a", 1, "b"]) == "[0].a[1].b"


def test_the_yaml_begins_with_the_notes() -> None:
    scenario = Scenario(steps=[Think(think="1s")])
    assert Imported(scenario, (), "har").to_yaml("a.har") == "# Imported from a.har (har).\nsteps:\n  - think: 1s\n"
    text = Imported(scenario, (Note("log", "x"),), "har").to_yaml("a.har")
    assert text.splitlines()[1:3] == ["# Not carried over as it was:", "# - log: x"]


def test_a_failure_is_a_diagnostic_with_its_place() -> None:
    failed = ImportFailed("it is bad", Place("a.har", 3, 4), hint="mend it")
    assert str(failed) == "a.har:3:4: error[import-failed]: it is bad\n  hint: mend it"
    assert failed.exit_code == 2
