"""Lowers request steps: address, series, headers, body, saved values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from kilobar.errors import Place
from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.address import AddressError, authority_end, is_absolute, split_address
from kilobar.scenario.encode import encode_piece, joined
from kilobar.scenario.findings import Findings, did_you_mean, shorten
from kilobar.scenario.language import MAX_NAME
from kilobar.scenario.pieces import Known, Live, Named, Piece, Template
from kilobar.scenario.resolve import NAME, RESERVED

DEFAULT_STATUS = ((200, 399),)

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SET_BY_ENGINE = ("content-length", "transfer-encoding")


class _Target(NamedTuple):
    origin: plan.Origin
    base: tuple[Known, ...]
    """Path before the path of each step, without a slash at its end."""


class _Address(NamedTuple):
    origin: plan.Origin
    path: tuple[Piece, ...]
    label: str
    """Path for the name of the series."""


class RequestLowering:
    """Collects series, variables and origins while it lowers the steps of all flows."""

    def __init__(
        self,
        scenario: tree.Scenario,
        json_path_problem: Callable[[str], tuple[int, str] | None],
        findings: Findings,
    ) -> None:
        self._scenario = scenario
        self._json_path_problem = json_path_problem
        self._findings = findings
        self._constants = frozenset(key.text for key, _ in scenario.variables)
        self._saved_at: dict[str, Place] = {}
        self._available: dict[str, int] = {}
        self._saved_in_flow: dict[str, Place] = {}
        self._no_target_said = False
        self.series: dict[tuple[str, str], int] = {}
        """(name, kind) -> index."""
        self.variables: dict[str, int] = {}
        self.origins: dict[plan.Origin, int] = {}
        self._target = self._read_target(scenario.target) if scenario.target else None
        self._default_headers = self._check_headers(scenario.headers)

    def learn_saves(self, flows: Iterable[tree.Flow]) -> None:
        """Where each variable is saved, for messages about values that another flow saves."""
        for flow in flows:
            for name, place in _saves_of(flow.steps):
                self._saved_at.setdefault(name, place)

    def lower_steps(self, flow: str, steps: tuple[tree.Step, ...]) -> tuple[plan.Step, ...]:
        """The steps of one flow; values saved in other flows are not available to it."""
        self._available = {}
        self._saved_in_flow = {}
        for name, place in _saves_of(steps):
            self._saved_in_flow.setdefault(name, place)
        lowered: list[plan.Step] = []
        for step in steps:
            if isinstance(step, tree.ThinkStep):
                lowered.append(plan.Think(*step.think))
            elif (request := self._lower_request(step)) is not None:
                lowered.append(request)
        return tuple(lowered)

    def _lower_request(self, step: tree.RequestStep) -> plan.Request | None:
        before = self._findings.errors
        address = self._address(step.url)
        path = list(self._parts(address.path if address else step.url.pieces, "url"))
        path.extend(self._query(step, path))
        headers = self._headers(step)
        body = self._body(step)
        series = self._series(step, address)
        saves = self._saves(step)
        if address is None or self._findings.errors > before:
            return None
        return plan.Request(
            series=series,
            method=step.method,
            origin=self.origins.setdefault(address.origin, len(self.origins)),
            path=joined(path),
            headers=headers,
            body=body,
            timeout_ns=step.timeout_ns if step.timeout_ns is not None else self._scenario.timeout,
            expect_status=(step.check and step.check.status) or DEFAULT_STATUS,
            saves=saves,
        )

    # Templates

    def _parts(self, pieces: Iterable[Piece], encode: plan.Encode) -> Iterable[plan.Part]:
        return self._encoded((piece, encode) for piece in pieces)

    def _encoded(self, pairs: Iterable[tuple[Piece, plan.Encode]]) -> Iterable[plan.Part]:
        for piece, encode in pairs:
            references = piece.references if isinstance(piece, Live) else ()
            unknown = [named for named in references if named.name not in self._available]
            for named in unknown:
                self._unknown(named)
            if isinstance(piece, Live) and piece.has_python:
                hint = "save a value in an earlier step instead"
                self._findings.error("not-supported", "Python functions cannot be called yet", piece.place, hint)
            elif not unknown:
                yield encode_piece(piece, encode, self._available)

    def _unknown(self, piece: Named) -> None:
        name = piece.name
        if name in self._saved_in_flow:
            hint = f"it is saved at line {self._saved_in_flow[name].line}; a value can be used only in steps after that"
            self._findings.error("not-saved-yet", f"`{name}` is used before it is saved", piece.place, hint)
            return
        if name in self._saved_at:
            line = self._saved_at[name].line
            hint = f"another flow saves it at line {line}, but values do not pass between flows"
        else:
            known = sorted({*self._saved_in_flow, *self._constants})
            otherwise = "save it in an earlier step, or define it under `variables`"
            if piece.path:
                otherwise = f"declare the rows under `data`, or save `{name}` in an earlier step"
            hint = did_you_mean(name, known, otherwise) or otherwise
        self._findings.error("unknown-variable", f"there is no variable `{name}`", piece.place, hint)

    # Address

    def _read_target(self, template: Template) -> _Target | None:
        text = template.text()
        try:
            origin, rest = split_address(text)
            if "?" in text[rest:] or "#" in text[rest:]:
                raise AddressError("a target has no query and no fragment", "move the query into the steps")
        except AddressError as error:
            message = f"`{template.shown()}` cannot be the target: {error.message}"
            self._findings.error(error.code, message, template.place, error.hint)
            return None
        # The address of the target stands in every report, so it is never secret.
        return _Target(origin, (Known(text[rest:].rstrip("/")),))

    def _address(self, template: Template) -> _Address | None:
        pieces = self._without_fragment(template)
        prefix = _known_prefix(pieces)
        if not pieces:
            if not template.node.text.strip():
                self._bad_url(template, "the address is empty", "write a path such as /items")
            return None
        if is_absolute(prefix):
            return self._absolute(template, pieces, prefix)
        if not prefix:
            message = f"the host of `{template.shown()}` must be known before the run"
            hint = "start with a / for a path below `target`, or with http://host/"
            self._findings.error("not-constant", message, template.place, hint)
            return None
        if not prefix.startswith("/") or prefix.startswith("//"):
            self._bad_url(template, "it is neither a path nor an absolute URL", "start with one /, or with http://")
            return None
        if self._target is None:
            self._no_target(template)
            return None
        return _Address(self._target.origin, self._target.base + pieces, _label(pieces))

    def _absolute(self, template: Template, pieces: tuple[Piece, ...], prefix: str) -> _Address | None:
        end = authority_end(prefix)
        if end is None and not all(isinstance(piece, Known) for piece in pieces):
            message = f"the host of `{template.shown()}` must be known before the run"
            hint = "only constants and ${env.X} may stand before the path"
            self._findings.error("not-constant", message, template.place, hint)
            return None
        try:
            origin, rest = split_address(prefix)
        except AddressError as error:
            self._bad_url(template, error.message, error.hint, error.code)
            return None
        path = _drop(pieces, rest)
        label = _label(path)
        if not _known_prefix(path).startswith("/"):
            path = (Known("/"), *path)
        label = "/" + label.removeprefix("/")
        if self._target is None or origin != self._target.origin:
            label = _short_origin(origin) + label
        return _Address(origin, path, label)

    def _bad_url(self, template: Template, problem: str, hint: str, code: str = "bad-url") -> None:
        message = f"`{template.shown()}` cannot be requested: {problem}"
        self._findings.error(code, message, template.place, hint)

    def _no_target(self, template: Template) -> None:
        # Said once: all paths of the scenario have the same mistake. A bad target is an error of its own.
        given = self._scenario.target is not None or "target" in self._scenario.unreadable
        if not given and not self._no_target_said:
            self._no_target_said = True
            message = f"`{template.shown()}` is a path, but the scenario has no `target`"
            hint = "add for example `target: http://127.0.0.1:8700`"
            self._findings.error("no-target", message, template.place, hint)

    def _without_fragment(self, template: Template) -> tuple[Piece, ...]:
        kept: list[Piece] = []
        for piece in template.pieces:
            if isinstance(piece, Known) and piece.hole is None and "#" in piece.text:
                start = piece.text.index("#")
                message = f"`{shorten(piece.text[start:])}` is not sent: a fragment stays in the browser"
                self._findings.warning("fragment-removed", message, template.place, "write %23 for a literal #")
                kept.append(Known(piece.text[:start]))
                break
            kept.append(piece)
        return tuple(piece for piece in kept if not isinstance(piece, Known) or piece.text)

    def _query(self, step: tree.RequestStep, path: list[plan.Part]) -> Iterable[plan.Part]:
        separator = "&" if any(isinstance(part, plan.Text) and "?" in part.text for part in path) else "?"
        for part in self._pairs(step.params):
            yield plan.Text(separator)
            separator = "&"
            yield from part

    def _pairs(self, pairs: tree.Fields) -> Iterable[list[plan.Part]]:
        """`key=value` for each value of each key, form-encoded."""
        for key, templates in pairs:
            for template in templates:
                yield [
                    *self._parts(key.pieces, "form"),
                    plan.Text("="),
                    *self._parts(template.pieces, "form"),
                ]

    # Series

    def _series(self, step: tree.RequestStep, address: _Address | None) -> int:
        if step.name is not None:
            name = step.name.text().strip()
        else:
            name = shorten(f"{step.method} {address.label if address else '/'}", MAX_NAME)
        return self.series.setdefault((name, "http"), len(self.series))

    # Headers and body

    def _check_headers(self, headers: tree.Pairs) -> dict[str, tuple[str, Template]]:
        """Lower-case name -> (name, value), after checking both."""
        checked: dict[str, tuple[str, Template]] = {}
        for key, template in headers:
            name = key.text
            folded = name.lower()
            if not _TOKEN.fullmatch(name):
                hint = "use letters, digits and hyphens"
                self._findings.error("bad-header", f"`{shorten(name)}` is no header name", key.place, hint)
            elif folded in _SET_BY_ENGINE:
                hint = "remove it: it is computed from the body"
                self._findings.error("bad-header", f"`{name}` cannot be set", key.place, hint)
            elif folded in checked:
                self._findings.error("duplicate-name", f"the header `{name}` occurs twice", key.place, "keep one")
            if any(isinstance(piece, Known) and _CONTROL.search(piece.text) for piece in template.pieces):
                message = f"the value of `{shorten(name)}` holds a line break or another control character"
                hint = "a header value is one line; a text after `|` ends with a line break, write it on one line"
                self._findings.error("bad-header", message, template.place, hint)
            checked[folded] = (name, template)
        return checked

    def _headers(self, step: tree.RequestStep) -> tuple[tuple[str, plan.Template], ...]:
        chosen = {**self._default_headers, **self._check_headers(step.headers)}
        headers = [(name, joined(self._parts(value.pieces, "raw"))) for name, value in chosen.values()]
        content_type = _content_type(step)
        if content_type is not None and "content-type" not in chosen:
            headers.append(("content-type", plan.Template.fixed(content_type)))
        return tuple(headers)

    def _body(self, step: tree.RequestStep) -> plan.Template | None:
        if step.json is not None:
            return joined(self._encoded(step.json))
        if step.form is not None:
            parts: list[plan.Part] = []
            for pair in self._pairs(step.form):
                parts.extend([plan.Text("&"), *pair] if parts else pair)
            return joined(parts)
        return joined(self._parts(step.body.pieces, "raw")) if step.body is not None else None

    # Saved values

    def _saves(self, step: tree.RequestStep) -> tuple[plan.Save, ...]:
        saves = []
        for key, rule in step.save:
            name = key.text
            if not NAME.fullmatch(name) or name in RESERVED:
                hint = "use letters, digits and _, not starting with a digit; `env`, `random` and `py` are taken"
                self._findings.error("bad-name", f"`{shorten(name)}` is no name for a variable", key.place, hint)
            elif name in self._constants:
                hint = "choose another name: it is a constant under `variables`"
                self._findings.error("bad-name", f"`{name}` cannot be saved", key.place, hint)
            index = self._available.setdefault(name, self.variables.setdefault(name, len(self.variables)))
            if rule.json is None:
                continue
            path = rule.json.text()
            problem = self._json_path_problem(path)
            if problem is not None:
                offset, text = problem
                message = f"`{rule.json.shown()}` is no JSON path: {text}"
                hint = 'write for example "$.items[0].id"'
                self._findings.error("bad-json-path", message, rule.json.place_at(offset), hint)
            saves.append(plan.Save(index, path))
        return tuple(saves)


def _saves_of(steps: Iterable[tree.Step]) -> Iterable[tuple[str, Place]]:
    for step in steps:
        if isinstance(step, tree.RequestStep):
            for key, _ in step.save:
                yield key.text, key.place


def _content_type(step: tree.RequestStep) -> str | None:
    if step.json is not None:
        return "application/json"
    return "application/x-www-form-urlencoded" if step.form is not None else None


def _known_prefix(pieces: Iterable[Piece]) -> str:
    """The text before the first piece that changes during the run."""
    texts = []
    for piece in pieces:
        if not isinstance(piece, Known):
            break
        texts.append(piece.text)
    return "".join(texts)


def _drop(pieces: tuple[Piece, ...], count: int) -> tuple[Piece, ...]:
    """The pieces without their first `count` characters, all of which are known."""
    rest = list(pieces)
    while count and rest:
        piece = rest[0]
        if not isinstance(piece, Known):
            break
        if len(piece.text) > count:
            rest[0] = piece._replace(text=piece.text[count:])
            break
        count -= len(piece.text)
        del rest[0]
    return tuple(rest)


def _label(pieces: Iterable[Piece]) -> str:
    """A path as a series is named by it: holes by name, without the query."""
    texts: list[str] = []
    for piece in pieces:
        match piece:
            case Known(hole=None, text=text):
                path, question_mark, _ = text.partition("?")
                texts.append(path)
                if question_mark:
                    break
            case Known(hole=hole):
                # One constant may have been put together from several pieces.
                texts.append(f"{{{hole}}}" if not texts or texts[-1] != f"{{{hole}}}" else "")
            case Live():
                texts.append(f"{{{piece.label}}}")
    return "".join(texts) or "/"


def _short_origin(origin: plan.Origin) -> str:
    """Host and port, the port only when it is not the usual one."""
    text = str(origin).partition("://")[2]
    return text.removesuffix({"http": ":80", "https": ":443"}[origin.scheme])
