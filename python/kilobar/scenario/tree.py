"""A scenario as it was written, typed and with the place of everything; what the tables of `language` are read into.

Values that must be known before the run are already values; texts that may change during the run are templates.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

from kilobar.errors import Place
from kilobar.scenario.json_body import Encoded
from kilobar.scenario.pieces import Template
from kilobar.scenario.yaml_nodes import Scalar

Pairs: TypeAlias = tuple[tuple[Scalar, Template], ...]
Fields: TypeAlias = tuple[tuple[Template, tuple[Template, ...]], ...]
"""Keys, each with its values; for queries and forms."""
Arrivals = Literal["uniform", "poisson"]


class SaveRule(NamedTuple):
    """Where in the response the value is."""

    place: Place
    json: Template | None
    """None only after an error."""


def save_rule(place: Place, unreadable: frozenset[str], json: Template | None = None) -> SaveRule:
    """A rule that survives its errors, so that the variable is known to later steps."""
    return SaveRule(place, json)


class Check(NamedTuple):
    """What the response must be."""

    place: Place
    status: tuple[tuple[int, int], ...] | None = None
    """Inclusive ranges."""


class RequestLine(NamedTuple):
    """Method and address, for methods that have no key of their own."""

    place: Place
    method: str
    url: Template


class RequestStep(NamedTuple):
    """Sends one HTTP request."""

    place: Place
    method: str
    url: Template
    name: Template | None = None
    params: Fields = ()
    headers: Pairs = ()
    json: Encoded | None = None
    form: Fields | None = None
    body: Template | None = None
    timeout_ns: int | None = None
    check: Check | None = None
    save: tuple[tuple[Scalar, SaveRule], ...] = ()


class ThinkStep(NamedTuple):
    """Waits, uniformly between two bounds."""

    place: Place
    think: tuple[int, int]
    """Shortest and longest, in ns."""


Step: TypeAlias = RequestStep | ThinkStep

METHOD_KEYS = ("get", "post", "put", "patch", "delete", "head", "options")


def request_step(place: Place, **fields: Any) -> RequestStep:
    """A request step from its keys; the method is one of them."""
    fields["timeout_ns"] = fields.pop("timeout", None)
    line: RequestLine | None = fields.pop("request", None)
    if line is not None:
        return RequestStep(place, line.method, line.url, **fields)
    key = next(key for key in METHOD_KEYS if key in fields)
    url = fields.pop(key)
    return RequestStep(place, key.upper(), url, **fields)


class Flow(NamedTuple):
    """A sequence of steps with its relative frequency."""

    place: Place
    steps: tuple[Step, ...]
    name: Template | None = None
    weight: float = 1.0


class RateStage(NamedTuple):
    """An open stage: arrivals per second at its start and end."""

    place: Place
    rate: tuple[float, float]
    duration_ns: int
    arrivals: Arrivals | None = None


class UsersStage(NamedTuple):
    """A closed stage: users at its start and end."""

    place: Place
    users: tuple[int, int]
    duration_ns: int


Stage: TypeAlias = RateStage | UsersStage


def rate_stage(place: Place, **fields: Any) -> RateStage:
    """An open stage from its keys; `for` is no name in Python."""
    return RateStage(place, duration_ns=fields.pop("for"), **fields)


def users_stage(place: Place, **fields: Any) -> UsersStage:
    """A closed stage from its keys."""
    return UsersStage(place, duration_ns=fields.pop("for"), **fields)


class Tls(NamedTuple):
    """How TLS is spoken."""

    place: Place
    insecure: bool = False
    ca_file: Template | None = None
    resumption: Literal["none", "per_user", "shared"] = "per_user"


class Limits(NamedTuple):
    """How much of a response is accepted, in bytes."""

    place: Place
    head: int | None = None
    body: int | None = None


class Scenario(NamedTuple):
    """A whole scenario."""

    place: Place
    name: Template | None = None
    target: Template | None = None
    variables: tuple[tuple[Scalar, Scalar], ...] = ()
    flows: tuple[Flow, ...] = ()
    steps: tuple[Step, ...] | None = None
    load: tuple[Stage, ...] | None = None
    arrivals: Arrivals | None = None
    thresholds: tuple[Template, ...] = ()
    headers: Pairs = ()
    connections: Literal["reuse", "per_user", "per_request"] = "reuse"
    tls: Tls | None = None
    timeout: int = 30_000_000_000
    connect_timeout: int = 10_000_000_000
    max_in_flight: int = 10_000
    grace: int = 30_000_000_000
    seed: int = 1
    allow: tuple[Template, ...] = ()
    limits: Limits | None = None
    unreadable: frozenset[str] = frozenset()
    """Keys that were given, but with errors in their values."""
