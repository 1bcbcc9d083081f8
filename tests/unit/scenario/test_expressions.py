"""The form of holes: what can be read, and where what cannot be read is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.scenario.expressions import (
    MAX_HOLES,
    MAX_NESTING,
    Call,
    Environment,
    ExpressionError,
    Hole,
    Join,
    Literal,
    PythonCall,
    Reference,
    parse_text,
)


def expression(text: str) -> object:
    (hole,) = parse_text(text)
    assert isinstance(hole, Hole)
    return hole.expression


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${id}", Reference("id", (), 0)),
        ("${ id }", Reference("id", (), 0)),
        ("${item.price[0].x}", Reference("item", ("price", 0, "x"), 0)),
        ("${item['first name'][-1]}", Reference("item", ("first name", -1), 0)),
        ("${url.path}", Reference("url", ("path",), 0)),
        ("${env.X}", Environment("X", None, 0)),
        ("${env.X:-}", Environment("X", Literal(""), 0)),
        ("${env.X:-it's, {a)}", Environment("X", Literal("it's, {a)"), 0)),
        (
            "${env.X:-${env.Y:-z}}",
            Environment("X", Join((Environment("Y", Literal("z"), 9),)), 0),
        ),
        ("${uuid()}", Call("uuid", (), 0)),
        ("${random.int( -1 , 20 )}", Call("random.int", (Literal("-1", "int"), Literal("20", "int")), 0)),
        ("${f(1.5, true)}", Call("f", (Literal("1.5", "float"), Literal("true", "bool")), 0)),
        ("${f(null, a.b)}", Call("f", (Literal("null", "null"), Reference("a", ("b",), 10)), 0)),
        ("${f('a}b', \"${x}\")}", Call("f", (Literal("a}b"), Join((Reference("x", (), 12),))), 0)),
        ("${f(${x}, g(env.K))}", Call("f", (Reference("x", (), 4), Call("g", (Environment("K", None, 12),), 10)), 0)),
        (
            """${f('{"at": ${now("unix")}}')}""",
            Call("f", (Join((Literal('{"at": '), Call("now", (Literal("unix"),), 12), Literal("}"))),), 0),
        ),
        (r"""${f("a\"b\\\n\d$${x}")}""", Call("f", (Literal('a"b\\\n\\d${x}'),), 0)),
        ("${py.shop.data.order(7)}", PythonCall("shop.data.order", (Literal("7", "int"),), 0)),
    ],
)  # fmt: skip
def test_a_hole_is_read(text: str, expected: object) -> None:
    assert expression(text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain $ text }", ["plain $ text }"]),
        ("$${a}", ["${a}"]),
        ("$$${a}", ["$${a}"]),
        ("a${b}c", ["a", Hole(Reference("b", (), 1), 1), "c"]),
        ("${a}${b}", [Hole(Reference("a", (), 0), 0), Hole(Reference("b", (), 4), 4)]),
    ],
)
def test_text_around_holes_stays(text: str, parts: list[object]) -> None:
    assert list(parse_text(text)) == parts


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("ab${x", 2, "not closed by a `}`"),
        ("ab${", 2, "not closed by a `}`"),
        ("${}", 0, "cannot be understood"),
        ("x${a b}", 1, "`${a b}` cannot be understood"),
        ("${a.}", 0, "cannot be understood"),
        ("${a[x]}", 3, "brackets"),
        ("${env.A:-${b}", 0, "not closed"),
        ("${f(1 2)}", 6, "`,` or `)` is missing"),
        ("${f(1,)}", 6, "empty"),
        ("${f(1", 0, "not closed by a `)`"),
        ("${f(1,", 0, "not closed by a `)`"),
        ("${f('x)}", 4, "quote ' is not closed"),
        ("${f(g(*))}", 6, "cannot be understood"),
        ("${py.f()}", 0, "names no module"),
        ("${a" + ".b" * 60 + "}", 0, "more than 50 members"),
        ("${f(" * 40, 4 * MAX_NESTING // 2, "nested deeper"),
        ("${a}" * (MAX_HOLES + 1), 4 * MAX_HOLES, "more than 1000 holes"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, offset: int, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_text(text)
    assert words in caught.value.message
    assert caught.value.offset == offset
    assert caught.value.hint


_PIECES = st.sampled_from(
    ["${", "}", "$${", "(", ")", ",", "'", '"', "\\", "env.X", ":-", "a", ".b", "[0]", "1", "py.", "f(", " "]
)


def problem_of(text: str) -> ExpressionError | None:
    try:
        parse_text(text)
    except ExpressionError as problem:
        return problem
    return None


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_text_is_read_or_refused_inside_of_it(text: str) -> None:
    problem = problem_of(text)
    assert problem is None or 0 <= problem.offset <= len(text)


@given(st.text(max_size=40).filter(lambda text: "$" not in text), st.integers(0, 5))
def test_escaped_text_reads_back_as_itself(text: str, position: int) -> None:
    source = text[:position] + "$${" + text[position:]
    assert parse_text(source) == (text[:position] + "${" + text[position:],)
