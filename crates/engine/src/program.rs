//! A plan made ready to run: fixed requests are rendered once, paths are parsed, everything is checked.

use kilobar_core::plan::{Flow, HttpVersion, PLAN_VERSION, Plan, Way};
use kilobar_core::schedule::{FlowChoice, Schedule};

use crate::files::Files;
use crate::secrets::Secrets;
use crate::steps::{ReadyStep, ready_steps};

/// A plan made ready to run.
pub struct Program {
    /// As it came.
    pub plan: Plan,
    /// What is done once before the load.
    pub setup: Vec<ReadyStep>,
    /// Its flows, in order.
    pub flows: Vec<ReadyFlow>,
    /// What is done once after the load.
    pub teardown: Vec<ReadyStep>,
    /// What nobody may see of its exchanges.
    pub secrets: Secrets,
    choice: FlowChoice,
}

/// A flow made ready to run.
pub struct ReadyFlow {
    /// What a user does once, before its first iteration.
    pub before: Vec<ReadyStep>,
    /// What an iteration does.
    pub steps: Vec<ReadyStep>,
    /// What a user does once, when it leaves.
    pub after: Vec<ReadyStep>,
    /// Indexes of the data sets that it uses.
    pub data: Vec<usize>,
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
        if plan.http.proxy.is_some() && plan.http.version == HttpVersion::Http2PriorKnowledge {
            let problem = "HTTP/2 without asking (h2c) does not go through a proxy";
            return Err(invalid("http", problem.to_owned()));
        }
        Schedule::of(&plan).map_err(|error| invalid("load", error.to_string()))?;
        let weights: Vec<f64> = plan.flows.iter().map(|flow| flow.weight).collect();
        let choice = FlowChoice::new(&weights).map_err(|error| invalid("flows", error.to_string()))?;
        if let Some(code) = &plan.code {
            code.check(plan.flows.len()).map_err(|problem| invalid("code", problem))?;
        }
        let broken = |problem: String| ProgramError::Invalid { place: "steps".to_owned(), problem };
        let mut files = Files::default();
        let mut flows = Vec::with_capacity(plan.flows.len());
        for flow in &plan.flows {
            flows.push(ready_flow(&plan, flow, &mut files).map_err(broken)?);
        }
        let setup = ready_steps(&plan, &plan.setup, "setup", &mut files).map_err(broken)?;
        let teardown = ready_steps(&plan, &plan.teardown, "teardown", &mut files).map_err(broken)?;
        Ok(Self { setup, flows, teardown, choice, secrets: Secrets::of(&plan), plan })
    }

    /// Index of the flow that the iteration with this number executes.
    #[inline]
    pub fn choose(&self, number: u64) -> usize {
        self.choice.choose(number, self.plan.seed)
    }

    /// Whether its users drive themselves.
    pub fn has_guests(&self) -> bool {
        let classes = self.plan.code.iter().flat_map(|code| &code.classes);
        classes.into_iter().any(|class| class.way == Way::Guest)
    }

    /// Whether users do something when they leave.
    pub fn has_after(&self) -> bool {
        self.flows.iter().any(|flow| !flow.after.is_empty())
    }
}

fn ready_flow(plan: &Plan, flow: &Flow, files: &mut Files) -> Result<ReadyFlow, String> {
    let place = |part: &str| format!("flow {:?}{part}", flow.name);
    Ok(ReadyFlow {
        before: ready_steps(plan, &flow.before, &place(", before"), files)?,
        steps: ready_steps(plan, &flow.steps, &place(""), files)?,
        after: ready_steps(plan, &flow.after, &place(", after"), files)?,
        data: flow.data(),
    })
}
