//! One iteration of each flow, with everything that happened: for `kilobar try`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use kilobar_clock::now_ns;
use kilobar_core::plan::Expr;
use kilobar_core::stats::PHASES;
use kilobar_core::template::Value;
use serde::Serialize;

use crate::dial::{DialTimes, Failure};
use crate::exchange::Exchange;
use crate::flow::Pace;
use crate::iteration::{Engine, Given, Turn, User};
use crate::once::{alone, lone_user};
use crate::program::Program;
use crate::ready_request::ReadyRequest;
use crate::redirect::Hop;
use crate::secrets::Secrets;
use crate::watch::{Seen, Watch};
use crate::worker::WorkerError;

/// A thinking user waits at most this long: to see that there is a pause, not to wait for it.
const SHORT_THINK_NS: u64 = 200_000_000;

/// One exchange of a trial, or another step that failed. Secrets are hidden, the response is cut after 4 KiB.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Name of its flow, or `setup` or `teardown`.
    pub flow: String,
    /// Name of its series; empty when the step is no request.
    pub step: String,
    /// Names and values of the variables and columns that stand in the request.
    pub variables: Vec<(String, String)>,
    /// What was sent.
    pub request: String,
    /// What came back, as far as it came.
    pub response: String,
    /// Status code; 0 when there was none.
    pub status: u16,
    /// Redirects that were followed before it, in order.
    pub redirects: Vec<TriedHop>,
    /// Phases that happened, in order: name and nanoseconds.
    pub phases_ns: Vec<(&'static str, u64)>,
    /// HTTP bytes read.
    pub bytes_in: u64,
    /// Names of the checks, and whether the response passed them.
    pub checks: Vec<(String, bool)>,
    /// Names and values that were saved.
    pub saved: Vec<(String, String)>,
    /// Class and words, when it failed.
    pub failure: Option<(&'static str, String)>,
}

/// A redirect that was followed.
#[derive(Debug, Clone, Serialize)]
pub struct TriedHop {
    /// Status code of the redirect.
    pub status: u16,
    /// Where it led to; secrets are hidden.
    pub url: String,
    /// Phases of the exchange that it answered, as in [`Attempt::phases_ns`].
    pub phases_ns: Vec<(&'static str, u64)>,
}

/// Executes setup, each flow once, in order, and teardown, and tells every exchange as it ends. Think times are kept
/// short.
///
/// # Errors
/// When the plan cannot be run here. A failing exchange is no error but an [`Attempt`] that says so.
pub fn attempt(plan_json: &str, tell: impl FnMut(&Attempt) + 'static) -> Result<(), WorkerError> {
    let refused = |reason: String| WorkerError::Refused(reason);
    let program = Program::from_json(plan_json).map_err(|error| refused(error.to_string()))?;
    alone(async {
        let part: Rc<RefCell<String>> = Rc::default();
        let mut engine = Engine::new(program, 0, now_ns()).map_err(refused)?;
        engine.watch = Some(Box::new(Teller { part: Rc::clone(&part), tell: RefCell::new(Box::new(tell)) }));
        let engine = Rc::new(engine);
        let mut user = lone_user(&engine).await;
        part.replace("setup".to_owned());
        let ready = engine.execute(&mut user, &engine.program.setup, &mut Pace::new(now_ns())).await.is_ok();
        let given = Given { variables: user.variables.clone(), jar: user.jar.clone() };
        drop(user);
        // What a setup that failed halfway has left is there for teardown.
        engine.given.replace(given);
        if ready {
            for flow in 0..engine.program.flows.len() {
                part.replace(engine.program.plan.flows[flow].name.clone());
                try_flow(&engine, flow).await;
            }
        }
        part.replace("teardown".to_owned());
        let mut user = lone_user(&engine).await;
        // A step that fails has been told.
        let _ = engine.execute(&mut user, &engine.program.teardown, &mut Pace::new(now_ns())).await;
        Ok(())
    })
}

async fn try_flow(engine: &Rc<Engine>, flow: usize) {
    let mut user = lone_user(engine).await;
    let turn = Turn { number: 0, flow, sequence: 0, intended_ns: now_ns(), due: false };
    engine.recorder.started();
    engine.iterate(&mut user, turn).await;
    engine.leave(user).await;
}

type Tell = Box<dyn FnMut(&Attempt)>;

struct Teller {
    part: Rc<RefCell<String>>,
    tell: RefCell<Tell>,
}

impl Watch for Teller {
    fn longest_think_ns(&self) -> u64 {
        SHORT_THINK_NS
    }

    fn exchanged(&self, engine: &Engine, user: &User, seen: &Seen<'_>) {
        let plan = &engine.program.plan;
        let secrets = &seen.secrets;
        let course = &user.course;
        let shown = |name: String, value: &Value| {
            let text = String::from_utf8_lossy(value.text()).into_owned();
            (name, secrets.hide(text))
        };
        let known = user.known_before(seen.request);
        let variables = variables_of(seen.request).into_iter();
        let variables =
            variables.filter_map(|index| Some(shown(plan.variables[index].clone(), known[index].as_ref()?)));
        let columns = columns_of(seen.request).into_iter().filter_map(|(data, column)| {
            let value = user.rows[data].as_ref()?.get(column)?;
            let data = &plan.data[data];
            Some(shown(format!("{}.{}", data.name, data.columns[column]), value))
        });
        let saved = seen.request.plan.saves.iter().filter_map(|save| {
            let value = user.variables[save.variable].as_ref()?;
            Some(shown(plan.variables[save.variable].clone(), value))
        });
        let attempt = Attempt {
            flow: self.part.borrow().clone(),
            step: plan.series[seen.request.plan.series].name.clone(),
            variables: variables.chain(columns).collect(),
            request: seen.sent.clone(),
            response: secrets.hide_in_response(&user.kept),
            status: if course.exchange.bytes_in > 0 { user.status() } else { 0 },
            redirects: course.hops.iter().map(|hop| tried(hop, secrets)).collect(),
            phases_ns: phases(course.dial.as_deref(), &course.exchange, course.complete),
            bytes_in: course.exchange.bytes_in,
            checks: user
                .checked
                .iter()
                .map(|&(check, passed)| (plan.checks[check].name.clone(), passed))
                .collect(),
            saved: saved.collect(),
            failure: seen
                .failure
                .map(|failure| (failure.class.name(), secrets.hide_in_message(&failure.message))),
        };
        (self.tell.borrow_mut())(&attempt);
    }

    fn failed(&self, _: &Engine, _: &User, failure: &Failure) {
        let attempt = Attempt {
            flow: self.part.borrow().clone(),
            step: String::new(),
            variables: Vec::new(),
            request: String::new(),
            response: String::new(),
            status: 0,
            redirects: Vec::new(),
            phases_ns: Vec::new(),
            bytes_in: 0,
            checks: Vec::new(),
            saved: Vec::new(),
            failure: Some((failure.class.name(), failure.message.clone())),
        };
        (self.tell.borrow_mut())(&attempt);
    }
}

/// Indexes of the variables that stand in a request.
fn variables_of(request: &ReadyRequest) -> BTreeSet<usize> {
    let expressions = request.plan.templates().into_iter().flat_map(|template| template.expressions());
    expressions
        .filter_map(|expression| match expression {
            Expr::Variable(index) => Some(*index),
            _ => None,
        })
        .collect()
}

/// Data set and column of each value of a row that stands in a request.
fn columns_of(request: &ReadyRequest) -> BTreeSet<(usize, usize)> {
    let expressions = request.plan.templates().into_iter().flat_map(|template| template.expressions());
    expressions
        .filter_map(|expression| match expression {
            Expr::Column { data, column } => Some((*data, *column)),
            _ => None,
        })
        .collect()
}

fn tried(hop: &Hop, secrets: &Secrets) -> TriedHop {
    TriedHop {
        status: hop.status,
        url: secrets.hide(hop.url.clone()),
        phases_ns: phases(hop.dial.as_deref(), &hop.exchange, true),
    }
}

fn phases(dial: Option<&DialTimes>, exchange: &Exchange, complete: bool) -> Vec<(&'static str, u64)> {
    let mut phases = Vec::new();
    let dial = dial.copied().unwrap_or_default();
    phases.extend(dial.dns_ns.map(|took_ns| ("dns", took_ns)));
    phases.extend(dial.connect_ns.map(|took_ns| ("connect", took_ns)));
    phases.extend(dial.tls_ns.map(|took_ns| ("tls", took_ns)));
    if complete {
        phases.extend(exchange.phases_ns().map(|(phase, took_ns)| (PHASES[phase as usize], took_ns)));
    }
    phases
}
