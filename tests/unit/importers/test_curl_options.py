import pytest

from kilobar.importers.curl_options import parts_of
from kilobar.importers.shell_words import Word


def parse(command: str) -> list[tuple[list[tuple[str, str]], list[str]]]:
    words = [Word(text, 0) for text in command.split()]
    return [(part.given, part.urls) for part in parts_of(words)]


@pytest.mark.parametrize(
    ("command", "given", "urls"),
    [
        ("-sSXPOST u", [("silent", ""), ("show-error", ""), ("request", "POST")], ["u"]),
        ("-X POST u", [("request", "POST")], ["u"]),
        ("-da=1 u", [("data", "a=1")], ["u"]),
        ("--data=a=1 u", [("data", "a=1")], ["u"]),
        ("--url u -- -v", [], ["u", "-v"]),
        ("--compr u", [("compressed", "")], ["u"]),
        ("--retry 3 u", [("retry", "3")], ["u"]),
        ("--unheard u", [("unheard", "")], ["u"]),
        ("--no-keepalive u", [("no-keepalive", "")], ["u"]),
        ("-Y u", [("speed-limit", "u")], []),
        ("-d", [("data", "")], []),
    ],
)
def test_a_command_line_is_taken_apart_as_curl_does(
    command: str, given: list[tuple[str, str]], urls: list[str]
) -> None:
    assert parse(command) == [(given, urls)]


def test_next_begins_another_part() -> None:
    assert parse("-d a u --next v -: w") == [([("data", "a")], ["u"]), ([], ["v"]), ([], ["w"])]


def test_a_flag_can_be_switched_off_again() -> None:
    (part,) = parts_of([Word("--compressed", 0), Word("--no-compressed", 0)])
    assert not part.has("compressed")
    assert part.last("data") is None
