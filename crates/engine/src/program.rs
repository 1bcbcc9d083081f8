//! A plan made ready to run: fixed requests are rendered once, paths are parsed, everything is checked.

use kilobar_core::plan::{Flow, PLAN_VERSION, Plan, Step, Think};
use kilobar_core::schedule::{FlowChoice, Schedule};

use crate::files::Files;
use crate::ready_request::ReadyRequest;
use crate::secrets::Secrets;

const MAX_THINK_NS: u64 = 100 * 86_400 * 1_000_000_000;

/// A plan made ready to run.
pub struct Program {
    /// As it came.
    pub plan: Plan,
    /// Its flows, in order.
    pub flows: Vec<ReadyFlow>,
    /// Which of them an iteration executes.
    pub choice: FlowChoice,
    /// What nobody may see of its exchanges.
    pub secrets: Secrets,
}

/// A flow made ready to run.
pub struct ReadyFlow {
    /// Its steps, in order.
    pub steps: Vec<ReadyStep>,
}

/// A step made ready to run.
pub enum ReadyStep {
    /// Send this.
    Request(Box<ReadyRequest>),
    /// Wait between these bounds.
    Think {
        /// Shortest wait.
        min_ns: u64,
        /// Longest wait.
        max_ns: u64,
    },
}

/// A plan that no engine can run. Whoever wrote it by hand gets to see this; `kilobar check` finds all of it earlier.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Not the JSON form of a plan.
    #[error("this is not a plan: {0}")]
    Json(#[from] serde_json::Error),
    /// Made for another engine.
    #[error("this plan has version {0}, this engine runs version {PLAN_VERSION}")]
    Version(u32),
    /// A reference that leads nowhere, or a value that cannot stand where it does.
    #[error("{place}: {problem}")]
    Invalid {
        /// Where in the plan.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

impl Program {
    /// Reads and checks a plan in its JSON form.
    ///
    /// # Errors
    /// When the plan cannot be run as it is.
    pub fn from_json(json: &str) -> Result<Self, ProgramError> {
        Self::new(serde_json::from_str(json)?)
    }

    /// Checks a plan and makes it ready.
    ///
    /// # Errors
    /// When the plan cannot be run as it is.
    pub fn new(plan: Plan) -> Result<Self, ProgramError> {
        if plan.version != PLAN_VERSION {
            return Err(ProgramError::Version(plan.version));
        }
        let invalid =
            |place: &str, problem: String| ProgramError::Invalid { place: place.to_owned(), problem };
        Schedule::of(&plan).map_err(|error| invalid("load", error.to_string()))?;
        let weights: Vec<f64> = plan.flows.iter().map(|flow| flow.weight).collect();
        let choice = FlowChoice::new(&weights).map_err(|error| invalid("flows", error.to_string()))?;
        let mut files = Files::default();
        let mut flows = Vec::with_capacity(plan.flows.len());
        for flow in &plan.flows {
            flows.push(ready_flow(&plan, flow, &mut files)?);
        }
        Ok(Self { flows, choice, secrets: Secrets::of(&plan), plan })
    }
}

fn ready_flow(plan: &Plan, flow: &Flow, files: &mut Files) -> Result<ReadyFlow, ProgramError> {
    let mut steps = Vec::with_capacity(flow.steps.len());
    for (index, step) in flow.steps.iter().enumerate() {
        let invalid = |problem: String| ProgramError::Invalid {
            place: format!("flow {:?}, step {}", flow.name, index + 1),
            problem,
        };
        steps.push(match step {
            Step::Think { how: Think::Uniform { max_ns, .. } } if *max_ns > MAX_THINK_NS => {
                return Err(invalid("a think time is above 100 days".into()));
            }
            Step::Think { how: Think::Uniform { min_ns, max_ns } } if min_ns <= max_ns => {
                ReadyStep::Think { min_ns: *min_ns, max_ns: *max_ns }
            }
            Step::Think { .. } => return Err(invalid("the shortest think time is above the longest".into())),
            Step::Request(request) => {
                ReadyStep::Request(Box::new(ReadyRequest::new(plan, request, files).map_err(invalid)?))
            }
            _ => return Err(invalid("not a step of this engine".into())),
        });
    }
    Ok(ReadyFlow { steps })
}
