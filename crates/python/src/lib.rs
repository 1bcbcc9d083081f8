//! Converts values across the Python boundary, and nothing else. Its Python face is `_native.pyi`.
#![allow(missing_docs, reason = "documented where Python's readers look: in _native.pyi")]

use pyo3::prelude::*;

mod data;
mod engine;
mod histogram;
mod host;
mod interval;
mod schedule;
mod target;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<histogram::Histogram>()?;
    module.add_class::<interval::Interval>()?;
    module.add_class::<schedule::Schedule>()?;
    data::register(module)?;
    engine::register(module)?;
    host::register(module)?;
    target::register(module)
}
