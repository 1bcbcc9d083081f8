"""Lowers what goes into the head of a request: headers, cookies, authentication."""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from kilobar.errors import Place
from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.context import Context
from kilobar.scenario.findings import shorten
from kilobar.scenario.pieces import Computed, Joined, Known, Live, Piece

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_COOKIE_BREAK = re.compile(r"[;\x00-\x1f\x7f]")
CREDENTIALS = frozenset(("authorization", "proxy-authorization", "cookie", "x-api-key"))
"""Headers that only go to hosts which the scenario names; as in `crates/engine/src/secrets.rs`."""
_SET_BY_ENGINE = ("content-length", "transfer-encoding")


class _Header(NamedTuple):
    name: str
    pieces: tuple[Piece, ...]
    place: Place


class Headers:
    """Lowers the headers of requests, besides those of the scenario."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._findings = context.findings
        self._default = self._checked(context.scenario.headers)
        self._default_auth = context.scenario.auth

    def lower(self, step: tree.RequestStep, content_type: str | None) -> tuple[tuple[str, plan.Template], ...]:
        """All headers of a request; `content_type` is that of its body, unless the step has its own."""
        own = self._checked(step.headers)
        chosen = {**self._default, **own}
        self._authorize(step, own, chosen)
        if step.cookies:
            if "cookie" in own:
                self._conflict(own["cookie"].place, "cookie", "cookies")
            chosen["cookie"] = _Header("cookie", self._cookies(step.cookies), step.place)
        headers = [(header.name, self._context.scope.template(header.pieces)) for header in chosen.values()]
        if content_type is not None and "content-type" not in chosen:
            headers.append(("content-type", plan.Template.fixed(content_type)))
        return tuple(headers)

    def has_own_credentials(self, step: tree.RequestStep) -> bool:
        """Whether all credentials that the request sends stand in the step itself, and there are some."""
        own = {key.text.lower() for key, _ in step.headers}
        if step.auth is not None and step.auth != "none":
            own.add("authorization")
        if step.cookies:
            own.add("cookie")
        common = self._default.keys() | ({"authorization"} if self._default_auth is not None else set())
        if step.auth == "none":
            common -= {"authorization"}
        return bool(own & CREDENTIALS) and not (common - own) & CREDENTIALS

    def _checked(self, headers: tree.Pairs) -> dict[str, _Header]:
        """By lower-case name, after checking names and values."""
        checked: dict[str, _Header] = {}
        for key, template in headers:
            name = key.text
            folded = name.lower()
            if not is_token(name):
                hint = "use letters, digits and hyphens"
                self._findings.error("bad-header", f"`{shorten(name)}` is no header name", key.place, hint)
            elif folded in _SET_BY_ENGINE:
                hint = "remove it: it is computed from the body"
                self._findings.error("bad-header", f"`{name}` cannot be set", key.place, hint)
            elif folded in checked:
                self._findings.error("duplicate-name", f"the header `{name}` occurs twice", key.place, "keep one")
            self._check_line(name, template.pieces, template.place)
            checked[folded] = _Header(name, template.pieces, key.place)
        return checked

    def _check_line(self, name: str, pieces: tuple[Piece, ...], place: Place) -> None:
        if any(isinstance(piece, Known) and _CONTROL.search(piece.text) for piece in pieces):
            message = f"the value of `{shorten(name)}` holds a line break or another control character"
            hint = "a header value is one line; a text after `|` ends with a line break, write it on one line"
            self._findings.error("bad-header", message, place, hint)

    def _authorize(self, step: tree.RequestStep, own: dict[str, _Header], chosen: dict[str, _Header]) -> None:
        if step.auth is None:
            if self._default_auth is not None and "authorization" not in chosen:
                chosen["authorization"] = self._authorization(self._default_auth)
        elif step.auth != "none":
            if "authorization" in own:
                self._conflict(own["authorization"].place, "authorization", "auth")
            chosen["authorization"] = self._authorization(step.auth)
        elif "authorization" not in own:
            chosen.pop("authorization", None)

    def _authorization(self, auth: tree.Auth) -> _Header:
        if auth.basic is not None:
            credentials = _credentials(auth.basic)
            pieces: tuple[Piece, ...] = (Known("Basic "), credentials)
        else:
            pieces = (Known("Bearer "), *(auth.bearer.pieces if auth.bearer is not None else ()))
        self._check_line("authorization", pieces, auth.place)
        return _Header("authorization", pieces, auth.place)

    def _conflict(self, place: Place, header: str, key: str) -> None:
        message = f"the header `{header}` cannot stand beside `{key}`"
        self._findings.error("conflicting-keys", message, place, f"keep one of `{header}` and `{key}`")

    def _cookies(self, cookies: tree.Pairs) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        for key, template in cookies:
            if not is_token(key.text):
                hint = "use letters, digits and hyphens"
                self._findings.error("bad-header", f"`{shorten(key.text)}` is no cookie name", key.place, hint)
            if any(isinstance(piece, Known) and _COOKIE_BREAK.search(piece.text) for piece in template.pieces):
                message = f"the value of the cookie `{shorten(key.text)}` holds a `;` or a control character"
                self._findings.error("bad-header", message, template.place, "encode it, for example as %3B")
            pieces.append(Known(f"{'; ' if pieces else ''}{key.text}="))
            pieces.extend(template.pieces)
        return tuple(pieces)


def _credentials(basic: tree.Basic) -> Piece:
    """Base64 of `user:password`, computed here when both are known."""
    pieces = (*basic.user.pieces, Known(":"), *basic.password.pieces)
    known = [piece for piece in pieces if isinstance(piece, Known)]
    if len(known) == len(pieces):
        text = "".join(piece.text for piece in known)
        secret = any(piece.secret for piece in known)
        return Known(base64.b64encode(text.encode()).decode("ascii"), secret)
    operands = tuple(piece.value if isinstance(piece, Live) else piece for piece in pieces)
    return Live(Computed("base64", (Joined(operands),)), basic.place)


def is_token(name: str) -> bool:
    """Whether HTTP allows it as the name of a header or cookie."""
    return _TOKEN.fullmatch(name) is not None
