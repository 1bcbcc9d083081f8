"""What the native engine says of expressions, before a run."""

from collections.abc import Callable

import pytest

from kilobar import _native

Check = Callable[[str], tuple[int, str] | None]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (_native.check_json_path, "$.items[?@.price < 10 && @.name =~ /^a/i].id"),
        (_native.check_xpath, "//soap:Body/Price[. > 3]/@id"),
        (_native.check_css, "form > input[name=token]"),
        (_native.check_regex, r'token="([^"]+)"'),
    ],
)
def test_a_valid_expression_has_no_problem(check: Check, text: str) -> None:
    assert check(text) is None


@pytest.mark.parametrize(
    ("check", "text", "offset", "words"),
    [
        (_native.check_json_path, "$.é[?@.a = 1]", 9, "expected ']'"),
        (_native.check_xpath, "//é[", 4, "expected a name"),
        (_native.check_css, "é:hover", 1, "':hover' is not supported"),
        (_native.check_regex, "é(?=x)", 1, "look-around is not supported"),
    ],
)
def test_a_wrong_expression_has_its_place_in_characters_and_words(
    check: Check, text: str, offset: int, words: str
) -> None:
    problem = check(text)
    assert problem is not None
    place, message = problem
    assert place == offset
    assert words in message


def test_the_first_value_at_a_path_is_returned_as_it_stands() -> None:
    assert _native.json_path_value("$[*].id", b'[{"id": 1.50}, {"id": 2}]') == "1.50"
    assert _native.json_path_value("$..none", b"[]") is None
    with pytest.raises(ValueError, match="not JSON at line 1"):
        _native.json_path_value("$..a", b"<p>")
