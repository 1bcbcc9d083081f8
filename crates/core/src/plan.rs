//! The plan: scenario and load, fully resolved and immutable. It is all that an engine ever sees.
//!
//! Its JSON form is documented in `docs/reference/plan.md`; Python writes it (`kilobar.model.plan`) and both sides
//! share the golden files in `tests/golden/plans`. Unknown fields are refused, so that a newer plan can never be
//! half understood by an older engine.

use serde::{Deserialize, Serialize};

/// The version of the plan form that this engine understands.
pub const PLAN_VERSION: u32 = 1;

/// A whole plan. Every name is already resolved to an index, every duration is in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always [`PLAN_VERSION`].
    pub version: u32,
    /// What a person calls this run.
    pub name: String,
    /// Seeds Poisson arrivals, the choice of flows, think times and random functions.
    pub seed: u64,
    /// How arrivals are spread inside the asked rate.
    pub arrivals: ArrivalLaw,
    /// The stages of the load, one after the other.
    pub load: Vec<Stage>,
    /// Iterations that may be in flight at once, over all workers. An arrival past it is dropped and counted.
    pub max_in_flight: u32,
    /// How long in-flight work may go on after the load has ended.
    pub grace_ns: u64,
    /// What virtual users do; chosen by weight for each iteration.
    pub flows: Vec<Flow>,
    /// The names under which steps are counted; steps refer to them by index.
    pub series: Vec<SeriesName>,
    /// Names of the values a user may save while running; templates and saves refer to them by index.
    pub variables: Vec<String>,
    /// Where requests go; requests refer to them by index.
    pub origins: Vec<Origin>,
    /// How HTTP is spoken.
    pub http: HttpPolicy,
    /// Public hosts that may be loaded. Loopback and private addresses always may.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Judged by the controller, carried here so that a stored plan is complete.
    #[serde(default)]
    pub thresholds: Vec<String>,
}

/// How arrivals are spread in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalLaw {
    /// Evenly: arrival k comes when the integrated rate reaches k.
    Uniform,
    /// As independent users come: exponential gaps at the asked rate, from the plan's seed.
    Poisson,
}

/// One stage of the load. `from` and `to` differ in a linear ramp.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Stage {
    /// Open: iterations start at this rate, whether or not earlier ones have ended.
    Rate {
        /// Arrivals per second at the start of the stage.
        from: f64,
        /// Arrivals per second at its end.
        to: f64,
        /// Length of the stage.
        duration_ns: u64,
    },
    /// Closed: this many users each start an iteration when their previous one has ended.
    Users {
        /// Users at the start of the stage.
        from: f64,
        /// Users at its end.
        to: f64,
        /// Length of the stage.
        duration_ns: u64,
    },
}

/// A sequence of steps that one iteration executes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Name in reports.
    pub name: String,
    /// Relative frequency; not negative, and not all flows zero.
    pub weight: f64,
    /// What an iteration does, in order. The first step that fails ends the iteration.
    pub steps: Vec<Step>,
}

/// The name and kind of a series of measurements.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesName {
    /// The step's name, never a raw URL.
    pub name: String,
    /// `http` for now.
    pub kind: String,
}

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How an origin is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// HTTP over TCP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// How HTTP is spoken in this plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpPolicy {
    /// Who may use a kept-alive connection again.
    pub connections: ConnectionPolicy,
    /// Limit for dns, connect and tls together.
    pub connect_timeout_ns: u64,
    /// Bytes of status line and headers (and of trailers) that are accepted in a response.
    pub max_head_bytes: u64,
    /// Bytes of body that are accepted in a response.
    pub max_body_bytes: u64,
    /// Server certificates are not verified. Printed in the report.
    pub insecure: bool,
    /// A PEM file with certificate authorities to trust besides the built-in ones.
    #[serde(default)]
    pub ca_file: Option<String>,
    /// Who may resume whose TLS session.
    pub resumption: Resumption,
}

/// Who may use a kept-alive connection again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionPolicy {
    /// Any user of the worker.
    Reuse,
    /// Only the user that opened it, as a browser does.
    PerUser,
    /// Nobody: each request opens its own.
    PerRequest,
}

/// Who may resume whose TLS session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resumption {
    /// Every connection makes a full handshake.
    None,
    /// A user resumes only its own sessions.
    PerUser,
    /// All users of a worker share their sessions.
    Shared,
}

/// One thing that an iteration does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// Sends an HTTP request and waits for its response.
    Request(Box<Request>),
    /// Waits, as a person does between clicks: uniformly between the two bounds.
    Think {
        /// Shortest wait.
        min_ns: u64,
        /// Longest wait.
        max_ns: u64,
    },
}

/// An HTTP request, what its response must be, and what to keep of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Index into [`Plan::series`].
    pub series: usize,
    /// Method token, upper case as it goes over the wire.
    pub method: String,
    /// Index into [`Plan::origins`].
    pub origin: usize,
    /// Path and query, starting with `/`.
    pub path: Template,
    /// Name and value of each header. `host` and `content-length` are added when they are missing.
    pub headers: Vec<(String, Template)>,
    /// The body, if the request has one.
    pub body: Option<Template>,
    /// Limit from the start of the request to the end of its response, connecting excluded.
    pub timeout_ns: u64,
    /// Inclusive ranges of status codes that count as success.
    pub expect_status: Vec<(u16, u16)>,
    /// Values to keep for later steps of the same iteration.
    pub saves: Vec<Save>,
}

/// A value to keep from a response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Save {
    /// Index into [`Plan::variables`].
    pub variable: usize,
    /// A JSON path such as `$.items[0].id`; see [`crate::json_path`].
    pub json: String,
}

/// Text with holes that are filled for each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Template {
    /// Text without holes.
    Fixed(String),
    /// Parts in order.
    Parts(Vec<Part>),
}

/// One part of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// Text as it stands, which no report, log or sample may show.
    Secret(String),
    /// A saved value.
    Variable {
        /// Index into [`Plan::variables`].
        index: usize,
        /// How the value is written here.
        encode: Encode,
    },
    /// A random whole number, both bounds included.
    RandomInt {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
}

/// How a value is written at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encode {
    /// As it is.
    Raw,
    /// Bytes that may not stand in a path or query at all are percent-encoded; reserved ones stay.
    Url,
    /// As one value of a query string or form: everything but unreserved bytes is percent-encoded.
    Form,
    /// Inside the quotes of a JSON string.
    JsonString,
    /// As a whole JSON value: a number stays a number, a text gets quotes.
    JsonValue,
}
