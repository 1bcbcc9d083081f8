//! The plan: scenario and load, fully resolved and immutable. It is all that an engine ever sees.
//!
//! Its JSON form is documented in `docs/reference/plan.md`; Python writes it (`kilobar.model.plan`) and both sides
//! share the golden files in `tests/golden/plans`. Unknown fields are refused, so that a newer plan can never be
//! half understood by an older engine.

mod code;
mod data;
mod http;
mod request;
mod step;
mod template;
mod walk;

pub use code::{Act, Code, CodeClass, Way};
pub use data::{DataFormat, DataSet, DataSource, Exhausted, Pick, RowPer};
pub use http::{ConnectionPolicy, CookiePolicy, HttpPolicy, HttpVersion, Origin, Proxy, Resumption, Scheme};
pub use request::{
    Body, BodyPart, Check, CheckName, CheckRule, Compare, Extract, Matcher, PartContent, Request, Save, Which,
};
pub use step::{Condition, Exit, Step, Think};
pub use template::{Encode, Expr, Function, Hole, Part, Template};
pub use walk::steps_in;

use serde::{Deserialize, Serialize};

/// The version of the plan form that this engine understands.
pub const PLAN_VERSION: u32 = 2;

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
    /// Steps that are executed once, before the load starts; what they save is there for all users of all workers.
    #[serde(default)]
    pub setup: Vec<Step>,
    /// What virtual users do; chosen by weight for each iteration.
    pub flows: Vec<Flow>,
    /// Steps that are executed once, after the load has ended, with the values of `setup`.
    #[serde(default)]
    pub teardown: Vec<Step>,
    /// The names under which steps are counted; steps refer to them by index.
    pub series: Vec<SeriesName>,
    /// The names under which checks are counted; checks refer to them by index.
    #[serde(default)]
    pub checks: Vec<CheckName>,
    /// Names of the values a user may save while running; templates and saves refer to them by index.
    pub variables: Vec<String>,
    /// Where rows come from; templates refer to them by index.
    #[serde(default)]
    pub data: Vec<DataSet>,
    /// Where requests go; requests refer to them by index.
    pub origins: Vec<Origin>,
    /// Index of the origin that addresses without a host belong to which are only known at run time.
    #[serde(default)]
    pub target: Option<usize>,
    /// How HTTP is spoken.
    pub http: HttpPolicy,
    /// Public hosts that may be loaded. Loopback and private addresses always may.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Directory in which Python functions are looked for first.
    #[serde(default)]
    pub python_path: Option<String>,
    /// The classes of user code, when Python executes the users: the flows are theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Judged by the controller, carried here so that a stored plan is complete.
    #[serde(default)]
    pub thresholds: Vec<String>,
    /// Texts that came from the environment, wherever they stand in the plan: no sample or message shows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

impl Plan {
    /// How many arrivals there can be before some flow has no row left, when the run is to end then.
    pub fn most_arrivals(&self) -> Option<u64> {
        let flows = self.flows.iter().filter(|flow| flow.weight > 0.0);
        let used = flows.flat_map(|flow| flow.data()).filter_map(|index| self.data.get(index));
        let ending = used.filter(|data| {
            data.per == RowPer::Iteration
                && data.when_exhausted == Exhausted::Stop
                && matches!(data.pick, Pick::Unique | Pick::Sequential)
        });
        let dealt_once = self.code.iter().flat_map(|code| &code.classes).filter_map(|class| class.rows);
        ending.map(DataSet::rows).chain(dealt_once).min()
    }

    /// The most closed users that its load asks for at once.
    pub fn most_users(&self) -> u64 {
        let users = self.load.iter().map(|stage| match stage {
            Stage::Users { from, to, .. } => from.max(*to).ceil() as u64,
            Stage::Rate { .. } => 0,
        });
        users.max().unwrap_or(0).max(1)
    }
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
    /// Steps that a user executes once, when it is about to execute this flow for the first time. What they save, and
    /// the cookies they get, are there in all its iterations of the flow.
    #[serde(default)]
    pub before: Vec<Step>,
    /// What an iteration does, in order. The first step that fails ends the iteration.
    pub steps: Vec<Step>,
    /// Steps that a user which has executed `before` executes when it leaves.
    #[serde(default)]
    pub after: Vec<Step>,
}

/// The name and kind of a series of measurements.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesName {
    /// The step's name, never a raw URL.
    pub name: String,
    /// `http` for requests, `group` for groups, `python` for calls of Python functions; users that Python executes count
    /// what they press as `press`, `on_start` and `on_stop` as `hook`, and other steps as what they say.
    pub kind: String,
}

impl SeriesName {
    /// Whether it counts what was sent, and not something that consists of it.
    pub fn is_of_requests(&self) -> bool {
        !matches!(self.kind.as_str(), "group" | "python" | "hook")
    }
}
