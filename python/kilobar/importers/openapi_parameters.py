"""How values of parameters are written: `style` and `explode`, percent-encoding, content parameters."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import quote

from kilobar.importers.openapi_schema import as_text
from kilobar.model.scenario import Fields, JsonValue, Scalar, Text

RESERVED = ":/?#[]@!$&'()*+,;="
"""Left alone with `allowReserved`."""
_HOLE = re.compile(r"(\$\$\{|\$\{[^{}]*\})")
_DELIMITERS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}
QUERY_STYLES = (*_DELIMITERS, "deepObject")
PATH_STYLES = ("simple", "label", "matrix")


class Style(NamedTuple):
    """How the parts of a value are put together."""

    name: str
    explode: bool
    allow_reserved: bool = False


def style_of(owner: dict[str, Any], default: str, known: tuple[str, ...]) -> Style | None:
    """`style`, `explode` and `allowReserved` of a parameter or encoding; None for a style that has no place here."""
    name = owner.get("style", default)
    if name not in known:
        return None
    explode = owner.get("explode")
    if not isinstance(explode, bool):
        explode = name in ("form", "deepObject")
    return Style(name, explode, owner.get("allowReserved") is True)


def percent_encoded(text: Text, safe: str = "") -> Text:
    """Scenario text with all but its holes encoded."""
    parts = _HOLE.split(text)
    for number, part in enumerate(parts):
        if number % 2 == 0:
            parts[number] = quote(part, safe=safe, errors="replace")
        elif part == "$${":
            parts[number] = quote("${", safe="")
    return "".join(parts)


def path_text(name: str, value: JsonValue, style: Style) -> Text:
    """What stands in a path for a parameter."""
    prefix = {"simple": "", "label": ".", "matrix": ";"}[style.name]
    between = {"simple": ",", "label": ".", "matrix": ";"}[style.name] if style.explode else ","
    key = percent_encoded(name)
    match value:
        case list():
            parts = [percent_encoded(as_text(each)) for each in value]
            if style.name == "matrix" and style.explode:
                parts = [f"{key}={part}" for part in parts]
        case dict():
            parts = _pairs(value, style.explode, percent_encoded)
        case _:
            text = percent_encoded(as_text(value))
            return f";{key}={text}" if style.name == "matrix" else prefix + text
    joined = between.join(parts)
    return f";{key}={joined}" if style.name == "matrix" and not style.explode else prefix + joined


def header_text(value: JsonValue, explode: bool) -> Text:
    """The value of a header: style `simple`."""
    match value:
        case list():
            return ",".join(as_text(each) for each in value)
        case dict():
            return ",".join(_pairs(value, explode, str))
    return as_text(value)


def cookie_texts(name: str, value: JsonValue, explode: bool) -> dict[str, Text]:
    """Cookies of style `form`; a cookie cannot be there twice, so that the items of a list stay together."""
    if isinstance(value, dict) and explode:
        return {key: as_text(inner) for key, inner in value.items()}
    return {name: header_text(value, False)}


def query_fields(name: Text, value: JsonValue, style: Style) -> tuple[Fields, Text]:
    """Parameters of a query or form, and what is already written as a query because its delimiters must stay."""
    if style.allow_reserved and not isinstance(value, list | dict):
        return {}, f"{percent_encoded(name)}={percent_encoded(as_text(value), _reserved_in_query())}"
    if style.name == "deepObject" and isinstance(value, dict):
        return _deep(name, value), ""
    match value:
        case list() if style.explode or style.name == "deepObject":
            return ({name: [_scalar(each) for each in value]} if value else {}), ""
        case dict() if style.explode:
            return {key: _scalar_or_list(inner) for key, inner in value.items()}, ""
        case list():
            parts = [percent_encoded(as_text(each)) for each in value]
        case dict():
            parts = _pairs(value, False, percent_encoded)
        case _:
            return {name: _scalar(value)}, ""
    # One alone has no delimiters.
    if len(parts) == 1 and isinstance(value, list):
        return {name: _scalar(value[0])}, ""
    delimiter = _DELIMITERS.get(style.name, ",")
    return {}, f"{percent_encoded(name)}={delimiter.join(parts)}" if parts else ""


def _reserved_in_query() -> str:
    """`&` and `#` would end the value, `+` would be read as a space."""
    return "".join(each for each in RESERVED if each not in "&#+$")


def _pairs(value: dict[str, JsonValue], explode: bool, encode: Any) -> list[Text]:
    if explode:
        return [f"{encode(key)}={encode(as_text(inner))}" for key, inner in value.items()]
    return [encode(each) for key, inner in value.items() for each in (key, as_text(inner))]


def _deep(name: Text, value: dict[str, JsonValue]) -> Fields:
    """`name[key]`, and `name[key][inner]` for objects in it."""
    fields: dict[str, Scalar | list[Scalar]] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            fields.update(_deep(f"{name}[{key}]", inner))
        elif inner != [] and inner != {}:
            fields[f"{name}[{key}]"] = _scalar_or_list(inner)
    return fields


def _scalar_or_list(value: JsonValue) -> Scalar | list[Scalar]:
    if isinstance(value, list) and value and not any(isinstance(each, list | dict) for each in value):
        return [_scalar(each) for each in value]
    return _scalar(value)


def _scalar(value: JsonValue) -> Scalar:
    """What is no scalar is sent as JSON text."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value
