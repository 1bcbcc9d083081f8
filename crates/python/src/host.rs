//! Orders and words of users that Python executes, as tuples.

use std::io;

use kilobar_core::plan::Act;
use kilobar_core::stats::{ERROR_CLASSES, ErrorClass};
use kilobar_engine::{Asked, Came, EndOfTurn, Loaded, Order, Sender, TimedStep, TurnOutcome, Word, host};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use pyo3::{IntoPyObjectExt, intern};

/// Longest name of a step, in bytes: names are no place for data.
const MAX_NAME_BYTES: usize = 200;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(next_code, module)?)?;
    module.add_function(wrap_pyfunction!(code_loaded, module)?)?;
    module.add_function(wrap_pyfunction!(orders_fd, module)?)?;
    module.add_function(wrap_pyfunction!(take_orders, module)?)?;
    module.add_function(wrap_pyfunction!(next_order, module)?)?;
    module.add_function(wrap_pyfunction!(end_turn, module)?)?;
    module.add_function(wrap_pyfunction!(count_step, module)?)?;
    module.add_function(wrap_pyfunction!(fail_step, module)?)?;
    module.add_function(wrap_pyfunction!(send_request, module)?)?;
    module.add_function(wrap_pyfunction!(forget_request, module)?)?;
    module.add_function(wrap_pyfunction!(send_guest_request, module)?)?;
    module.add_function(wrap_pyfunction!(host_lag, module)?)?;
    module.add_function(wrap_pyfunction!(began, module)?)?;
    module.add_function(wrap_pyfunction!(ended, module)?)?;
    module.add_function(wrap_pyfunction!(left, module)?)?;
    module.add_function(wrap_pyfunction!(stop_run, module)?)?;
    module.add_function(wrap_pyfunction!(closed, module)?)
}

#[pyfunction]
fn next_code(python: Python<'_>) -> Option<String> {
    python.detach(|| host().next_code())
}

#[pyfunction]
#[pyo3(signature = (problem))]
fn code_loaded(problem: Option<String>) {
    host().code_loaded(problem.map_or(Loaded::Well, Loaded::Badly));
}

#[pyfunction]
fn orders_fd() -> PyResult<i32> {
    host().orders_fd().map_err(|error: io::Error| PyOSError::new_err(error.to_string()))
}

#[pyfunction]
fn take_orders(python: Python<'_>) -> PyResult<Vec<Bound<'_, PyTuple>>> {
    host().take_orders().into_iter().map(|order| tuple_of(python, order)).collect()
}

#[pyfunction]
fn next_order(python: Python<'_>, mailbox: u64) -> PyResult<Bound<'_, PyTuple>> {
    let order = python.detach(|| host().next_order(mailbox));
    tuple_of(python, order)
}

fn tuple_of(python: Python<'_>, order: Order) -> PyResult<Bound<'_, PyTuple>> {
    match order {
        Order::Turn { user, turn, class, act, row, intended_ns } => {
            let act = match act {
                Act::Start => 0,
                Act::Press => 1,
                Act::Stop => 2,
            };
            (intern!(python, "turn"), user, turn, class, act, row, intended_ns).into_pyobject(python)
        }
        Order::Response(came) => response(python, *came),
        Order::Hire { mailbox, user, class } => {
            (intern!(python, "hire"), mailbox, user, class).into_pyobject(python)
        }
        Order::Dismissed => (intern!(python, "gone"),).into_pyobject(python),
        Order::Gone { user } => (intern!(python, "gone"), user).into_pyobject(python),
        Order::Arrive { user, class } => (intern!(python, "arrive"), user, class).into_pyobject(python),
        Order::Leave { user } => (intern!(python, "leave"), user).into_pyobject(python),
        Order::Close => (intern!(python, "close"),).into_pyobject(python),
    }
}

fn response(python: Python<'_>, came: Came) -> PyResult<Bound<'_, PyTuple>> {
    let (error, message) = match came.failure {
        Some((class, message)) => (Some(PyString::intern(python, class.name())), Some(message)),
        None => (None, None),
    };
    PyTuple::new(
        python,
        [
            intern!(python, "response").as_any().clone(),
            came.request.into_bound_py_any(python)?,
            came.status.into_bound_py_any(python)?,
            PyBytes::new(python, &came.head).into_any(),
            PyBytes::new(python, &came.body).into_any(),
            came.took_ns.into_bound_py_any(python)?,
            error.into_bound_py_any(python)?,
            message.into_bound_py_any(python)?,
            came.url.into_bound_py_any(python)?,
        ],
    )
}

#[pyfunction]
#[pyo3(signature = (turn, began_ns, ended_ns, outcome, message, name, pause_ns))]
fn end_turn(
    turn: u64,
    began_ns: u64,
    ended_ns: u64,
    outcome: u8,
    message: Option<String>,
    name: Option<&str>,
    pause_ns: u64,
) -> PyResult<()> {
    let message = message.unwrap_or_default();
    let outcome = match outcome {
        0 => TurnOutcome::Ok,
        1 => TurnOutcome::Failed(message),
        2 => TurnOutcome::UserLeaves,
        3 => TurnOutcome::RunStops(message),
        other => return Err(PyValueError::new_err(format!("there is no outcome {other}"))),
    };
    let name = name.map(bounded);
    host().say(Word::End(turn, EndOfTurn { began_ns, ended_ns, outcome, name, pause_ns }));
    Ok(())
}

#[pyfunction]
#[pyo3(signature = (flow, name, kind, intended_ns, began_ns, ended_ns, bytes_in, bytes_out, error, message))]
#[allow(clippy::too_many_arguments, reason = "one call for one step, without an object between")]
fn count_step(
    flow: usize,
    name: &str,
    kind: &str,
    intended_ns: u64,
    began_ns: u64,
    ended_ns: u64,
    bytes_in: u64,
    bytes_out: u64,
    error: Option<&str>,
    message: Option<String>,
) -> PyResult<()> {
    let failure = match error {
        Some(class) => Some((class_of(class)?, message.unwrap_or_default())),
        None => None,
    };
    let (name, kind) = (bounded(name), bounded(kind));
    host().mention(Word::Step(Box::new(TimedStep {
        flow,
        name,
        kind,
        intended_ns,
        began_ns,
        ended_ns,
        bytes_in,
        bytes_out,
        failure,
    })));
    Ok(())
}

#[pyfunction]
fn fail_step(flow: usize, name: &str, kind: &str, error: &str, message: String) -> PyResult<()> {
    let (name, kind) = (bounded(name), bounded(kind));
    let failure = Some((class_of(error)?, message));
    host().mention(Word::StepWasBad(Box::new(TimedStep {
        flow,
        name,
        kind,
        failure,
        ..TimedStep::default()
    })));
    Ok(())
}

type Headers = Vec<(String, String)>;

#[pyfunction]
#[pyo3(signature = (turn, name, intended_ns, method, url, headers, body, timeout_ns, redirects, statuses))]
#[allow(clippy::too_many_arguments, reason = "one call for one request, without an object between")]
fn send_request(
    turn: u64,
    name: Option<&str>,
    intended_ns: u64,
    method: &str,
    url: &str,
    headers: Headers,
    body: Option<&[u8]>,
    timeout_ns: u64,
    redirects: u32,
    statuses: Option<Vec<(u16, u16)>>,
) -> u64 {
    let asked = asked(name, method, url, headers, body, timeout_ns, redirects, statuses);
    send(Sender::Turn(turn), intended_ns, asked)
}

#[pyfunction]
fn forget_request(turn: u64, request: u64) {
    host().say(Word::Unwanted { turn, request });
}

#[pyfunction]
#[pyo3(signature = (user, method, url, headers, body, timeout_ns, redirects))]
fn send_guest_request(
    user: u64,
    method: &str,
    url: &str,
    headers: Headers,
    body: Option<&[u8]>,
    timeout_ns: u64,
    redirects: u32,
) -> u64 {
    let any = Some(vec![(100, 599)]);
    send(Sender::Guest(user), 0, asked(Some(""), method, url, headers, body, timeout_ns, redirects, any))
}

fn send(sender: Sender, intended_ns: u64, asked: Asked) -> u64 {
    let request = host().next_number();
    host().say(Word::Request { sender, request, intended_ns, asked: Box::new(asked) });
    request
}

#[allow(clippy::too_many_arguments, reason = "what Python has given")]
fn asked(
    name: Option<&str>,
    method: &str,
    url: &str,
    headers: Headers,
    body: Option<&[u8]>,
    timeout_ns: u64,
    redirects: u32,
    statuses: Option<Vec<(u16, u16)>>,
) -> Asked {
    /// Everything that is no error.
    const GOOD: (u16, u16) = (100, 399);
    Asked {
        name: name.map_or_else(|| default_name(method, url), bounded),
        method: method.to_owned(),
        url: url.to_owned(),
        headers,
        body: body.map(<[u8]>::to_vec),
        timeout_ns,
        redirects,
        statuses: statuses.unwrap_or_else(|| vec![GOOD]),
    }
}

/// Method and path, without what is different in every request.
fn default_name(method: &str, url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let path = match url[..end].split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => &url[..end],
    };
    bounded(&format!("{method} {path}"))
}

#[pyfunction]
fn host_lag(lag_ns: u64) {
    host().mention(Word::Lag(lag_ns));
}

#[pyfunction]
fn began() {
    host().mention(Word::Began);
}

#[pyfunction]
#[pyo3(signature = (flow, began_ns, ended_ns, message))]
fn ended(flow: usize, began_ns: u64, ended_ns: u64, message: Option<String>) {
    host().mention(Word::Ended { flow, began_ns, ended_ns, failure: message });
}

#[pyfunction]
#[pyo3(signature = (user, for_good = false))]
fn left(user: u64, for_good: bool) {
    host().say(Word::Left { user, for_good });
}

#[pyfunction]
fn stop_run(reason: String) {
    host().say(Word::Stop(reason));
}

#[pyfunction]
fn closed() {
    host().say(Word::Closed);
}

fn class_of(name: &str) -> PyResult<ErrorClass> {
    let found = ERROR_CLASSES.into_iter().find(|class| class.name() == name);
    found.ok_or_else(|| PyValueError::new_err(format!("there is no error class {name:?}")))
}

fn bounded(name: &str) -> String {
    let cut = (0..=MAX_NAME_BYTES.min(name.len())).rev().find(|&end| name.is_char_boundary(end));
    name[..cut.unwrap_or(0)].to_owned()
}
