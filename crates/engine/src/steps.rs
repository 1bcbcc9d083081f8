//! Steps made ready to run: indexes checked, requests rendered as far as they never change, conditions compiled.

use kilobar_core::plan::{Act, Exit, Plan, Step, Template, Think};
use kilobar_core::template::{Bounds, ReadyTemplate};

use crate::condition::ReadyCondition;
use crate::files::Files;
use crate::ready_request::ReadyRequest;

/// The longest think time: 100 days.
const MAX_THINK_NS: u64 = 100 * 86_400 * 1_000_000_000;
/// Steps in steps.
const MAX_DEPTH: u32 = 32;
/// Branches of one `parallel`.
const MAX_BRANCHES: usize = 1_000;
/// Branches of one `parallel` that are executed at once: whenever one of them wakes up, all are asked.
const MAX_AT_ONCE: u32 = 64;

/// A step made ready to run; see [`Step`] for what each does.
pub enum ReadyStep {
    /// Sends this.
    Request(Box<ReadyRequest>),
    /// Waits.
    Think(Think),
    /// Gives a variable a value.
    Set {
        /// Index of the variable.
        variable: usize,
        /// Its value.
        value: ReadyTemplate,
    },
    /// Calls a Python function.
    Python(Box<PythonCall>),
    /// Lets a user of user code take a turn.
    Code {
        /// Index of the class.
        class: usize,
        /// What it does.
        act: Act,
    },
    /// Executes some steps or others.
    If {
        /// What decides.
        condition: ReadyCondition,
        /// When it holds.
        then: Vec<ReadyStep>,
        /// When it does not.
        otherwise: Vec<ReadyStep>,
    },
    /// Executes steps several times.
    Repeat {
        /// Renders to how often.
        times: ReadyTemplate,
        /// Gets the number of the turn.
        variable: Option<usize>,
        /// What is repeated.
        steps: Vec<ReadyStep>,
    },
    /// Executes steps as long as a condition holds.
    While {
        /// What decides.
        condition: ReadyCondition,
        /// Turns after which the iteration fails.
        max: u32,
        /// What is repeated.
        steps: Vec<ReadyStep>,
    },
    /// Executes steps for each entry of an array.
    ForEach {
        /// Renders to the array.
        items: ReadyTemplate,
        /// Gets the entry.
        variable: usize,
        /// What is repeated.
        steps: Vec<ReadyStep>,
    },
    /// Executes steps and counts them together.
    Group {
        /// Index of the series.
        series: usize,
        /// What it consists of.
        steps: Vec<ReadyStep>,
    },
    /// Executes branches at the same time.
    Parallel {
        /// How many at once.
        max: usize,
        /// The branches.
        branches: Vec<Vec<ReadyStep>>,
    },
    /// Ends the iteration, its user or the run.
    Exit {
        /// What ends.
        what: Exit,
        /// The reason.
        message: ReadyTemplate,
    },
}

/// A call of a Python function.
pub struct PythonCall {
    /// Index of the series under which it is counted.
    pub series: usize,
    /// `module.function`.
    pub function: String,
    /// Its arguments.
    pub arguments: Vec<ReadyTemplate>,
    /// Index of the variable that gets the result.
    pub variable: usize,
}

/// Makes steps ready. `place` says in messages where they stand.
///
/// # Errors
/// In words with the place, when a step refers to what is not there or has a value that cannot be.
pub fn ready_steps(
    plan: &Plan,
    steps: &[Step],
    place: &str,
    files: &mut Files,
) -> Result<Vec<ReadyStep>, String> {
    ready_below(plan, steps, place, files, 0)
}

fn ready_below(
    plan: &Plan,
    steps: &[Step],
    place: &str,
    files: &mut Files,
    depth: u32,
) -> Result<Vec<ReadyStep>, String> {
    if depth > MAX_DEPTH {
        return Err(format!("{place}: steps are nested more than {MAX_DEPTH} deep"));
    }
    let ready = |(index, step): (usize, &Step)| {
        let place = format!("{place}, step {}", index + 1);
        let inner = |steps: &[Step], files: &mut Files| ready_below(plan, steps, &place, files, depth + 1);
        ready_step(plan, step, files, inner).map_err(|problem| {
            if problem.starts_with(&place) { problem } else { format!("{place}: {problem}") }
        })
    };
    steps.iter().enumerate().map(ready).collect()
}

fn ready_step(
    plan: &Plan,
    step: &Step,
    files: &mut Files,
    inner: impl Fn(&[Step], &mut Files) -> Result<Vec<ReadyStep>, String>,
) -> Result<ReadyStep, String> {
    let text = |template: &Template| ready_template(plan, template);
    let variable = |index: usize| match plan.variables.get(index) {
        Some(_) => Ok(index),
        None => Err(format!("variable {index} does not exist")),
    };
    Ok(match step {
        Step::Request(request) => ReadyStep::Request(Box::new(ReadyRequest::new(plan, request, files)?)),
        Step::Think { how } => ReadyStep::Think(ready_think(*how)?),
        Step::Set { variable: index, value } => {
            ReadyStep::Set { variable: variable(*index)?, value: text(value)? }
        }
        Step::Python { series: index, .. } if *index >= plan.series.len() => {
            return Err("no such series".into());
        }
        Step::Python { series, function, arguments, variable: index } => {
            ReadyStep::Python(Box::new(PythonCall {
                series: *series,
                function: function.clone(),
                arguments: arguments.iter().map(text).collect::<Result<_, _>>()?,
                variable: variable(*index)?,
            }))
        }
        Step::Code { class, act } => {
            let classes = plan.code.as_ref().map_or(0, |code| code.classes.len());
            if *class >= classes {
                return Err(format!("class {class} of user code does not exist"));
            }
            ReadyStep::Code { class: *class, act: *act }
        }
        Step::If { condition, then, otherwise } => ReadyStep::If {
            condition: ReadyCondition::new(plan, condition)?,
            then: inner(then, files)?,
            otherwise: inner(otherwise, files)?,
        },
        Step::Repeat { times, variable: index, steps } => ReadyStep::Repeat {
            times: text(times)?,
            variable: index.map(variable).transpose()?,
            steps: inner(steps, files)?,
        },
        Step::While { condition, max, steps } => ReadyStep::While {
            condition: ReadyCondition::new(plan, condition)?,
            max: *max,
            steps: inner(steps, files)?,
        },
        Step::ForEach { items, variable: index, steps } => ReadyStep::ForEach {
            items: text(items)?,
            variable: variable(*index)?,
            steps: inner(steps, files)?,
        },
        Step::Group { series, steps } => {
            plan.series.get(*series).ok_or("no such series")?;
            ReadyStep::Group { series: *series, steps: inner(steps, files)? }
        }
        Step::Parallel { max, branches } => {
            if branches.len() > MAX_BRANCHES || !(1..=MAX_AT_ONCE).contains(max) {
                return Err(format!("parallel: at most {MAX_BRANCHES} branches, 1 to {MAX_AT_ONCE} at once"));
            }
            let branches = branches.iter().map(|steps| inner(steps, files)).collect::<Result<_, _>>()?;
            ReadyStep::Parallel { max: *max as usize, branches }
        }
        Step::Exit { what, message } => ReadyStep::Exit { what: *what, message: text(message)? },
    })
}

fn ready_think(think: Think) -> Result<Think, String> {
    let (shortest_ns, longest_ns) = match think {
        Think::Uniform { min_ns, max_ns } => (min_ns, max_ns),
        Think::Exponential { mean_ns, max_ns } => (mean_ns, max_ns),
        Think::Pacing { period_ns } => (period_ns, period_ns),
    };
    if longest_ns > MAX_THINK_NS {
        return Err("a think time is above 100 days".into());
    }
    if shortest_ns > longest_ns {
        return Err("the shortest think time is above the longest".into());
    }
    Ok(think)
}

/// Compiles a template of a plan.
///
/// # Errors
/// In words, when it refers to what is not there.
pub fn ready_template(plan: &Plan, template: &Template) -> Result<ReadyTemplate, String> {
    ReadyTemplate::compile(template, &Bounds::of(plan)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
