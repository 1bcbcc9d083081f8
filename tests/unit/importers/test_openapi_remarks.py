from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.outcome import Notes


def test_everything_is_said_once() -> None:
    notes, remarks = Notes(), Remarks()
    for _ in range(3):
        remarks.once("a")
        remarks.count("b", 2)
        remarks.count("c", 0)
    remarks.say(notes)
    assert [str(note) for note in notes.all()] == ["a", "b (6)"]
