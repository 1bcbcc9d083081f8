use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::os::fd::{FromRawFd, RawFd};
use std::rc::Rc;

use kilobar_target::{Options, Ready, TargetError, serve};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(run_target, module)?)
}

/// `ready_fd` is taken over: Python must not use or close it afterwards.
#[pyfunction]
#[pyo3(signature = (options_json, ready_fd = -1))]
fn run_target(python: Python<'_>, options_json: &str, ready_fd: RawFd) -> PyResult<()> {
    // SAFETY: the caller gives the descriptor away with this call.
    let ready_file = (ready_fd >= 0).then(|| unsafe { File::from_raw_fd(ready_fd) });
    let options: Options =
        serde_json::from_str(options_json).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let interrupted = Rc::new(RefCell::new(None));
    let seen = Rc::clone(&interrupted);
    // The server never leaves this thread; only the promise to the interpreter says otherwise.
    let served = serve_detached(python, options, ready_file, move || {
        let signals = Python::attach(|python| python.check_signals());
        signals.map_err(|error| seen.borrow_mut().replace(error)).is_err()
    });
    if let Some(error) = interrupted.borrow_mut().take() {
        return Err(error);
    }
    served.map_err(|error| PyOSError::new_err(error.to_string()))
}

fn serve_detached(
    python: Python<'_>,
    options: Options,
    ready_file: Option<File>,
    should_stop: impl Fn() -> bool + 'static,
) -> Result<(), TargetError> {
    let serving = OnThisThread(move || serve(options, |ready| announce(ready, ready_file), should_stop));
    python.detach(move || serving.run())
}

/// A closure that is run on the thread that made it, although `detach` asks for one that could move.
struct OnThisThread<F>(F);

// SAFETY: `Python::detach` runs its closure on the calling thread.
unsafe impl<F> Send for OnThisThread<F> {}

impl<T, F: FnOnce() -> T> OnThisThread<F> {
    fn run(self) -> T {
        (self.0)()
    }
}

fn announce(ready: &Ready, ready_file: Option<File>) {
    if let Some(mut file) = ready_file {
        let mut line = serde_json::to_string(ready).expect("a ready line has only numbers and a path");
        line.push('\n');
        // Whoever asked may have gone; the target serves all the same.
        let _ = file.write_all(line.as_bytes());
    }
}
