"""Statements of scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.javascript import MAX_DEPTH, parse
from kilobar.importers.javascript_tree import (
    Binary,
    Call,
    Composed,
    Declare,
    Do,
    Function,
    If,
    Index,
    Literal,
    Member,
    Name,
    Opaque,
    Return,
    Try,
    Unary,
)

_MARKS = "a b . ?. ( ) [ ] { } ; , => = == === + - ++ -- ! && || ?? ? : ... 1 'x' `x${a}` /r/g"
_WORDS = "if else for const let function return try catch new typeof async await in of true null pm.test"
FRAGMENTS = [*_MARKS.split(), *_WORDS.split(), "\n"]


def only(text: str) -> object:
    (statement,) = parse(text)
    assert isinstance(statement, Do)
    return statement.expression


def test_operators_bind_as_in_javascript() -> None:
    assert only("a + b * 2 === c && d") == Binary(
        Binary(
            Binary(Name("a", 1), "+", Binary(Name("b", 1), "*", Literal(2, 1), 1), 1), "===", Name("c", 1), 1
        ),
        "&&",
        Name("d", 1),
        1,
    )  # fmt: skip


def test_members_and_indexes_differ_by_what_stands_in_the_brackets() -> None:
    assert only("a['b c'].d[0]") == Index(Member(Member(Name("a", 1), "b c", 1), "d", 1), Literal(0, 1), 1)


def test_chains_go_on_over_lines() -> None:
    assert only("a\n  .b()\n  ?.c") == Member(Call(Member(Name("a", 1), "b", 2), (), 2), "c", 3)


def test_arrows_and_functions_have_bodies() -> None:
    assert only("f(x => 1)") == Call(Name("f", 1), (Function(("x",), (Return(Literal(1, 1), 1),), 1),), 1)
    assert only("f(async function g(a, b) { h() })") == Call(
        Name("f", 1), (Function(("a", "b"), (Do(Call(Name("h", 1), (), 1), 1),), 1),), 1
    )


def test_destructuring_declares_each_name() -> None:
    assert parse("const {a, b: c} = d, e") == (
        Declare("a", Member(Name("d", 1), "a", 1), 1),
        Declare("c", Member(Name("d", 1), "b", 1), 1),
        Declare("e", Name("undefined", 1), 1),
    )


def test_template_texts_hold_expressions() -> None:
    assert only("`a${b.c}`") == Composed(("a", Member(Name("b", 1), "c", 1)), 1)


def test_if_keeps_both_branches_and_its_last_line() -> None:
    (statement,) = parse("if (a) {\n b\n} else if (c)\n d")
    assert isinstance(statement, If)
    assert (len(statement.then), len(statement.otherwise), statement.last_line) == (1, 1, 4)


def test_try_keeps_what_is_tried_and_caught() -> None:
    (statement,) = parse("try { a } catch (e) { b } finally { c }")
    assert isinstance(statement, Try)
    assert (len(statement.body), len(statement.rest)) == (2, 1)


@pytest.mark.parametrize("loop", ["for (const a of b) {\n c()\n}", "while (a)\n{ b }", "class A { b() {} }",
                                  "function f() { return {} }"])  # fmt: skip
def test_what_is_not_understood_is_skipped_as_a_whole(loop: str) -> None:
    statements = parse(f"{loop}\nlast()")
    assert isinstance(statements[0], Opaque)
    assert [type(statement) for statement in statements[1:]] == [Do]


def test_an_error_of_syntax_loses_one_statement() -> None:
    first, second = parse("a b c;\nd()")
    assert first == Opaque("not understood: unexpected 'b'", 1, 1)
    assert isinstance(second, Do)


def test_an_error_inside_a_function_loses_one_statement_of_it() -> None:
    call = only("f(() => {\n a b\n c()\n})")
    assert isinstance(call, Call)
    (function,) = call.arguments
    assert isinstance(function, Function)
    assert [type(statement) for statement in function.body] == [Opaque, Do]


def test_nesting_is_bounded() -> None:
    (statement,) = parse("(" * 10_000 + "1" + ")" * 10_000)
    assert isinstance(statement, Opaque)
    assert str(MAX_DEPTH) in statement.what


@given(st.text(alphabet="abpm. ()[]{};,'\"`$=!&|?:+-/\\\n10ifelsvarn>", max_size=120))
def test_any_text_gives_statements(text: str) -> None:
    assert isinstance(parse(text), tuple)


def test_a_counter_is_a_statement_of_its_own() -> None:
    assert only("count++;") == Unary("++", Name("count", 1), 1)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25))
def test_any_words_give_statements(words: list[str]) -> None:
    assert isinstance(parse(" ".join(words)), tuple)
