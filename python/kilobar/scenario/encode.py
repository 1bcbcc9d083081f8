"""Writes texts so that they can stand in their place: in a path, a form, a JSON text. The twin of the engine's
`crates/core/src/template/encode.rs`, which does the same to values that are known only during the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from kilobar.model import plan
from kilobar.scenario.pieces import Computed, FromPython, Joined, Known, Live, Named, Operand, Piece, Template
from kilobar.scenario.yaml_nodes import Kind

_NOT_URL = re.compile(r"%(?![0-9A-Fa-f]{2})|[^!$&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~%]")
_NOT_FORM = re.compile(r"[^A-Za-z0-9_.~-]")
_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def encode_text(text: str, encode: plan.Encode) -> str:
    """Text that is known before the run, as it stands at its place."""
    match encode:
        case "url":
            return _NOT_URL.sub(_percent, text)
        case "form":
            return _NOT_FORM.sub(_percent, text)
        case "json_string":
            return json.dumps(text, ensure_ascii=False)[1:-1]
        case "json_value":
            return json.dumps(text, ensure_ascii=False)
    return text


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode())


class DataColumns(NamedTuple):
    """A data set, as names in holes lead to it."""

    data: int
    """Index into `Plan.data`."""
    columns: Mapping[str, int]


Names: TypeAlias = Mapping[str, int] | Mapping[str, DataColumns] | Mapping[str, int | DataColumns]
"""What the names in holes stand for: variables by index, or data sets."""


def encode_piece(piece: Piece, encode: plan.Encode, names: Names) -> plan.Part:
    """A part of a plan's template. All names in it must be known: see `Live.references`."""
    if isinstance(piece, Known):
        return plan.Text(encode_text(piece.text, encode), piece.secret)
    return plan.Hole(encode_operand(piece.value, names), encode)


def encode_value(template: Template, names: Names) -> plan.Template:
    """A template whose value is kept: one that is a single hole, or a constant that is no text, keeps its type."""
    if len(template.pieces) == 1:
        piece = template.pieces[0]
        if isinstance(piece, Live):
            return plan.Template.of(encode_operand(piece.value, names))
        if piece.kind != "text" and not piece.secret:
            return plan.Template.of(encode_operand(piece, names))
    return joined(encode_piece(piece, "raw", names) for piece in template.pieces)


def encode_operand(operand: Operand, names: Names) -> plan.Expr:
    """An expression of a plan."""
    match operand:
        case Known(text=text, secret=secret, kind=kind):
            json_text = None if secret else json_literal(text, kind)
            return plan.Text(text, secret) if json_text is None else plan.Json(json_text)
        case Named():
            return _encode_named(operand, names)
        case Computed(function=function, arguments=arguments):
            return plan.Call(function, tuple(encode_operand(argument, names) for argument in arguments))
        case Joined(parts=parts):
            return plan.Join(tuple(encode_operand(part, names) for part in parts))
        case FromPython(function=function):
            raise AssertionError(f"py.{function} is called by a step of its own: see Live.without_python")


def _encode_named(named: Named, names: Names) -> plan.Expr:
    target, path = names[named.name], named.path
    value: plan.Expr
    if isinstance(target, DataColumns):
        value, path = plan.Column(target.data, target.columns[str(path[0])]), path[1:]
    else:
        value = plan.Variable(target)
    return plan.Member(value, _json_path(path)) if path else value


def _json_path(path: Iterable[str | int]) -> str:
    steps = (f"[{json.dumps(step, ensure_ascii=False)}]" for step in path)
    return "$" + "".join(steps)


def json_literal(text: str, kind: Kind) -> str | None:
    """The JSON form of a number, truth value or null of YAML; None for texts, and for numbers that JSON cannot hold."""
    if kind == "null":
        return "null"
    if kind == "bool":
        return text.lower()
    if kind == "text":
        return None
    if _JSON_NUMBER.fullmatch(text):
        return text
    if text.startswith(("0x", "0o")):
        return str(int(text, 0))
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text.removeprefix("+"))
    mantissa, exponent_mark, exponent = digits.partition("e" if "e" in digits else "E")
    whole, point, decimals = mantissa.partition(".")
    if point and (whole or decimals).isdigit():
        fixed = f"{sign}{whole or '0'}.{decimals or '0'}{exponent_mark}{exponent}"
    else:
        fixed = sign + digits
    return fixed if _JSON_NUMBER.fullmatch(fixed) else None


def joined(parts: Iterable[plan.Part]) -> plan.Template:
    """A template with neighbouring texts of one kind joined and empty ones left out."""
    result: list[plan.Part] = []
    run: list[str] = []
    secret = False
    for part in parts:
        if isinstance(part, plan.Text):
            if not part.text:
                continue
            if run and part.secret != secret:
                result.append(plan.Text("".join(run), secret))
                run.clear()
            secret = part.secret
            run.append(part.text)
            continue
        if run:
            result.append(plan.Text("".join(run), secret))
            run.clear()
        result.append(part)
    if run or not result:
        result.append(plan.Text("".join(run), secret if run else False))
    return plan.Template(tuple(result))
