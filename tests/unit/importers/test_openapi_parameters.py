from typing import Any

import pytest

from kilobar.importers.openapi_parameters import (
    PATH_STYLES,
    QUERY_STYLES,
    Style,
    cookie_texts,
    header_text,
    path_text,
    percent_encoded,
    query_fields,
    style_of,
)

LIST = ["blue", "black"]
OBJECT = {"R": 100, "G": 200}


@pytest.mark.parametrize(
    ("style", "explode", "texts"),
    [
        ("simple", False, ["5", "blue,black", "R,100,G,200"]),
        ("simple", True, ["5", "blue,black", "R=100,G=200"]),
        ("label", False, [".5", ".blue,black", ".R,100,G,200"]),
        ("label", True, [".5", ".blue.black", ".R=100.G=200"]),
        ("matrix", False, [";c=5", ";c=blue,black", ";c=R,100,G,200"]),
        ("matrix", True, [";c=5", ";c=blue;c=black", ";R=100;G=200"]),
    ],
)
def test_path(style: str, explode: bool, texts: list[str]) -> None:
    assert [path_text("c", value, Style(style, explode)) for value in (5, LIST, OBJECT)] == texts


@pytest.mark.parametrize(
    ("style", "explode", "value", "fields", "written"),
    [
        ("form", True, 5, {"c": 5}, ""),
        ("form", True, None, {"c": ""}, ""),
        ("form", True, LIST, {"c": LIST}, ""),
        ("form", True, OBJECT, OBJECT, ""),
        ("form", False, LIST, {}, "c=blue,black"),
        ("form", False, ["a b"], {"c": "a b"}, ""),
        ("form", False, OBJECT, {}, "c=R,100,G,200"),
        ("spaceDelimited", False, LIST, {}, "c=blue%20black"),
        ("pipeDelimited", False, LIST, {}, "c=blue%7Cblack"),
        ("pipeDelimited", True, LIST, {"c": LIST}, ""),
        ("deepObject", True, OBJECT, {"c[R]": 100, "c[G]": 200}, ""),
        ("deepObject", True, {"a": {"b": 1}, "l": [1, 2], "e": []}, {"c[a][b]": 1, "c[l]": [1, 2]}, ""),
        ("form", True, [], {}, ""),
        ("form", False, [], {}, ""),
        ("form", True, {"a": {"b": 1}}, {"a": '{"b": 1}'}, ""),
    ],
)
def test_query(style: str, explode: bool, value: Any, fields: dict[str, Any], written: str) -> None:
    assert query_fields("c", value, Style(style, explode)) == (fields, written)


def test_reserved_characters_stay_where_they_are_allowed() -> None:
    assert query_fields("u", "/a?b=c&d", Style("form", True, True)) == ({}, "u=/a?b=c%26d")


def test_headers_and_cookies() -> None:
    assert [header_text(value, False) for value in (5, LIST, OBJECT)] == ["5", "blue,black", "R,100,G,200"]
    assert header_text(OBJECT, True) == "R=100,G=200"
    assert cookie_texts("c", LIST, True) == {"c": "blue,black"}
    assert cookie_texts("c", OBJECT, True) == {"R": "100", "G": "200"}
    assert cookie_texts("c", OBJECT, False) == {"c": "R,100,G,200"}


def test_everything_but_holes_is_encoded() -> None:
    assert percent_encoded("a/b é${now('%Y')}$${x}") == "a%2Fb%20%C3%A9${now('%Y')}%24%7Bx%7D"


def test_styles_have_defaults_and_places() -> None:
    assert style_of({}, "form", QUERY_STYLES) == Style("form", True)
    assert style_of({}, "simple", PATH_STYLES) == Style("simple", False)
    assert style_of({"style": "pipeDelimited", "explode": False}, "form", QUERY_STYLES) == Style("pipeDelimited", False)
    assert style_of({"style": "matrix"}, "form", QUERY_STYLES) is None
    assert style_of({"style": []}, "form", QUERY_STYLES) is None
