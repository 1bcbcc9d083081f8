use kilobar_core::plan::Plan;
use kilobar_core::schedule;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

#[pyclass(module = "kilobar._native")]
pub struct Schedule(schedule::Schedule);

#[pymethods]
impl Schedule {
    #[new]
    fn new(plan_json: &str) -> PyResult<Self> {
        let plan: Plan =
            serde_json::from_str(plan_json).map_err(|error| PyValueError::new_err(error.to_string()))?;
        schedule::Schedule::of(&plan).map(Self).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    #[getter]
    fn duration_ns(&self) -> u64 {
        self.0.duration_ns()
    }

    fn planned_until(&self, time_ns: u64) -> u64 {
        self.0.planned_until(time_ns)
    }

    #[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over what it converted")]
    fn planned_of(&self, slots: Vec<bool>, from_ns: u64, until_ns: u64) -> u64 {
        self.0.planned_of(&slots, from_ns, until_ns)
    }

    fn rate_at(&self, time_ns: u64) -> f64 {
        self.0.rate_at(time_ns)
    }

    fn users_at(&self, time_ns: u64) -> u64 {
        self.0.users_at(time_ns)
    }

    fn rescale(&mut self, at_ns: u64, factor: f64) {
        self.0 = self.0.rescaled(at_ns, factor);
    }

    fn end_at(&mut self, at_ns: u64) {
        self.0 = self.0.ended_at(at_ns);
    }
}
