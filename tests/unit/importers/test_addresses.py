import pytest

from kilobar.importers.addresses import clean_address


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("/a b\tc", "/a%20b%09c"),
        ('/"<>\\^`|', "/%22%3C%3E%5C%5E%60%7C"),
        ("/a#b", "/a"),
        ("/a?b=%20&c", "/a?b=%20&c"),
        ("/${env.X:-a b#c}/d e", "/${env.X:-a b#c}/d%20e"),
        ("/${a}#b${c}", "/${a}"),
    ],
)
def test_what_may_not_stand_in_an_address_is_encoded_and_holes_are_kept(url: str, clean: str) -> None:
    assert clean_address(url) == clean
