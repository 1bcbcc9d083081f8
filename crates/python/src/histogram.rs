use kilobar_core::stats;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

#[pyclass(module = "kilobar._native")]
pub struct Histogram(pub stats::Histogram);

#[pymethods]
impl Histogram {
    #[new]
    fn new() -> Self {
        Self(stats::Histogram::new())
    }

    #[pyo3(signature = (value_ns, count = 1))]
    fn record(&mut self, value_ns: u64, count: u64) {
        self.0.record_n(value_ns, count);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn quantile(&self, q: f64) -> u64 {
        self.0.quantile(q)
    }

    fn count_above(&self, value_ns: u64) -> u64 {
        self.0.count_above(value_ns)
    }

    #[getter]
    fn count(&self) -> u64 {
        self.0.count()
    }

    #[getter]
    fn mean(&self) -> f64 {
        self.0.mean()
    }

    #[getter]
    fn min(&self) -> u64 {
        self.0.min()
    }

    #[getter]
    fn max(&self) -> u64 {
        self.0.max()
    }

    fn encode<'py>(&self, python: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(python, &self.0.encode())
    }

    #[staticmethod]
    fn decode(data: &[u8]) -> PyResult<Self> {
        stats::Histogram::decode(data).map(Self).map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// The numbers that summaries show, in ns.
pub fn to_dict<'py>(python: Python<'py>, histogram: &stats::Histogram) -> PyResult<Bound<'py, PyDict>> {
    let values = PyDict::new(python);
    values.set_item("count", histogram.count())?;
    values.set_item("mean", histogram.mean())?;
    values.set_item("min", histogram.min())?;
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99_9", 0.999)] {
        values.set_item(name, histogram.quantile(quantile))?;
    }
    values.set_item("max", histogram.max())?;
    Ok(values)
}
