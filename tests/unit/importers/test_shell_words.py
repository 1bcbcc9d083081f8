from pathlib import Path

import pytest

from kilobar.importers import ImportFailed
from kilobar.importers.shell_words import END, VARIABLE, commands_of
from kilobar.importers.source import Source


def words(text: str) -> list[list[str]]:
    commands = commands_of(Source("s.sh", Path(), text.encode()))
    return [[word.text.replace(VARIABLE, "<").replace(END, ">") for word in command] for command in commands]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b  c", [["a", "b", "c"]]),
        ("a\nb;c&&d|e", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("a \\\r\n  b\r\n", [["a", "b"]]),
        ("a # b\nc#d", [["a"], ["c#d"]]),
        ("'a b' \"c d\" e\\ f ''", [["a b", "c d", "e f", ""]]),
        ("'a'\\''b'", [["a'b"]]),
        ('"a\\"b\\\\c\\d\\$e"', [['a"b\\c\\d$e']]),
        ('"a\\\nb"', [["ab"]]),
        ("$'a\\n\\t\\'\\\\\\x41\\u00e9\\U0001F600\\101\\q'", [["a\n\t'\\Aé😀A\\q"]]),
        ("$'\\ud800'", [["\ufffd"]]),
        ("$A \"${B}c\" ${C:-x} '$D' $ $1", [["<A>", "<B>c", "<C>", "$D", "$", "$1"]]),
        ("a$(b (c) d)e `f g`", [["a<COMMAND_OUTPUT>e", "<COMMAND_OUTPUT>"]]),
        ("a 2>/dev/null >out b 2>&1", [["a", "b"]]),
        ("", []),
    ],
)
def test_words_are_those_of_a_shell(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('curl "a b" ^\n  -H "c: d" ^\n  e', [["curl", "a b", "-H", "c: d", "e"]]),
        ('curl ^"a^&b^" ^\n -d ^"^{^\\^"x^\\^":1^}^"', [["curl", "a&b", "-d", '{"x":1}']]),
        ('curl ^"a^\n\nb^"', [["curl", "a\nb"]]),
        ('curl ^"a""b^" & curl c', [["curl", 'a"b'], ["curl", "c"]]),
    ],
)
def test_words_are_those_of_cmd(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a\nb 'c", "2:3"),
        ("a\r\nb 'c", "2:3"),
        ('a "b', "1:3"),
        ("a $'b", "1:3"),
        ("a $(b", "1:3"),
        ("a `b", "1:3"),
        ('curl ^"a', "1:7"),
    ],
)
def test_what_is_not_closed_is_reported_where_it_began(text: str, position: str) -> None:
    with pytest.raises(ImportFailed) as caught:
        words(text)
    assert str(caught.value).startswith(f"s.sh:{position}: ")
