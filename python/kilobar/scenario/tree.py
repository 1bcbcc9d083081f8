"""A scenario as it was written, typed and with the place of everything; what the tables of `language` are read into.

Values that must be known before the run are already values; texts that may change during the run are templates.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

from kilobar.errors import Place
from kilobar.scenario.json_body import Encoded
from kilobar.scenario.pieces import Known, Template
from kilobar.scenario.values import ProxyAddress
from kilobar.scenario.yaml_nodes import Node, Scalar

Pairs: TypeAlias = tuple[tuple[Scalar, Template], ...]
Fields: TypeAlias = tuple[tuple[Template, tuple[Template, ...]], ...]
"""Keys, each with its values; for queries and forms."""
Arrivals = Literal["uniform", "poisson"]


class JsonValue(NamedTuple):
    """A JSON value as it was written, and the pieces of its JSON text."""

    node: Node
    encoded: Encoded

    @property
    def is_secret(self) -> bool:
        """Whether any of it came from the environment."""
        return any(isinstance(piece, Known) and piece.secret for piece, _ in self.encoded)


class SaveRule(NamedTuple):
    """Where in the response the value is. At most one of the places is given; none only after an error."""

    place: Place
    json: Template | None = None
    xpath: Template | None = None
    css: Template | None = None
    attribute: Template | None = None
    regex: Template | None = None
    group: int | None = None
    header: Template | None = None
    cookie: Template | None = None
    status: bool = False
    body: bool = False
    value: Template | None = None
    pick: Literal["first", "random", "all"] | int | None = None
    default: Template | None = None


def save_rule(place: Place, unreadable: frozenset[str], **fields: Any) -> SaveRule:
    """A rule that survives its errors, so that the variable is known to later steps."""
    return SaveRule(place, **fields)


class Matcher(NamedTuple):
    """What a value must be."""

    place: Place
    equals: JsonValue | None = None
    ne: JsonValue | None = None
    exists: bool | None = None
    contains: Template | None = None
    matches: Template | None = None
    lt: Template | None = None
    le: Template | None = None
    gt: Template | None = None
    ge: Template | None = None


def matcher(place: Place, **fields: Any) -> Matcher:
    """A matcher from its keys."""
    return Matcher(place, **fields)


class Bounds(NamedTuple):
    """Bounds of a number of bytes or ns."""

    place: Place
    lt: int | None = None
    le: int | None = None
    eq: int | None = None
    ge: int | None = None
    gt: int | None = None


Matched: TypeAlias = tuple[tuple[Scalar, JsonValue | Matcher], ...]


class Check(NamedTuple):
    """What the response must be."""

    place: Place
    name: Template | None = None
    status: tuple[tuple[int, int], ...] | None = None
    """Inclusive ranges."""
    size: Bounds | None = None
    time: Bounds | None = None
    header: Matched = ()
    json: Matched = ()
    xpath: Matched = ()
    css: Matched = ()
    regex: tuple[Template, ...] = ()
    contains: tuple[Template, ...] = ()
    not_: tuple[Check, ...] = ()
    warn: tuple[Check, ...] = ()


class Basic(NamedTuple):
    """User and password."""

    place: Place
    user: Template
    password: Template


class Auth(NamedTuple):
    """How requests are authenticated; exactly one is given."""

    place: Place
    basic: Basic | None = None
    bearer: Template | None = None


class Part(NamedTuple):
    """One part of a multipart body."""

    place: Place
    text: Template | None = None
    file: Template | None = None
    filename: Template | None = None
    content_type: Template | None = None


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
    cookies: Pairs = ()
    auth: Auth | Literal["none"] | None = None
    json: JsonValue | None = None
    form: Fields | None = None
    multipart: tuple[tuple[Template, tuple[Template | Part, ...]], ...] | None = None
    body: Template | None = None
    body_file: Template | None = None
    timeout_ns: int | None = None
    redirects: int | None = None
    expect: Literal["100-continue"] | None = None
    check: tuple[Check, ...] = ()
    save: tuple[tuple[Scalar, SaveRule | Template], ...] = ()
    """A template is a JSON path."""


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


class ThinkLaw(NamedTuple):
    """A law of waiting, in ns; one of `exponential` and `pacing` is given."""

    place: Place
    exponential: int | None = None
    max: int | None = None
    pacing: int | None = None


class ThinkStep(NamedTuple):
    """Waits: between two bounds in ns, or by a law."""

    place: Place
    think: tuple[int, int] | ThinkLaw


class SetStep(NamedTuple):
    """Gives variables values."""

    place: Place
    set: Pairs


class IfStep(NamedTuple):
    """Executes some steps or others."""

    place: Place
    if_: Scalar
    """The condition as it was written."""
    then: tuple[Step, ...]
    else_: tuple[Step, ...] = ()


class RepeatStep(NamedTuple):
    """Executes steps several times."""

    place: Place
    repeat: Template
    steps: tuple[Step, ...]
    as_: Scalar | None = None


class WhileStep(NamedTuple):
    """Executes steps as long as a condition holds."""

    place: Place
    while_: Scalar
    """The condition as it was written."""
    max: int
    steps: tuple[Step, ...]


class ForEachStep(NamedTuple):
    """Executes steps for each entry of a list."""

    place: Place
    for_each: Template | JsonValue
    as_: Scalar
    steps: tuple[Step, ...]


class GroupStep(NamedTuple):
    """Executes steps and counts them together."""

    place: Place
    group: Template
    steps: tuple[Step, ...]


class ParallelStep(NamedTuple):
    """Executes steps at the same time."""

    place: Place
    parallel: tuple[Step, ...]
    max: int = 6


class ExitStep(NamedTuple):
    """Ends the iteration, the user or the run."""

    place: Place
    what: Literal["fail", "stop_user", "stop_run"]
    message: Template


def fail_step(place: Place, fail: Template) -> ExitStep:
    """Ends the iteration as failed."""
    return ExitStep(place, "fail", fail)


def stop_user_step(place: Place, stop_user: Template) -> ExitStep:
    """Ends the user."""
    return ExitStep(place, "stop_user", stop_user)


def stop_run_step(place: Place, stop_run: Template) -> ExitStep:
    """Ends the run."""
    return ExitStep(place, "stop_run", stop_run)


class IncludeStep(NamedTuple):
    """The steps of another file."""

    place: Place
    include: tuple[Step, ...] | None
    """None when it could not be read."""


Step: TypeAlias = (
    RequestStep
    | ThinkStep
    | SetStep
    | IfStep
    | RepeatStep
    | WhileStep
    | ForEachStep
    | GroupStep
    | ParallelStep
    | ExitStep
    | IncludeStep
)


class IncludedFile(NamedTuple):
    """A file with steps."""

    place: Place
    steps: tuple[Step, ...] = ()
    unreadable: frozenset[str] = frozenset()
    """Keys that were given, but with errors in their values."""


class Flow(NamedTuple):
    """A sequence of steps with its relative frequency."""

    place: Place
    steps: tuple[Step, ...]
    name: Template | None = None
    weight: float = 1.0
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()


class Data(NamedTuple):
    """Where rows come from."""

    place: Place
    file: Template | None = None
    rows: tuple[tuple[tuple[Scalar, JsonValue], ...], ...] | None = None
    format: Literal["csv", "jsonl", "parquet"] | None = None
    columns: tuple[Template, ...] = ()
    delimiter: Template | None = None
    pick: Literal["unique", "sequential", "shuffle", "random"] = "sequential"
    per: Literal["iteration", "user"] = "iteration"
    when_exhausted: Literal["stop", "recycle", "fail"] | None = None


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


def rate_stage(place: Place, for_: int, **fields: Any) -> RateStage:
    """An open stage from its keys."""
    return RateStage(place, duration_ns=for_, **fields)


def users_stage(place: Place, for_: int, **fields: Any) -> UsersStage:
    """A closed stage from its keys."""
    return UsersStage(place, duration_ns=for_, **fields)


class Tls(NamedTuple):
    """How TLS is spoken."""

    place: Place
    insecure: bool = False
    ca_file: Template | None = None
    cert: Template | None = None
    key: Template | None = None
    sni: Template | None = None
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
    data: tuple[tuple[Scalar, Data], ...] = ()
    setup: tuple[Step, ...] = ()
    flows: tuple[Flow, ...] = ()
    steps: tuple[Step, ...] | None = None
    teardown: tuple[Step, ...] = ()
    load: tuple[Stage, ...] | None = None
    arrivals: Arrivals | None = None
    thresholds: tuple[Template, ...] = ()
    headers: Pairs = ()
    auth: Auth | None = None
    cookies: Literal["off", "per_iteration", "per_user"] = "per_iteration"
    redirects: int = 0
    http: Literal["1.1", "2", "h2c"] = "1.1"
    proxy: ProxyAddress | None = None
    resolve: Pairs = ()
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
