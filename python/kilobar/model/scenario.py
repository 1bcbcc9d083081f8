"""A scenario as a typed document: what a person writes in Python, what importers make, what the YAML file holds.

Every class is a mapping of the YAML form and every attribute one of its keys, with the same meaning: see
docs/reference/scenario.md. A key that is a word of Python has an underscore behind it (`if_`, `for_`). None and empty
values are left out. Texts may hold `${...}`, durations and sizes are written with their units ("200ms", "20kB").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Text: TypeAlias = str
"""May hold `${...}`."""
Duration: TypeAlias = str
"""For example "200ms", "1m30s"."""
JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
"""Texts in it may hold `${...}`; one that is a single hole keeps the type of the value."""
Scalar: TypeAlias = str | int | float | bool
Fields: TypeAlias = "dict[str, Scalar | list[Scalar]]"


@dataclass(kw_only=True)
class Matcher:
    """What a value must be. All that is given must hold."""

    equals: JsonValue = None
    exists: bool | None = None
    contains: Text | None = None
    matches: str | None = None
    """A regular expression that matches somewhere in it."""
    lt: Scalar | None = None
    le: Scalar | None = None
    gt: Scalar | None = None
    ge: Scalar | None = None
    ne: JsonValue = None


@dataclass(kw_only=True)
class Bounds:
    """Bounds of a size ("20kB") or time ("500ms"). All that are given must hold."""

    lt: Scalar | None = None
    le: Scalar | None = None
    eq: Scalar | None = None
    ge: Scalar | None = None
    gt: Scalar | None = None


@dataclass(kw_only=True)
class Check:
    """What the response must be; each entry is a check with a name of its own in the report."""

    name: str | None = None
    """Stands before the names of these checks."""
    status: Scalar | list[Scalar] | None = None
    """200, "2xx", "200-299", or a list of them."""
    size: Bounds | None = None
    """Of the body, decoded."""
    time: Bounds | None = None
    header: dict[str, JsonValue | Matcher] = field(default_factory=dict)
    """Header -> text that it equals, or matcher."""
    json: dict[str, JsonValue | Matcher] = field(default_factory=dict)
    """JSON path -> value that it equals, or matcher."""
    xpath: dict[str, JsonValue | Matcher] = field(default_factory=dict)
    css: dict[str, JsonValue | Matcher] = field(default_factory=dict)
    regex: str | list[str] | None = None
    """Matches somewhere in the body."""
    contains: Text | list[Text] | None = None
    """Is somewhere in the body."""
    not_: Check | list[Check] | None = None
    """None of these may hold."""
    warn: Check | list[Check] | None = None
    """Failures of these are counted and nothing more."""


@dataclass(kw_only=True)
class Save:
    """Where in the response a value is. Exactly one place is given."""

    json: str | None = None
    xpath: str | None = None
    css: str | None = None
    attribute: str | None = None
    """Of the element that `css` finds; else its text."""
    regex: str | None = None
    group: int | None = None
    """Of `regex`; 0 is the whole match. Else group 1 if there is one."""
    header: str | None = None
    cookie: str | None = None
    status: Literal[True] | None = None
    """The status code."""
    body: Literal[True] | None = None
    """The whole body."""
    value: Text | None = None
    """No place in the response: a constant, or made of other values."""
    pick: Literal["first", "random", "all"] | int | None = None
    """Which of several; "all" gives a JSON array, a number is an index."""
    default: Text | None = None
    """Taken when there is none; else the step fails."""


@dataclass(kw_only=True)
class Part:
    """One part of a multipart body: a text or a file."""

    text: Text | None = None
    file: str | None = None
    """Path, relative to the scenario."""
    filename: Text | None = None
    """Told to the server; for a file its own name by default."""
    content_type: str | None = None


@dataclass(kw_only=True)
class Basic:
    """User and password, as the `Authorization: Basic` header."""

    user: Text
    password: Text


@dataclass(kw_only=True)
class Auth:
    """How requests are authenticated; one of the two. To an address that is known only at run time, credentials of the
    whole scenario are sent only when the scenario names its host; those of the step itself always are."""

    basic: Basic | None = None
    bearer: Text | None = None
    """The token."""


@dataclass(kw_only=True)
class Request:
    """Sends one HTTP request and waits for its response. Written `get: URL`, or `request: {method: M, url: URL}`."""

    method: str
    """Upper case."""
    url: Text
    """Path below `target`, or absolute URL."""
    name: str | None = None
    """Name it is counted under; method and path by default."""
    params: Fields = field(default_factory=dict)
    headers: dict[str, Text] = field(default_factory=dict)
    cookies: dict[str, Text] = field(default_factory=dict)
    """Sent with this request, besides those of the user's jar."""
    auth: Auth | Literal["none"] | None = None
    """"none" leaves out that of the scenario."""
    json: JsonValue = None
    """Body. To send `null`, use `body: "null"`."""
    form: Fields = field(default_factory=dict)
    """URL-encoded body."""
    multipart: dict[str, Text | Part | list[Text | Part]] = field(default_factory=dict)
    body: Text | None = None
    body_file: str | None = None
    """Path of a file whose bytes are the body, relative to the scenario."""
    timeout: Duration | None = None
    redirects: int | None = None
    """How many are followed; 0: a redirect is a response like others."""
    expect: Literal["100-continue"] | None = None
    check: Check | list[Check] | None = None
    save: dict[str, Save] = field(default_factory=dict)


@dataclass(kw_only=True)
class Think:
    """Waits: "1s", "200ms..800ms", or one of the laws."""

    think: Duration | ThinkLaw


@dataclass(kw_only=True)
class ThinkLaw:
    """A law of waiting; exactly one of `exponential` and `pacing`."""

    exponential: Duration | None = None
    """Mean."""
    max: Duration | None = None
    """Longest wait of `exponential`; ten times the mean by default."""
    pacing: Duration | None = None
    """Until so long after the start of the iteration."""


@dataclass(kw_only=True)
class Set:
    """Gives variables values."""

    set: dict[str, Scalar]


@dataclass(kw_only=True)
class If:
    """`if: ${n} > 3`: executes `then` or `else`."""

    if_: str
    then: list[Step]
    else_: list[Step] = field(default_factory=list)


@dataclass(kw_only=True)
class Repeat:
    """`repeat: 3`: executes steps several times."""

    repeat: int | Text
    steps: list[Step]
    as_: str | None = None
    """Variable with the number of the turn, from 1."""


@dataclass(kw_only=True)
class While:
    """`while: ${state} != done`: executes steps as long as the condition holds, at most `max` times."""

    while_: str
    max: int
    steps: list[Step]


@dataclass(kw_only=True)
class ForEach:
    """`for_each: ${items}`: executes steps for each entry of a JSON array, or of a list in the scenario."""

    for_each: Text | list[JsonValue]
    as_: str
    steps: list[Step]


@dataclass(kw_only=True)
class Group:
    """`group: checkout`: executes steps and counts them together, think times left out."""

    group: str
    steps: list[Step]


@dataclass(kw_only=True)
class Parallel:
    """`parallel: [...]`: executes steps at the same time, as a browser loads a page."""

    parallel: list[Step]
    max: int | None = None
    """How many at once; 6 by default, as browsers do."""


@dataclass(kw_only=True)
class Fail:
    """`fail: reason`: the iteration fails."""

    fail: Text


@dataclass(kw_only=True)
class StopUser:
    """`stop_user: reason`: the user leaves, nothing failed."""

    stop_user: Text


@dataclass(kw_only=True)
class StopRun:
    """`stop_run: reason`: the run ends as a person would stop it."""

    stop_run: Text


@dataclass(kw_only=True)
class Include:
    """`include: login.yaml`: the steps of another file, relative to this one."""

    include: str


Step: TypeAlias = (
    Request | Think | Set | If | Repeat | While | ForEach | Group | Parallel | Fail | StopUser | StopRun | Include
)


@dataclass(kw_only=True)
class Flow:
    """What a virtual user does in one iteration; chosen by weight."""

    name: str | None = None
    weight: int | float | None = None
    before: list[Step] = field(default_factory=list)
    """Once per user; what is saved is there in all its iterations of this flow."""
    steps: list[Step]
    after: list[Step] = field(default_factory=list)
    """Once per user, when it leaves."""


@dataclass(kw_only=True)
class Data:
    """Rows; the columns are `${name.column}`. Exactly one of `file` and `rows`."""

    file: str | None = None
    """CSV, JSONL or Parquet by its ending, relative to the scenario."""
    rows: list[dict[str, JsonValue]] = field(default_factory=list)
    format: Literal["csv", "jsonl", "parquet"] | None = None
    columns: list[str] = field(default_factory=list)
    """Names for a CSV file without a header."""
    delimiter: str | None = None
    """Of CSV; "," by default."""
    pick: Literal["unique", "sequential", "shuffle", "random"] | None = None
    """"sequential" by default."""
    per: Literal["iteration", "user"] | None = None
    """"iteration" by default."""
    when_exhausted: Literal["stop", "recycle", "fail"] | None = None
    """"stop" for unique, "recycle" for the others by default."""


@dataclass(kw_only=True)
class Rate:
    """An open stage: iterations start at this rate, for example "0/s to 500/s"."""

    rate: str
    for_: Duration
    arrivals: Literal["uniform", "poisson"] | None = None


@dataclass(kw_only=True)
class Users:
    """A closed stage: so many users, for example 50 or "0 to 50"."""

    users: int | str
    for_: Duration


@dataclass(kw_only=True)
class Tls:
    """How TLS is spoken."""

    insecure: bool | None = None
    ca_file: str | None = None
    cert: str | None = None
    """PEM file with the certificate of the client."""
    key: str | None = None
    """PEM file with its key."""
    sni: str | None = None
    """Name asked for in the handshake, instead of the host."""
    resumption: Literal["none", "per_user", "shared"] | None = None


@dataclass(kw_only=True)
class Limits:
    """How much of a response is accepted."""

    head: str | None = None
    body: str | None = None


@dataclass(kw_only=True)
class Scenario:
    """A whole scenario."""

    name: str | None = None
    target: Text | None = None
    variables: dict[str, Scalar] = field(default_factory=dict)
    """Constants; may use ${env.X:-default} and constants above."""
    data: dict[str, Data] = field(default_factory=dict)
    setup: list[Step] = field(default_factory=list)
    """Once per run; what is saved reaches all users."""
    flows: list[Flow] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    """Short form of a single flow."""
    teardown: list[Step] = field(default_factory=list)
    load: list[Rate | Users] = field(default_factory=list)
    arrivals: Literal["uniform", "poisson"] | None = None
    thresholds: list[str] = field(default_factory=list)
    headers: dict[str, Text] = field(default_factory=dict)
    auth: Auth | None = None
    """Of all requests that have none of their own and no `authorization` header."""
    cookies: Literal["per_iteration", "per_user", "off"] | None = None
    """The jar of a user; "per_iteration" by default: an iteration starts with the cookies of setup and before."""
    redirects: int | None = None
    """Of all requests; 0 by default."""
    http: Literal["1.1", "2", "h2c"] | None = None
    proxy: str | None = None
    """For example "http://127.0.0.1:3128"."""
    resolve: dict[str, str] = field(default_factory=dict)
    """Host name -> address used for it."""
    connections: Literal["reuse", "per_user", "per_request"] | None = None
    tls: Tls | None = None
    timeout: Duration | None = None
    connect_timeout: Duration | None = None
    max_in_flight: int | None = None
    grace: Duration | None = None
    seed: int | None = None
    allow: list[str] = field(default_factory=list)
    limits: Limits | None = None
