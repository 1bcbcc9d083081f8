//! Steps that are executed once and not measured: `setup` before the load, `teardown` after it.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{Timers, now_ns, sleep};
use kilobar_core::cookies::Jar;
use kilobar_core::plan::Plan;
use kilobar_core::template::Value;
use serde::{Deserialize, Serialize};

use crate::dial::Failure;
use crate::exchange::Alarm;
use crate::flow::{Pace, Stop};
use crate::iteration::{Engine, Given, User};
use crate::program::Program;
use crate::watch::{Seen, Watch};
use crate::worker::WorkerError;

/// Which steps of a plan are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Before the load; what they leave is for all users.
    Setup,
    /// After the load.
    Teardown,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// What the steps left: values and cookies. For workers, not for people: it holds secrets.
    pub given: serde_json::Value,
    /// Why they did not get to their end.
    pub failure: Option<Mishap>,
}

/// A step that failed.
#[derive(Debug, Serialize)]
pub struct Mishap {
    /// Name of the step.
    pub step: String,
    /// Class of the failure.
    pub class: &'static str,
    /// What happened.
    pub message: String,
    /// What was sent; secrets hidden.
    pub request: String,
    /// What came back, as far as it is shown; secrets hidden.
    pub response: String,
}

/// Executes the steps of one occasion. `given` is what an earlier occasion left.
///
/// # Errors
/// When the plan cannot be run here. A failing step is no error: see [`Outcome::failure`].
pub fn once(plan_json: &str, occasion: Occasion, given: Option<&str>) -> Result<Outcome, WorkerError> {
    let refused = |reason: String| WorkerError::Refused(reason);
    let program = Program::from_json(plan_json).map_err(|error| refused(error.to_string()))?;
    alone(async {
        let mut engine = Engine::new(program, 0, now_ns()).map_err(refused)?;
        if let Some(given) = given {
            let given = Given::from_json(given, &engine.program.plan).map_err(refused)?;
            engine.given.replace(given);
        }
        let seen: Rc<RefCell<Option<Mishap>>> = Rc::default();
        engine.watch = Some(Box::new(Onlooker(Rc::clone(&seen))));
        let engine = Rc::new(engine);
        let mut user = lone_user(&engine).await;
        let steps = match occasion {
            Occasion::Setup => &engine.program.setup,
            Occasion::Teardown => &engine.program.teardown,
        };
        let mut pace = Pace::new(now_ns());
        let done = engine.execute(&mut user, steps, &mut pace).await;
        let failure = match done {
            Err(Stop::Failed(_)) => seen.take(),
            Err(Stop::Run(reason)) => Some(Mishap::of("stop_run", "script", reason)),
            Err(Stop::User) | Ok(()) => None,
        };
        let given = Given { variables: user.variables, jar: user.jar };
        Ok(Outcome { given: given.to_json_of(&engine.program.plan), failure })
    })
}

/// Runs `work` on an event loop of its own, in this thread.
pub fn alone<T>(work: impl Future<Output = Result<T, WorkerError>>) -> Result<T, WorkerError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_io().build_local(Default::default())?;
    let result = runtime.block_on(async {
        let _timers = Timers::start()?;
        work.await
    });
    // A name server that does not answer must not keep the process.
    runtime.shutdown_background();
    result
}

/// A user whose task is the present one, with somebody who looks after its alarm.
pub async fn lone_user(engine: &Rc<Engine>) -> User {
    let alarm = engine.new_alarm();
    poll_fn(|context| {
        Alarm::belongs_to(&alarm, context);
        Poll::Ready(())
    })
    .await;
    let watched = Rc::clone(engine);
    tokio::task::spawn_local(async move {
        loop {
            sleep(50_000_000).await;
            watched.check_alarms(now_ns());
        }
    });
    engine.user(alarm, engine.program.plan.seed)
}

/// Remembers the last thing that failed.
struct Onlooker(Rc<RefCell<Option<Mishap>>>);

impl Watch for Onlooker {
    fn exchanged(&self, engine: &Engine, user: &User, seen: &Seen<'_>) {
        let Some(failure) = seen.failure else { return };
        let secrets = &seen.secrets;
        let step = &engine.program.plan.series[seen.request.plan.series].name;
        *self.0.borrow_mut() = Some(Mishap {
            request: seen.sent.clone(),
            response: secrets.hide_in_response(&user.kept),
            ..Mishap::of(step, failure.class.name(), secrets.hide_in_message(&failure.message))
        });
    }

    fn failed(&self, _: &Engine, _: &User, failure: &Failure) {
        *self.0.borrow_mut() = Some(Mishap::of("", failure.class.name(), failure.message.clone()));
    }
}

impl Mishap {
    fn of(step: &str, class: &'static str, message: String) -> Self {
        Self { step: step.to_owned(), class, message, request: String::new(), response: String::new() }
    }
}

/// How [`Given`] travels from the controller to the workers.
#[derive(Serialize, Deserialize)]
struct Parcel {
    /// Names of variables, JSON forms of their values, and whether nobody may see them.
    variables: Vec<(String, String, bool)>,
    jar: Jar,
}

impl Given {
    /// For workers of the same plan.
    pub fn to_json_of(&self, plan: &Plan) -> serde_json::Value {
        let named = plan.variables.iter().zip(&self.variables);
        let variables = named.filter_map(|(name, value)| {
            value.as_ref().map(|value| (name.clone(), value.to_json(), value.is_secret()))
        });
        let parcel = Parcel { variables: variables.collect(), jar: self.jar.clone() };
        serde_json::to_value(parcel).expect("texts and numbers have a JSON form")
    }

    /// What [`Self::to_json_of`] made.
    ///
    /// # Errors
    /// In words, when it was made of another plan.
    pub fn from_json(text: &str, plan: &Plan) -> Result<Self, String> {
        let parcel: Parcel = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut variables = vec![None; plan.variables.len()];
        for (name, json, secret) in parcel.variables {
            let index = plan.variables.iter().position(|known| *known == name);
            variables[index.ok_or_else(|| format!("the plan has no variable `{name}`"))?] =
                Some(Value::from_json_text(&json).marked_secret(secret));
        }
        Ok(Self { variables, jar: parcel.jar })
    }
}

#[cfg(test)]
mod tests;
