"""The scenario language, declared once.

The reader (`parse`), the JSON Schema (`schema`) and the reference page (`reference`) are all made from these tables,
so a new construct is a new row here (or in `step_tables`, `request_tables`), a class in `tree` and its meaning in one
of the modules that lower.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from kilobar.scenario import tree
from kilobar.scenario.grammar import (
    ByShape,
    Choice,
    Constant,
    Field,
    Json,
    ListOf,
    MapOf,
    Named,
    Record,
    Type,
    Variants,
)
from kilobar.scenario.request_tables import AUTH
from kilobar.scenario.step_tables import INCLUDED_FILE, STEP, STEPS
from kilobar.scenario.vocabulary import (
    ARRIVALS,
    DURATION,
    FLAG,
    GRACE,
    IN_FLIGHT,
    NAME,
    PATH,
    PROXY,
    RATE,
    REDIRECTS,
    RUN_TEXT,
    SEED,
    SETTING,
    SIZE,
    USERS,
    WEIGHT,
)

FLOW = Record(
    "flow",
    "What a virtual user does in one iteration. A flow is chosen by weight for each iteration.",
    (
        Field("name", NAME, "Its name in reports.", "browse", default="`flow 1`, `flow 2`, ..."),
        Field("weight", WEIGHT, "Its frequency relative to the other flows; 0 switches it off.", "3", default="1"),
        Field(
            "before",
            STEPS,
            "Done once per user, before its first iteration of this flow. What is saved there is kept for all of them.",
            "[{post: /session}]",
        ),
        Field("steps", STEPS, "What is done, in order.", "[{get: /}]", required=True),
        Field("after", STEPS, "Done once per user that has done `before`, when it leaves.", "[{delete: /session}]"),
    ),
    tree.Flow,
    example="before",
)
DATA = Record(
    "data set",
    "Rows of data; `${name.column}` is a value of the row that the iteration or user has.",
    (
        Field("file", PATH, "CSV, JSONL or Parquet, relative to the scenario.", "accounts.csv"),
        Field("rows", ListOf(MapOf(Json(), "column")), "The rows themselves.", "[{user: ann}, {user: bob}]"),
        Field("format", Choice(("csv", "jsonl", "parquet")), "How the file is written.", "csv",
              default="by the ending of the file"),
        Field("columns", ListOf(SETTING), "Names of the columns of a CSV file without a header.", "[user, password]"),
        Field("delimiter", SETTING, "Between the values of a CSV file.", '";"', default='`,`'),
        Field("pick", Choice(("unique", "sequential", "shuffle", "random")),
              "Which row comes next: each once, in order, in a random order, any.", "unique", default="sequential"),
        Field("per", Choice(("iteration", "user")), "Who gets a row.", "user", default="iteration"),
        Field("when_exhausted", Choice(("stop", "recycle", "fail")),
              "What happens when no row is left: the user leaves, the rows begin again, the iteration fails.", "fail",
              default="`stop` for `unique`, else `recycle`"),
    ),
    tree.Data,
    exclusive=(("file", "rows"), ("rows", "format"), ("rows", "columns"), ("rows", "delimiter")),
    one_of=("file", "rows"),
    example="data",
)  # fmt: skip
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
            PATH,
            "PEM file with certificate authorities to trust besides the built-in ones, relative to the scenario.",
            "ca.pem",
        ),
        Field("cert", PATH, "PEM file with the certificate of the client, relative to the scenario.", "client.pem"),
        Field("key", PATH, "PEM file with its private key.", "client-key.pem"),
        Field("sni", SETTING, "The name asked for in the handshake.", "shop.example.com", default="the host"),
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
        Field(
            "data", MapOf(DATA, "data set"), "Rows that iterations and users get.", "{accounts: {file: accounts.csv}}"
        ),
        Field(
            "setup",
            STEPS,
            "Done once per run, before the load. What is saved there is there for all users of all machines.",
            "[{post: /login, save: {token: $.token}}]",
        ),
        Field("flows", ListOf(FLOW), "What virtual users do.", "[{steps: [{get: /}]}]"),
        Field("steps", ListOf(STEP), "Short form of `flows` for a single flow.", "[{get: /}]"),
        Field("teardown", STEPS, "Done once per run, after the load, with the values of `setup`.", "[{post: /logout}]"),
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
            "auth",
            AUTH,
            "How all requests are authenticated that have no `authorization` of their own.",
            '{bearer: "${env.TOKEN:-none}"}',
        ),
        Field(
            "cookies",
            Choice(("per_iteration", "per_user", "off")),
            "Who keeps the cookies that servers set. `per_iteration`: an iteration starts with those of `setup` and "
            "`before`.",
            "per_user",
            default="per_iteration",
        ),
        Field(
            "redirects",
            REDIRECTS,
            "How many redirects are followed; see [request step](#request-step).",
            "5",
            default="0",
        ),
        Field(
            "http",
            Choice(("1.1", "2", "h2c")),
            "Version of HTTP. `2`: where a server agrees to it over TLS; `h2c`: always, also without TLS.",
            '"2"',
            default="1.1",
        ),
        Field("proxy", PROXY, "HTTP proxy for all requests; for https it opens a tunnel.", "http://127.0.0.1:3128"),
        Field(
            "resolve",
            MapOf(SETTING, "host"),
            "Addresses used instead of asking a name server.",
            "{shop.example.com: 127.0.0.1}",
        ),
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
    one_of=("steps", "flows"),
    keeps_going=True,
    example="shop",
)


def records() -> Mapping[str, Record | Variants]:
    """Everything with a section of its own in the reference, by name, the whole file first."""
    return _records()


@cache
def _records() -> Mapping[str, Record | Variants]:
    found: dict[str, Record | Variants] = {}
    for of in (SCENARIO, INCLUDED_FILE):
        _collect(of, found)
    return found


def _collect(of: Type, found: dict[str, Record | Variants]) -> None:
    if isinstance(of, Record | Variants):
        if of.name in found:
            return
        found[of.name] = of
    for inner in _inside(of):
        _collect(inner, found)


def _inside(of: Type) -> Iterable[Type]:
    """The types that a type is made of."""
    match of:
        case Record(fields=fields):
            return (field.type for field in fields)
        case Variants(records=variants):
            return variants
        case ListOf(item=inner) | MapOf(value=inner):
            return (inner,)
        case ByShape():
            return of.options
        case Named(name="step"):
            return (STEP,)
    return ()
