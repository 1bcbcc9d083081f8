use std::path::PathBuf;

use kilobar_core::data::DataError;
use kilobar_engine::InspectError;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(inspect_data, module)?)
}

#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over what it converted")]
fn inspect_data(
    python: Python<'_>,
    path: PathBuf,
    format_json: &str,
    columns: Vec<String>,
) -> PyResult<(Vec<String>, u64, u64)> {
    let format =
        serde_json::from_str(format_json).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let found = python.detach(|| kilobar_engine::inspect_data(&path, &format, &columns));
    let (rows, bytes) = found.map_err(to_python)?;
    Ok((rows.columns, rows.rows, bytes))
}

fn to_python(error: InspectError) -> PyErr {
    match error {
        // From its number Python makes the right class of OSError.
        InspectError::Io(error) => match error.raw_os_error() {
            Some(number) => PyOSError::new_err((number, error.to_string())),
            None => PyOSError::new_err(error.to_string()),
        },
        InspectError::Format(problem) => PyValueError::new_err((problem.to_string(), problem.hint(), 0, 0)),
        InspectError::Data(DataError { line, column, problem }) => {
            PyValueError::new_err((problem.to_string(), problem.hint(), line, column))
        }
    }
}
