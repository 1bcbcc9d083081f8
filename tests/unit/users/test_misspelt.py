from kilobar import Press, User, task
from kilobar.users.misspelt import misspelt


class Typist(Press):
    duraton = "1s"
    rate = "5/s"
    words = ("a",)
    wait = 0.2

    def vocabs(self) -> list[str]:
        return []

    def press(self, row: object) -> None:
        pass


class Shopper(User):
    wait = 1
    seen = 0

    @task
    def look(self) -> None:
        pass


def test_what_is_nearly_something_else_is_told() -> None:
    assert list(misspelt(Typist, "users.py:5")) == [
        "users.py:5: nobody looks at `duraton` of Typist: did you mean `duration`?",
        "users.py:5: nobody looks at `vocabs` of Typist: did you mean `vocab`?",
        "users.py:5: nobody looks at `wait` of Typist: only a User waits, a Press has a rate",
    ]


def test_names_of_ones_own_are_nobodys_business() -> None:
    assert list(misspelt(Shopper, "users.py:5")) == []
