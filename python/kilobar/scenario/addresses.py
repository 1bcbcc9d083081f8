"""Lowers addresses of requests: origin, path with its holes, and the name that a path gives to a series."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.address import AddressError, authority_end, is_absolute, split_address
from kilobar.scenario.findings import Findings, shorten
from kilobar.scenario.pieces import Known, Live, Piece, Template


class Address(NamedTuple):
    """Where a request goes."""

    origin: plan.Origin | None
    """None when the whole address is known only at run time."""
    path: tuple[Piece, ...]
    label: str
    """For the name of the series."""


class _Target(NamedTuple):
    origin: plan.Origin
    base: tuple[Known, ...]
    """Path before the path of each step, without a slash at its end."""


class Addresses:
    """Reads addresses, relative to the target of the scenario."""

    def __init__(self, scenario: tree.Scenario, findings: Findings) -> None:
        self._findings = findings
        self._target_given = scenario.target is not None or "target" in scenario.unreadable
        self._no_target_said = False
        self._target = self._read_target(scenario.target) if scenario.target else None

    @property
    def target_origin(self) -> plan.Origin | None:
        """Where paths go; None without a target."""
        return self._target and self._target.origin

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

    def read(self, template: Template) -> Address | None:
        """The address, or None with the reason among the findings."""
        pieces = self._without_fragment(template)
        prefix = _known_prefix(pieces)
        if not pieces:
            if not template.node.text.strip():
                self._bad_url(template, "the address is empty", "write a path such as /items")
            return None
        if is_absolute(prefix):
            return self._absolute(template, pieces, prefix)
        if not prefix:
            return Address(None, pieces, _label(pieces))
        if not prefix.startswith("/") or prefix.startswith("//"):
            self._bad_url(template, "it is neither a path nor an absolute URL", "start with one /, or with http://")
            return None
        if self._target is None:
            self._no_target(template)
            return None
        return Address(self._target.origin, self._target.base + pieces, _label(pieces))

    def _absolute(self, template: Template, pieces: tuple[Piece, ...], prefix: str) -> Address | None:
        if authority_end(prefix) is None and not all(isinstance(piece, Known) for piece in pieces):
            return Address(None, pieces, _label(pieces).partition("://")[2] or "/")
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
        return Address(origin, path, label)

    def _bad_url(self, template: Template, problem: str, hint: str, code: str = "bad-url") -> None:
        message = f"`{template.shown()}` cannot be requested: {problem}"
        self._findings.error(code, message, template.place, hint)

    def _no_target(self, template: Template) -> None:
        # Said once: all paths of the scenario have the same mistake. A bad target is an error of its own.
        if not self._target_given and not self._no_target_said:
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
