"""Words of scripts."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.javascript_tokens import MAX_CHARACTERS, Hole, NotJavaScriptError, tokens_of


def words(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens_of(text)[:-1]]


def test_comments_and_space_are_skipped_and_lines_counted() -> None:
    tokens = tokens_of("a // b\n/* c\n d */ e\n")
    assert [(token.text, token.line, token.after_break) for token in tokens] == [
        ("a", 1, True), ("e", 3, True), ("", 4, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (r"'it\'s'", "it's"),
        (r'"a\nb\u0041\x42\u{43}"', "a\nbABC"),
        (r"'\ud800'", "\ufffd"),
        ("'a\\\nb'", "ab"),
        ("''", ""),
    ],
)
def test_escapes_of_texts_are_replaced(source: str, value: str) -> None:
    assert words(source) == [("text", value)]


def test_a_slash_divides_behind_an_operand_and_opens_a_regular_expression_elsewhere() -> None:
    assert words("a / b / c")[1] == ("mark", "/")
    tokens = tokens_of(r"x = /a\/[/]/gi")
    assert (tokens[2].kind, tokens[2].text, tokens[2].flags) == ("regex", r"a\/[/]", "gi")


def test_holes_of_template_texts_keep_nested_braces_and_quotes() -> None:
    (token, _) = tokens_of("`a${f({b: '}'})}c`")
    assert token.pieces == ("a", Hole("f({b: '}'})", 1), "c")


@pytest.mark.parametrize("source", ["'open", "`open", "`${open`", "'a\nb'", "§ \\"])
def test_what_is_not_javascript_is_said_with_its_line(source: str) -> None:
    with pytest.raises(NotJavaScriptError) as caught:
        tokens_of("\n" + source)
    assert caught.value.line == 2


def test_a_script_that_is_too_long_is_refused() -> None:
    with pytest.raises(NotJavaScriptError, match="longer than"):
        tokens_of(" " * (MAX_CHARACTERS + 1))


@given(st.text(max_size=200))
def test_any_text_gives_tokens_or_a_problem(text: str) -> None:
    with contextlib.suppress(NotJavaScriptError):
        assert tokens_of(text)[-1].kind == "end"
