//! What an iteration does.

use serde::{Deserialize, Serialize};

use super::code::Act;
use super::request::{Compare, Request};
use super::template::Template;

/// One thing that an iteration does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// Sends an HTTP request and waits for its response.
    Request(Box<Request>),
    /// Waits, as a person does between clicks.
    Think {
        /// How long.
        how: Think,
    },
    /// Gives a variable a value. A template that is one hole keeps the type of the value.
    Set {
        /// Index into [`super::Plan::variables`].
        variable: usize,
        /// Its value.
        value: Template,
    },
    /// Calls a Python function, outside of the measured time of requests, and keeps what it returns.
    Python {
        /// Index into [`super::Plan::series`]; its kind is `python`.
        series: usize,
        /// `module.function`.
        function: String,
        /// Its arguments; a template that is one hole keeps the type of the value.
        arguments: Vec<Template>,
        /// Index into [`super::Plan::variables`].
        variable: usize,
    },
    /// Lets a user of a class of user code take a turn. See [`super::Code`].
    Code {
        /// Index into [`super::Code::classes`].
        class: usize,
        /// What the user does.
        act: Act,
    },
    /// Executes some steps or others.
    If {
        /// What decides.
        condition: Condition,
        /// When it holds.
        then: Vec<Step>,
        /// When it does not.
        otherwise: Vec<Step>,
    },
    /// Executes steps several times.
    Repeat {
        /// How often: renders to a whole number from 0 to 1,000,000.
        times: Template,
        /// Gets the number of the turn, from 1.
        variable: Option<usize>,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// Executes steps as long as a condition holds, which is looked at before each turn.
    While {
        /// What decides.
        condition: Condition,
        /// When it still holds after so many turns, the iteration fails (class `script`).
        max: u32,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// Executes steps once for each entry of a JSON array.
    ForEach {
        /// Renders to a JSON array of at most 100,000 entries.
        items: Template,
        /// Gets the entry.
        variable: usize,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// Executes steps and counts them together, as a transaction, think times excluded.
    Group {
        /// Index into [`super::Plan::series`]; its kind is `group`.
        series: usize,
        /// What it consists of.
        steps: Vec<Step>,
    },
    /// Executes branches at the same time, as a browser loads a page. Ends when all have ended; the first failure is
    /// that of the step. Branches see the variables as they were; what they save is there afterwards, that of later
    /// branches last.
    Parallel {
        /// How many at once.
        max: u32,
        /// The branches.
        branches: Vec<Vec<Step>>,
    },
    /// Ends what is going on.
    Exit {
        /// What ends.
        what: Exit,
        /// The reason, for samples and the report.
        message: Template,
    },
}

/// How long a user waits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Think {
    /// Uniformly between two bounds, both included.
    Uniform {
        /// Shortest wait.
        min_ns: u64,
        /// Longest wait.
        max_ns: u64,
    },
    /// Exponentially distributed, as between independent events.
    Exponential {
        /// Mean.
        mean_ns: u64,
        /// Longer draws are cut to this.
        max_ns: u64,
    },
    /// Until so long after the iteration started; not at all when it is later already.
    Pacing {
        /// From the start of the iteration.
        period_ns: u64,
    },
}

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// The iteration, as failed (class `script`).
    Fail,
    /// The iteration and, in closed load, its user. Nothing failed.
    StopUser,
    /// The whole run, as a person would stop it.
    StopRun,
}

/// What an `if` or `while` looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// The variable has a value.
    IsSet(usize),
    /// Neither empty, `0`, `false` nor `null`.
    Truthy(Template),
    /// Two values compared: as numbers when both are, else as texts.
    Compare {
        /// Before the operator.
        left: Template,
        /// The operator.
        operator: Compare,
        /// After it.
        right: Template,
    },
    /// The text contains the other.
    Contains {
        /// Where.
        text: Template,
        /// What.
        part: Template,
    },
    /// A regular expression matches somewhere in the text.
    Matches {
        /// Where.
        text: Template,
        /// What, in the syntax of the `regex` crate.
        pattern: String,
    },
}
