use std::cell::RefCell;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::rc::Rc;

use kilobar_core::extract::{Extractor, Pattern};
use kilobar_core::json_path::JsonPath;
use kilobar_core::plan::Extract;
use kilobar_engine::{BRIDGE, Occasion, Program, WorkerError};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(check_plan, module)?)?;
    module.add_function(wrap_pyfunction!(check_json_path, module)?)?;
    module.add_function(wrap_pyfunction!(check_xpath, module)?)?;
    module.add_function(wrap_pyfunction!(check_css, module)?)?;
    module.add_function(wrap_pyfunction!(check_regex, module)?)?;
    module.add_function(wrap_pyfunction!(json_path_value, module)?)?;
    module.add_function(wrap_pyfunction!(run_worker, module)?)?;
    module.add_function(wrap_pyfunction!(attempt, module)?)?;
    module.add_function(wrap_pyfunction!(once, module)?)?;
    module.add_function(wrap_pyfunction!(next_calls, module)?)?;
    module.add_function(wrap_pyfunction!(answer_calls, module)?)?;
    module.add_function(wrap_pyfunction!(close_calls, module)?)?;
    module.add_function(wrap_pyfunction!(monotonic_ns, module)?)
}

#[pyfunction]
fn check_plan(plan_json: &str) -> PyResult<()> {
    Program::from_json(plan_json).map(drop).map_err(|error| PyValueError::new_err(error.to_string()))
}

#[pyfunction]
fn check_json_path(path: &str) -> Option<(usize, String)> {
    JsonPath::parse(path).err().map(|error| (error.offset, error.message))
}

#[pyfunction]
fn check_xpath(expression: &str) -> Option<(usize, String)> {
    let compiled = Extractor::compile(&Extract::Xpath(expression.to_owned()));
    compiled.err().map(|error| (error.offset, error.message))
}

#[pyfunction]
fn check_css(selector: &str) -> Option<(usize, String)> {
    let compiled = Extractor::compile(&Extract::Css { selector: selector.to_owned(), attribute: None });
    compiled.err().map(|error| (error.offset, error.message))
}

#[pyfunction]
fn check_regex(pattern: &str) -> Option<(usize, String)> {
    Pattern::compile(pattern).err().map(|error| (error.offset, error.message))
}

#[pyfunction]
fn json_path_value(path: &str, document: &[u8]) -> PyResult<Option<String>> {
    let path = JsonPath::parse(path).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let found = path.find(document).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(found.map(str::to_owned))
}

/// The descriptor is taken over: Python must not use or close it afterwards.
#[pyfunction]
fn run_worker(python: Python<'_>, fd: RawFd) -> PyResult<()> {
    // SAFETY: the worker process was given this descriptor for this call alone.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    python.detach(|| kilobar_engine::run_worker(socket)).map_err(to_python)
}

#[pyfunction]
fn attempt(python: Python<'_>, plan_json: &str) -> PyResult<Vec<String>> {
    python
        .detach(|| {
            let attempts: Rc<RefCell<Vec<String>>> = Rc::default();
            let told = Rc::clone(&attempts);
            kilobar_engine::attempt(plan_json, move |attempt| {
                let text = serde_json::to_string(attempt).expect("an attempt has only strings and numbers");
                told.borrow_mut().push(text);
            })?;
            Ok(attempts.take())
        })
        .map_err(to_python)
}

#[pyfunction]
#[pyo3(signature = (plan_json, occasion, given = None))]
fn once(python: Python<'_>, plan_json: &str, occasion: &str, given: Option<&str>) -> PyResult<String> {
    let occasion = match occasion {
        "setup" => Occasion::Setup,
        "teardown" => Occasion::Teardown,
        other => return Err(PyValueError::new_err(format!("there is no occasion {other:?}"))),
    };
    let outcome = python.detach(|| kilobar_engine::once(plan_json, occasion, given)).map_err(to_python)?;
    Ok(serde_json::to_string(&outcome).expect("an outcome has only texts"))
}

type WaitingCall = (u64, Option<String>, String, String);

#[pyfunction]
fn next_calls(python: Python<'_>) -> Option<Vec<WaitingCall>> {
    let calls = python.detach(|| BRIDGE.next_calls())?;
    Some(calls.into_iter().map(|call| (call.id, call.directory, call.function, call.arguments)).collect())
}

#[pyfunction]
fn answer_calls(answers: Vec<(u64, bool, String)>) {
    BRIDGE.answer(
        answers.into_iter().map(|(id, ok, text)| (id, if ok { Ok(text) } else { Err(text) })).collect(),
    );
}

#[pyfunction]
fn close_calls() {
    BRIDGE.close();
}

#[pyfunction]
fn monotonic_ns() -> u64 {
    kilobar_clock::now_ns()
}

fn to_python(error: WorkerError) -> PyErr {
    match error {
        WorkerError::Io(error) => PyOSError::new_err(error.to_string()),
        WorkerError::Refused(reason) => PyValueError::new_err(reason),
    }
}
