use kilobar_core::stats::{self, ERROR_CLASSES, PHASES};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::histogram::{self, Histogram};

#[pyclass(module = "kilobar._native")]
pub struct Interval(stats::Interval);

#[pymethods]
impl Interval {
    #[new]
    fn new() -> Self {
        Self(stats::Interval::default())
    }

    #[staticmethod]
    fn decode(data: &[u8]) -> PyResult<Self> {
        stats::Interval::decode(data).map(Self).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn encode<'py>(&self, python: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(python, &self.0.encode())
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn extend(&mut self, later: &Self) {
        self.0.extend(&later.0);
    }

    #[getter]
    fn start_ns(&self) -> u64 {
        self.0.start_ns
    }

    #[getter]
    fn duration_ns(&self) -> u64 {
        self.0.duration_ns
    }

    #[getter]
    fn workers(&self) -> u32 {
        self.0.workers
    }

    #[getter]
    fn degraded(&self) -> bool {
        self.0.degraded
    }

    #[getter]
    fn active_users(&self) -> u64 {
        self.0.active_users
    }

    fn ledger<'py>(&self, python: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        ledger_dict(python, &self.0.ledger)
    }

    fn to_dict<'py>(&self, python: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interval = &self.0;
        let dict = PyDict::new(python);
        dict.set_item("start_ns", interval.start_ns)?;
        dict.set_item("duration_ns", interval.duration_ns)?;
        dict.set_item("workers", interval.workers)?;
        dict.set_item("degraded", interval.degraded)?;
        dict.set_item("ledger", ledger_dict(python, &interval.ledger)?)?;
        dict.set_item("active_users", interval.active_users)?;
        let connections = PyDict::new(python);
        connections.set_item("opened", interval.connections.opened)?;
        connections.set_item("tls_resumed", interval.connections.tls_resumed)?;
        connections.set_item("closed_idle", interval.connections.closed_idle)?;
        connections.set_item("open", interval.connections.open)?;
        dict.set_item("connections", connections)?;
        let generator = PyDict::new(python);
        generator.set_item("cpu_ns", interval.generator.cpu_ns)?;
        generator.set_item("rss_bytes", interval.generator.rss_bytes)?;
        dict.set_item("generator", generator)?;
        dict.set_item("start_lag", histogram::to_dict(python, &interval.start_lag)?)?;
        dict.set_item("loop_lag", histogram::to_dict(python, &interval.loop_lag)?)?;
        let series = interval.series.iter().map(|series| series_dict(python, series));
        dict.set_item("series", PyList::new(python, series.collect::<PyResult<Vec<_>>>()?)?)?;
        dict.set_item("total", series_dict(python, &interval.total())?)?;
        let flows = interval.flows.iter().map(|flow| flow_dict(python, flow));
        dict.set_item("flows", PyList::new(python, flows.collect::<PyResult<Vec<_>>>()?)?)?;
        let checks = interval.checks.iter().map(|check| check_dict(python, check));
        dict.set_item("checks", PyList::new(python, checks.collect::<PyResult<Vec<_>>>()?)?)?;
        let samples = interval.samples.iter().map(|sample| sample_dict(python, sample));
        dict.set_item("samples", PyList::new(python, samples.collect::<PyResult<Vec<_>>>()?)?)?;
        Ok(dict)
    }

    #[pyo3(signature = (series = None))]
    fn response(&self, series: Option<&str>) -> PyResult<Histogram> {
        self.pick(series, |series| &series.response)
    }

    #[pyo3(signature = (series = None))]
    fn service(&self, series: Option<&str>) -> PyResult<Histogram> {
        self.pick(series, |series| &series.service)
    }

    fn start_lag(&self) -> Histogram {
        Histogram(self.0.start_lag.clone())
    }

    fn loop_lag(&self) -> Histogram {
        Histogram(self.0.loop_lag.clone())
    }
}

impl Interval {
    fn pick(&self, name: Option<&str>, of: fn(&stats::Series) -> &stats::Histogram) -> PyResult<Histogram> {
        let mut picked = stats::Histogram::new();
        let mut found = name.is_none();
        let wanted = |series: &&stats::Series| match name {
            Some(name) => series.name.name == name,
            None => series.is_of_requests(),
        };
        for series in self.0.series.iter().filter(wanted) {
            picked.merge(of(series));
            found = true;
        }
        if found {
            Ok(Histogram(picked))
        } else {
            Err(PyKeyError::new_err(name.unwrap_or_default().to_owned()))
        }
    }
}

fn ledger_dict<'py>(python: Python<'py>, ledger: &stats::Ledger) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(python);
    dict.set_item("planned", ledger.planned)?;
    dict.set_item("started", ledger.started)?;
    dict.set_item("dropped", ledger.dropped)?;
    dict.set_item("lost", ledger.lost)?;
    dict.set_item("ok", ledger.ok)?;
    dict.set_item("failed", ledger.failed)?;
    dict.set_item("in_flight", ledger.in_flight)?;
    Ok(dict)
}

fn series_dict<'py>(python: Python<'py>, series: &stats::Series) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(python);
    dict.set_item("name", &series.name.name)?;
    dict.set_item("kind", &series.name.kind)?;
    dict.set_item("count", series.count)?;
    dict.set_item("failed", series.failed)?;
    let errors = PyDict::new(python);
    for (class, count) in ERROR_CLASSES.iter().zip(series.errors).filter(|(_, count)| *count > 0) {
        errors.set_item(class.name(), count)?;
    }
    dict.set_item("errors", errors)?;
    dict.set_item("bytes_in", series.bytes_in)?;
    dict.set_item("bytes_out", series.bytes_out)?;
    dict.set_item("response", histogram::to_dict(python, &series.response)?)?;
    dict.set_item("service", histogram::to_dict(python, &series.service)?)?;
    let phases = PyDict::new(python);
    for (name, phase) in PHASES.iter().zip(&series.phases) {
        phases.set_item(name, histogram::to_dict(python, phase)?)?;
    }
    dict.set_item("phases", phases)?;
    Ok(dict)
}

fn flow_dict<'py>(python: Python<'py>, flow: &stats::FlowStats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(python);
    dict.set_item("name", &flow.name)?;
    dict.set_item("count", flow.count)?;
    dict.set_item("failed", flow.failed)?;
    dict.set_item("iteration", histogram::to_dict(python, &flow.iteration)?)?;
    Ok(dict)
}

fn check_dict<'py>(python: Python<'py>, check: &stats::CheckStats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(python);
    dict.set_item("series", &check.name.series)?;
    dict.set_item("name", &check.name.check)?;
    dict.set_item("warn", check.name.warn)?;
    dict.set_item("passed", check.passed)?;
    dict.set_item("failed", check.failed)?;
    Ok(dict)
}

fn sample_dict<'py>(python: Python<'py>, sample: &stats::FailureSample) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(python);
    dict.set_item("at_ns", sample.at_ns)?;
    dict.set_item("worker", sample.worker)?;
    dict.set_item("series", &sample.series)?;
    dict.set_item("class", sample.class.name())?;
    dict.set_item("message", &sample.message)?;
    dict.set_item("request", &sample.request)?;
    dict.set_item("response", &sample.response)?;
    dict.set_item("elapsed_ns", sample.elapsed_ns)?;
    Ok(dict)
}
