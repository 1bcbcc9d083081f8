from kilobar.importers import Notes
from kilobar.importers.load import default_load
from kilobar.model.scenario import Users


def test_one_user_for_30_s_and_a_note() -> None:
    notes = Notes()
    assert default_load(notes) == [Users(users=1, for_="30s")]
    assert len(notes.all()) == 1
