"""An HTTP request of a plan, what its response must be, and what to keep of it.

The twin of `crates/core/src/plan/request.rs`, which says what each field means. Keys whose value is the default are
left out of the JSON form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from kilobar.model.template import CompareOperator, Template

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Of status codes, both ends included."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of a file, by absolute path."""

    path: str


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One part of a multipart body."""

    name: str
    content: Template | FileContent
    filename: Template | None = None
    content_type: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        form: dict[str, Any] = {"name": self.name, "content": _content_to_json(self.content)}
        if self.filename is not None:
            form["filename"] = self.filename.to_json()
        if self.content_type is not None:
            form["content_type"] = self.content_type
        return form


Body: TypeAlias = Template | FileContent | tuple[BodyPart, ...]
"""Text, a file, or the parts of a multipart body."""


def _content_to_json(content: Template | FileContent) -> dict[str, Any]:
    return {"file": content.path} if isinstance(content, FileContent) else {"text": content.to_json()}


def _body_to_json(body: Body) -> dict[str, Any]:
    if isinstance(body, tuple):
        return {"multipart": [part.to_json() for part in body]}
    return _content_to_json(body)


@dataclass(frozen=True, slots=True)
class Extract:
    """Where in a response values are: `what` says in which language, `text` is the expression or the name."""

    what: Literal["json", "xpath", "css", "regex", "header", "cookie", "status", "body"]
    text: str = ""
    attribute: str | None = None
    """Of `css`."""
    group: int | None = None
    """Of `regex`."""

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        match self.what:
            case "status" | "body":
                return self.what
            case "css":
                return {"css": {"selector": self.text, "attribute": self.attribute}}
            case "regex":
                return {"regex": {"pattern": self.text, "group": self.group}}
        return {self.what: self.text}


@dataclass(frozen=True, slots=True)
class Save:
    """Keeps a value of the response in a variable."""

    variable: int
    source: Extract
    """`from` in the JSON form."""
    which: Literal["first", "random", "all"] | int = "first"
    default: Template | None = None

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        form: dict[str, Any] = {"variable": self.variable, "from": self.source.to_json()}
        if self.which != "first":
            form["which"] = {"index": self.which} if isinstance(self.which, int) else self.which
        if self.default is not None:
            form["default"] = self.default.to_json()
        return form


@dataclass(frozen=True, slots=True)
class StatusRule:
    """The status code is in one of these ranges."""

    ranges: Ranges

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"status": [list(bounds) for bounds in self.ranges]}


@dataclass(frozen=True, slots=True)
class SizeRule:
    """The body has so many bytes, after decoding."""

    operator: CompareOperator
    bytes: int

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"size": {"operator": self.operator, "bytes": self.bytes}}


@dataclass(frozen=True, slots=True)
class TimeRule:
    """From the first byte sent to the last one received, redirects included."""

    operator: CompareOperator
    duration_ns: int

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"time": {"operator": self.operator, "duration_ns": self.duration_ns}}


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a value must be. `operand` is a template; for "matches" a regular expression, for "exists" nothing."""

    kind: Literal["exists", "equals", "contains", "matches"] | CompareOperator
    operand: Template | str | None = None

    def to_json(self) -> Any:
        """Its part of the plan's JSON form."""
        if self.kind == "exists":
            return "exists"
        operand = self.operand.to_json() if isinstance(self.operand, Template) else self.operand
        if self.kind in ("equals", "contains", "matches"):
            return {self.kind: operand}
        return {"compare": {"operator": self.kind, "to": operand}}


@dataclass(frozen=True, slots=True)
class ValueRule:
    """A value of the response, the first if there are several."""

    source: Extract
    """`from` in the JSON form."""
    matcher: Matcher

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"value": {"from": self.source.to_json(), "matcher": self.matcher.to_json()}}


@dataclass(frozen=True, slots=True)
class ContainsRule:
    """The decoded body contains this text."""

    text: Template

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"contains": self.text.to_json()}


@dataclass(frozen=True, slots=True)
class RegexRule:
    """A regular expression matches somewhere in the decoded body."""

    pattern: str

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        return {"regex": self.pattern}


CheckRule: TypeAlias = StatusRule | SizeRule | TimeRule | ValueRule | ContainsRule | RegexRule


@dataclass(frozen=True, slots=True)
class Check:
    """What a response must be. `name` is an index into `Plan.checks`."""

    name: int
    rule: CheckRule
    negated: bool = False
    """`not` in the JSON form."""
    warn: bool = False

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        form: dict[str, Any] = {"name": self.name, "rule": self.rule.to_json()}
        if self.negated:
            form["not"] = True
        if self.warn:
            form["warn"] = True
        return form


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    series: int
    method: str
    origin: int | None
    path: Template
    headers: tuple[tuple[str, Template], ...]
    body: Body | None
    timeout_ns: int
    expect_status: Ranges
    saves: tuple[Save, ...]
    checks: tuple[Check, ...] = ()
    redirects: int = 0
    expect_continue: bool = False
    trusts_address: bool = False
    """Its credentials go wherever its address leads: they are its own, not those of the whole scenario."""

    def to_json(self) -> dict[str, Any]:
        """Its part of the plan's JSON form."""
        form: dict[str, Any] = {
            "kind": "request",
            "series": self.series,
            "method": self.method,
            "origin": self.origin,
            "path": self.path.to_json(),
            "headers": [[name, value.to_json()] for name, value in self.headers],
            "body": None if self.body is None else _body_to_json(self.body),
            "timeout_ns": self.timeout_ns,
            "expect_status": [list(bounds) for bounds in self.expect_status],
        }
        if self.redirects:
            form["redirects"] = self.redirects
        if self.expect_continue:
            form["expect_continue"] = True
        if self.trusts_address:
            form["trusts_address"] = True
        if self.checks:
            form["checks"] = [check.to_json() for check in self.checks]
        form["saves"] = [save.to_json() for save in self.saves]
        return form
