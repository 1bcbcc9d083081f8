"""The scenario language, declared once.

The reader (`parse`), the JSON Schema (`schema`) and the reference page (`reference`) are all made from these tables,
so a new construct is a new row here, a class in `tree` and its meaning in `lower`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from kilobar.model import units
from kilobar.scenario import tree, values


class Value(NamedTuple):
    """A scalar that is known before the run and read by a function, which raises UnitError."""

    name: str
    code: str
    """Of the diagnostic when it cannot be read."""
    read: Callable[[str], Any]
    pattern: str
    """What an editor accepts as text: a regular expression for the whole of it."""
    json_type: str | None = None
    """What else it may be in JSON: "integer", "number" or "boolean"."""


class Choice(NamedTuple):
    """One of some words."""

    options: tuple[str, ...]


class Text(NamedTuple):
    """A text. With `constant`, all its holes must be known before the run."""

    name: str = "text"
    constant: bool = False


class Name(NamedTuple):
    """A text that reports show: constant, without secrets, 1 to MAX_NAME printable characters."""

    name: str = "name"


class Json(NamedTuple):
    """Any YAML value, sent as JSON."""

    name: str = "JSON value"


class Constant(NamedTuple):
    """The value of a constant: a scalar."""

    name: str = "constant"


class ListOf(NamedTuple):
    """A list with at least one entry. With `single`, one entry may stand without a list."""

    item: Type
    single: bool = False


class MapOf(NamedTuple):
    """Keys that the user chooses, with values of one type."""

    value: Type
    key: str
    """What a key is, in words."""
    holes_in_keys: bool = False
    """Keys may use constants."""


class Field(NamedTuple):
    """One key of a record."""

    name: str
    type: Type
    doc: str
    example: str
    """A value, in YAML."""
    required: bool = False
    default: str | None = None
    """In words, when it is not simply absent."""


class Record(NamedTuple):
    """A mapping with fixed keys."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    make: Callable[..., Any]
    """Builds the value from `place` and the fields that are present."""
    selectors: tuple[str, ...] = ()
    """Among variants: the keys of which exactly one makes a mapping this record."""
    exclusive: tuple[tuple[str, ...], ...] = ()
    """Groups of keys of which at most one may be there."""
    one_of: tuple[str, ...] = ()
    """Keys of which at least one must be there."""
    keeps_going: bool = False
    """Built even when keys are missing or wrong, so that what depends on it is checked too. `make` is told in
    `unreadable` which keys had errors in their values."""


class Variants(NamedTuple):
    """One of several records, told apart by the keys that are there."""

    name: str
    doc: str
    records: tuple[Record, ...]


Type: TypeAlias = Value | Choice | Text | Name | Json | Constant | ListOf | MapOf | Record | Variants

MAX_NAME = 200

_CODE = "[1-5][0-9][0-9]"
_N = r"[0-9]+(\.[0-9]+)?"
_DURATION = rf"({_N} ?(ns|us|µs|ms|s|m|h|d) ?)+"
_RATE = rf"{_N} ?/ ?(s|min|m|h)"

DURATION = Value("duration", "bad-duration", values.parse_positive_duration, _DURATION)
GRACE = Value("duration", "bad-duration", units.parse_duration, _DURATION)
THINK = Value("duration or range", "bad-duration", values.parse_think, rf"{_DURATION}(\.\.{_DURATION})?")
RATE = Value("rate", "bad-rate", partial(units.parse_ramp, parse_one=units.parse_rate), rf"{_RATE}( to {_RATE})?")
USERS = Value(
    "number of users", "bad-number", partial(units.parse_ramp, parse_one=units.parse_count), r"[0-9]+( to [0-9]+)?",
    "integer",
)  # fmt: skip
SIZE = Value("size", "bad-size", values.parse_limit, rf"{_N} ?({'|'.join(units.SIZE_UNITS)})")
IN_FLIGHT = Value("whole number", "bad-number", values.parse_in_flight, "[0-9]+", "integer")
SEED = Value("whole number", "bad-number", values.parse_seed, "[0-9]+", "integer")
WEIGHT = Value("number", "bad-number", values.parse_weight, _N, "number")
FLAG = Value("truth value", "bad-value", values.parse_flag, "true|false", "boolean")
STATUS = Value("status", "bad-status", values.parse_status, rf"{_CODE}( ?- ?{_CODE})?|[1-5](xx|XX)", "integer")
METHOD = Value("method", "bad-method", values.parse_method, "[A-Za-z0-9!#$%&'*+.^_`|~-]+")

NAME = Name()
SETTING = Text(constant=True)
RUN_TEXT = Text("template")
URL = Text("URL template")
ARRIVALS = Choice(("uniform", "poisson"))

SAVE_RULE = Record(
    "save rule",
    "Where in the response the value is. A response without it fails the step (class `extract`).",
    (Field("json", SETTING, "A JSON path into the body.", '"$.items[0].id"', required=True),),
    tree.save_rule,
    keeps_going=True,
)
CHECK = Record(
    "check section",
    "What the response must be; else the step fails and ends the iteration.",
    (
        Field(
            "status",
            ListOf(STATUS, single=True),
            "Status codes that count as success: a code, a class, a range or a list of them.",
            "[200, 201]",
            default="200-399",
        ),
    ),
    tree.Check,
)
REQUEST_LINE = Record(
    "request line",
    "Method and address, for methods that have no key of their own.",
    (
        Field("method", METHOD, "The method.", "PROPFIND", required=True),
        Field("url", URL, "Path below `target`, or absolute URL.", "/files", required=True),
    ),
    tree.RequestLine,
)
_METHOD_FIELDS = tuple(
    Field(key, URL, f"Sends {key.upper()} to this path below `target`, or to this absolute URL.", "/items/${id}")
    for key in tree.METHOD_KEYS
)
REQUEST = Record(
    "request step",
    "Sends one HTTP request and waits for the whole response. Exactly one of the method keys must be there.",
    (
        *_METHOD_FIELDS,
        Field("request", REQUEST_LINE, "Any other method.", "{method: PROPFIND, url: /files}"),
        Field(
            "name",
            NAME,
            "The name it is counted under. Steps with the same name are counted together.",
            "show item",
            default="method and path, holes kept as `{id}`, query left out",
        ),
        Field(
            "params",
            MapOf(ListOf(RUN_TEXT, single=True), "parameter", holes_in_keys=True),
            "Parameters that are encoded and added to the query; a list gives a parameter several times.",
            "{page: 2, tag: [new, red]}",
        ),
        Field(
            "headers",
            MapOf(RUN_TEXT, "header"),
            "Headers, besides those of the scenario, which they replace.",
            '{authorization: "Bearer ${token}"}',
        ),
        Field(
            "json",
            Json(),
            "The body as JSON. A text that is only `${x}` keeps the type of the value, numbers keep their digits.",
            '{item: "${id}", price: 1.10}',
        ),
        Field(
            "form",
            MapOf(ListOf(RUN_TEXT, single=True), "form field", holes_in_keys=True),
            "The body as a URL-encoded form.",
            "{user: ann, tag: [new, red]}",
        ),
        Field("body", RUN_TEXT, "The body as it stands.", "\"<order id='7'/>\""),
        Field(
            "timeout",
            DURATION,
            "Limit from the start of the request to the end of its response, connecting excluded.",
            "5s",
            default="`timeout` of the scenario",
        ),
        Field("check", CHECK, "What the response must be.", "{status: 200}"),
        Field(
            "save",
            MapOf(SAVE_RULE, "variable"),
            "Values of the response to keep for later steps of the same iteration.",
            '{id: {json: "$.items[0].id"}}',
        ),
    ),
    tree.request_step,
    selectors=(*tree.METHOD_KEYS, "request"),
    exclusive=(("json", "form", "body"),),
)
THINK_STEP = Record(
    "think step",
    "Waits, as a person does between clicks.",
    (Field("think", THINK, "How long; of a range, uniformly at random.", "200ms..800ms", required=True),),
    tree.ThinkStep,
    selectors=("think",),
)
STEP = Variants("step", "One thing that an iteration does. The first step that fails ends it.", (REQUEST, THINK_STEP))
FLOW = Record(
    "flow",
    "What a virtual user does in one iteration. A flow is chosen by weight for each iteration.",
    (
        Field("name", NAME, "Its name in reports.", "browse", default="`flow 1`, `flow 2`, ..."),
        Field("weight", WEIGHT, "Its frequency relative to the other flows; 0 switches it off.", "3", default="1"),
        Field("steps", ListOf(STEP), "What is done, in order.", "[{get: /}]", required=True),
    ),
    tree.Flow,
)
RATE_STAGE = Record(
    "rate stage",
    "An open stage: iterations start at this rate, however long the answers take.",
    (
        Field("rate", RATE, "Iterations started per unit of time; `A to B` ramps.", "0/s to 500/s", required=True),
        Field("for", DURATION, "How long.", "1m", required=True),
        Field("arrivals", ARRIVALS, "As at the top level; all stages must agree.", "poisson"),
    ),
    tree.rate_stage,
    selectors=("rate",),
)
USERS_STAGE = Record(
    "users stage",
    "A closed stage: each of this many users starts an iteration when its previous one has ended.",
    (
        Field("users", USERS, "How many; `A to B` ramps.", "0 to 50", required=True),
        Field("for", DURATION, "How long.", "1m", required=True),
    ),
    tree.users_stage,
    selectors=("users",),
)
STAGE = Variants("stage", "One stage of the load. Stages follow each other.", (RATE_STAGE, USERS_STAGE))
TLS = Record(
    "tls section",
    "How TLS is spoken.",
    (
        Field("insecure", FLAG, "Certificates are not verified. Said in the report.", "true", default="false"),
        Field(
            "ca_file",
            SETTING,
            "PEM file with certificate authorities to trust besides the built-in ones, relative to the scenario.",
            "ca.pem",
        ),
        Field(
            "resumption",
            Choice(("none", "per_user", "shared")),
            "Who may resume whose TLS session.",
            "shared",
            default="per_user",
        ),
    ),
    tree.Tls,
)
LIMITS = Record(
    "limits section",
    "How much of one response is accepted; more fails the step.",
    (
        Field("head", SIZE, "Status line and headers.", "64KiB", default="64KiB"),
        Field("body", SIZE, "Body.", "10MB", default="64MiB"),
    ),
    tree.Limits,
)
SCENARIO = Record(
    "scenario",
    "The whole file.",
    (
        Field("name", NAME, "What the run is called.", "checkout", default="the file name without its ending"),
        Field(
            "target",
            SETTING,
            "Where paths go: scheme, host, port and optionally a base path.",
            "${env.SHOP_URL:-http://127.0.0.1:8700}",
        ),
        Field(
            "variables",
            MapOf(Constant(), "constant"),
            "Constants, usable as `${name}` everywhere below. They are filled in from top to bottom.",
            "{tenant: acme, page_size: 20}",
        ),
        Field("flows", ListOf(FLOW), "What virtual users do.", "[{steps: [{get: /}]}]"),
        Field("steps", ListOf(STEP), "Short form of `flows` for a single flow.", "[{get: /}]"),
        Field(
            "load",
            ListOf(STAGE, single=True),
            "When iterations start: one stage or a list.",
            "{rate: 500/s, for: 1m}",
            default="one user for 10 s, with a warning",
        ),
        Field(
            "arrivals",
            ARRIVALS,
            "How arrivals are spread within a rate: evenly, or as independent users come.",
            "poisson",
            default="uniform",
        ),
        Field(
            "thresholds",
            ListOf(SETTING),
            "What the run must fulfil to pass.",
            '["p99 < 250ms", "errors < 0.1%"]',
        ),
        Field("headers", MapOf(RUN_TEXT, "header"), "Headers of all requests.", "{accept: application/json}"),
        Field(
            "connections",
            Choice(("reuse", "per_user", "per_request")),
            "Who may use a kept-alive connection again: any user, only the one that opened it, nobody.",
            "per_user",
            default="reuse",
        ),
        Field("tls", TLS, "How TLS is spoken.", "{insecure: true}"),
        Field("timeout", DURATION, "Limit of each request, connecting excluded.", "10s", default="30s"),
        Field("connect_timeout", DURATION, "Limit for dns, connect and TLS together.", "3s", default="10s"),
        Field(
            "max_in_flight",
            IN_FLIGHT,
            "Iterations that may be in flight at once, over all workers. An arrival past it is dropped and counted.",
            "20000",
            default="10000",
        ),
        Field("grace", GRACE, "How long in-flight work may go on after the load.", "10s", default="30s"),
        Field("seed", SEED, "Seeds all that is random, so that a run can be repeated.", "7", default="1"),
        Field(
            "allow",
            ListOf(SETTING, single=True),
            "Public hosts that may be loaded. Loopback and private addresses always may.",
            "[shop.example.com]",
        ),
        Field("limits", LIMITS, "How much of one response is accepted.", "{body: 10MB}"),
    ),
    tree.Scenario,
    exclusive=(("flows", "steps"),),
    one_of=("flows", "steps"),
    keeps_going=True,
)


def records() -> Mapping[str, Record | Variants]:
    """Everything with a section of its own in the reference, by name, the whole file first."""
    found: dict[str, Record | Variants] = {}

    def walk(of: Type) -> None:
        match of:
            case Record(name=name, fields=fields):
                found.setdefault(name, of)
                for field in fields:
                    walk(field.type)
            case Variants(name=name, records=variants):
                found.setdefault(name, of)
                for record in variants:
                    walk(record)
            case ListOf(item=item):
                walk(item)
            case MapOf(value=value):
                walk(value)

    walk(SCENARIO)
    return found
