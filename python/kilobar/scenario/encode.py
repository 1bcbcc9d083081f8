"""Writes texts so that they can stand in their place: in a path, a form, a JSON text. The twin of the engine's
`crates/core/src/template/encode.rs`, which does the same to values that are known only during the run.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping

from kilobar.model import plan
from kilobar.scenario.resolve import Known, Piece, Random, Template

_NOT_URL = re.compile(r"%(?![0-9A-Fa-f]{2})|[^!$&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~%]")
_NOT_FORM = re.compile(r"[^A-Za-z0-9_.~-]")


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


def encode_piece(piece: Piece, encode: plan.Encode, variables: Mapping[str, int]) -> plan.Part:
    """A part of a plan's template; `variables` maps the names of saved values to their indexes."""
    if isinstance(piece, Known):
        return plan.Text(encode_text(piece.text, encode), piece.secret)
    if isinstance(piece, Random):
        return plan.RandomInt(piece.low, piece.high)
    return plan.Variable(variables[piece.name], encode)


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


def value_pieces(template: Template) -> Iterable[tuple[Piece, plan.Encode]]:
    """The pieces of a template that is the value of a variable."""
    return ((piece, "raw") for piece in template.pieces)


def basic_credentials(user: Template, password: Template) -> tuple[Piece, ...]:
    """Base64 of `user:password`."""
    text = f"{user.text()}:{password.text()}"
    secret = user.is_secret or password.is_secret
    return (Known(base64.b64encode(text.encode()).decode("ascii"), secret),)
