from kilobar.importers import Notes
from kilobar.importers.headers import has_header, step_headers


def test_headers_of_the_connection_and_lengths_are_left_out() -> None:
    pairs = [(":method", "GET"), ("Content-Length", "3"), ("Connection", "close"), ("Accept", " a ")]
    notes = Notes()
    assert step_headers(pairs, notes) == {"Accept": "a"}
    assert notes.all() == ()


def test_a_header_that_occurs_twice_is_sent_as_one_and_noted() -> None:
    notes = Notes()
    found = step_headers([("Accept", "a"), ("accept", "b"), ("Cookie", "c=1"), ("cookie", "d=2")], notes, "headers")
    assert found == {"Accept": "a, b", "Cookie": "c=1; d=2"}
    assert [note.path for note in notes.all()] == ["headers", "headers"]


def test_what_is_no_header_is_left_out_or_mended_and_noted() -> None:
    notes = Notes()
    assert step_headers([("a b", "x"), ("", "y"), ("c", "1\r\n2")], notes) == {"c": "1 2"}
    assert len(notes.all()) == 3


def test_a_header_is_found_whatever_its_case() -> None:
    assert has_header({"Content-Type": ""}, "content-type")
    assert not has_header([], "content-type")
