//! One iteration of each flow, with everything that happened: for `kilobar try`.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{Timers, now_ns, sleep_until};
use kilobar_core::stats::PHASES;
use serde::Serialize;

use crate::dial::DialTimes;
use crate::exchange::{Alarm, Exchange};
use crate::iteration::{Engine, User};
use crate::program::{Program, ReadyStep};
use crate::ready_request::ReadyRequest;
use crate::worker::WorkerError;

/// One exchange of a trial. Secrets are hidden, the response is cut after 4 KiB.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Name of its flow.
    pub flow: String,
    /// Name of its series.
    pub step: String,
    /// What was sent.
    pub request: String,
    /// What came back, as far as it came.
    pub response: String,
    /// Redirects that were followed before it, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<TriedHop>,
    /// Status code; 0 when there was none.
    pub status: u16,
    /// Phases that happened, in order: name and nanoseconds.
    pub phases_ns: Vec<(&'static str, u64)>,
    /// HTTP bytes read.
    pub bytes_in: u64,
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

/// Executes each flow once, in order, and tells every exchange as it ends. Think times are kept short.
///
/// # Errors
/// When the plan cannot be run here. A failing exchange is no error but an [`Attempt`] that says so.
pub fn attempt(plan_json: &str, mut tell: impl FnMut(&Attempt)) -> Result<(), WorkerError> {
    let refused = |reason: String| WorkerError::Refused(reason);
    let program = Program::from_json(plan_json).map_err(|error| refused(error.to_string()))?;
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_io().build_local(Default::default())?;
    let result = runtime.block_on(async {
        let _timers = Timers::start()?;
        let engine = Engine::new(program, 0, now_ns()).map_err(|error| refused(error.to_string()))?;
        let engine = Rc::new(engine);
        let alarm = Rc::new(Alarm::default());
        poll_fn(|context| {
            alarm.belongs_to(context);
            Poll::Ready(())
        })
        .await;
        let watched = Rc::clone(&alarm);
        tokio::task::spawn_local(async move {
            loop {
                kilobar_clock::sleep(50_000_000).await;
                watched.check(now_ns());
            }
        });
        let mut user = engine.user(alarm, engine.program.plan.seed);
        for flow in 0..engine.program.flows.len() {
            try_flow(&engine, &mut user, flow, &mut tell).await;
        }
        Ok(())
    });
    runtime.shutdown_background();
    result
}

async fn try_flow(engine: &Engine, user: &mut User, flow: usize, tell: &mut impl FnMut(&Attempt)) {
    /// Long enough to see that there is a pause, short enough not to wait for it.
    const LONGEST_THINK_NS: u64 = 200_000_000;
    user.variables.clear();
    user.variables.resize(engine.program.plan.variables.len(), None);
    for step in &engine.program.flows[flow].steps {
        match step {
            ReadyStep::Think { min_ns, .. } => sleep_until(now_ns() + (*min_ns).min(LONGEST_THINK_NS)).await,
            ReadyStep::Request(request) => {
                let attempt = try_request(engine, user, flow, request).await;
                let failed = attempt.failure.is_some();
                tell(&attempt);
                if failed {
                    return;
                }
            }
        }
    }
}

async fn try_request(engine: &Engine, user: &mut User, flow: usize, request: &ReadyRequest) -> Attempt {
    let plan = &engine.program.plan;
    user.kept.clear();
    // As they are before: whoever tries a scenario wants to see what this very exchange saves.
    let secrets = engine.program.secrets.with_values(&user.variables).with_cookies(&user.jar);
    let shown = secrets.hide(request.redacted(&user.variables, &mut user.random.clone()));
    let done = engine.send(user, request, now_ns()).await;
    engine.keep_whole(user);
    let course = &user.course;
    let saved = request.saves.iter().filter_map(|(index, _)| {
        let value = user.variables[*index].as_ref()?;
        Some((
            plan.variables[*index].clone(),
            secrets.hide(String::from_utf8_lossy(value.text()).into_owned()),
        ))
    });
    let redirects = course.hops.iter().map(|hop| TriedHop {
        status: hop.status,
        url: secrets.hide(hop.url.clone()),
        phases_ns: phases(hop.dial.as_deref(), &hop.exchange, true),
    });
    Attempt {
        redirects: redirects.collect(),
        flow: plan.flows[flow].name.clone(),
        step: plan.series[request.plan.series].name.clone(),
        request: shown,
        saved: saved.collect(),
        response: secrets.hide_in_response(&user.kept),
        status: if course.exchange.bytes_in > 0 { user.reader.status() } else { 0 },
        phases_ns: phases(course.dial.as_deref(), &course.exchange, course.complete),
        bytes_in: course.exchange.bytes_in,
        failure: done.err().map(|failure| (failure.class.name(), failure.message)),
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
