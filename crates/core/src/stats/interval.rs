//! An interval: everything that was measured in a stretch of time, by one worker or by all of them.
//!
//! Two intervals combine in one of two ways, which differ only for gauges:
//! [`Interval::merge`] is for the same time seen by another worker, [`Interval::extend`] for a later time.
//! Both are exact, so any window of a run can be recomputed from its seconds. An interval without workers measured
//! nothing at any time: it adds its counts, but neither its time nor its gauges.

mod named;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{CheckKey, CheckStats, ERROR_CLASSES, ErrorClass, Histogram, Ledger};
use crate::plan::{Plan, SeriesName};
pub(super) use named::Named;
use named::entry_of;

/// More names of series than this fold into [`OTHER`], and so do more names of flows. Which ones depends on the
/// order in which they come.
pub const MAX_SERIES: usize = 500;

/// Whole failed exchanges that are kept in an interval, and of one class in one series at most three.
pub const MAX_SAMPLES: usize = 20;
const MAX_SAMPLES_OF_A_KIND: usize = 3;

/// The name under which those past [`MAX_SERIES`] are counted together. As a series, its kind is empty; groups and
/// Python calls have one of their own kind each.
pub const OTHER: &str = "(other)";

/// The phases of a request, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Phase {
    /// Name resolution.
    Dns,
    /// TCP handshake.
    Connect,
    /// TLS handshake.
    Tls,
    /// Writing the request.
    Send,
    /// From the request's last byte to the response's first.
    Wait,
    /// From the response's first byte to its last.
    Receive,
}

/// The names of the phases, in their order.
pub const PHASES: [&str; 6] = ["dns", "connect", "tls", "send", "wait", "receive"];

/// Measurements of one named step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Name and kind.
    pub name: SeriesName,
    /// Steps that ended, failed ones included.
    pub count: u64,
    /// Steps that failed.
    pub failed: u64,
    /// Failures by class, indexed as [`ERROR_CLASSES`].
    pub errors: [u64; ERROR_CLASSES.len()],
    /// Bytes read from the wire, heads included.
    pub bytes_in: u64,
    /// Bytes written to the wire, heads included.
    pub bytes_out: u64,
    /// From the intended start to the last byte, of every step that got a whole response, and to the end of the
    /// wait of every step that timed out.
    pub response: Histogram,
    /// From the first byte sent to the last byte received (or the end of the wait), of the same steps.
    pub service: Histogram,
    /// Phases in the order of [`PHASES`]; connecting ones only where a connection was opened.
    pub phases: [Histogram; PHASES.len()],
}

impl Series {
    /// An empty series.
    pub fn new(name: SeriesName) -> Self {
        Self {
            name,
            count: 0,
            failed: 0,
            errors: [0; ERROR_CLASSES.len()],
            bytes_in: 0,
            bytes_out: 0,
            response: Histogram::new(),
            service: Histogram::new(),
            phases: std::array::from_fn(|_| Histogram::new()),
        }
    }

    /// Adds everything of `other`, whatever its name.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        for (mine, theirs) in self.errors.iter_mut().zip(other.errors) {
            *mine += theirs;
        }
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        for (mine, theirs) in self.phases.iter_mut().zip(&other.phases) {
            mine.merge(theirs);
        }
    }

    /// Whether it counts what was sent, and not something that consists of it.
    pub fn is_of_requests(&self) -> bool {
        self.name.is_of_requests()
    }

    fn clear(&mut self) {
        self.count = 0;
        self.failed = 0;
        self.errors = [0; ERROR_CLASSES.len()];
        self.bytes_in = 0;
        self.bytes_out = 0;
        self.response.clear();
        self.service.clear();
        self.phases.iter_mut().for_each(Histogram::clear);
    }
}

/// Iterations of one flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowStats {
    /// The flow's name.
    pub name: String,
    /// Iterations that ended.
    pub count: u64,
    /// Iterations with a failed step.
    pub failed: u64,
    /// From the intended start of the iteration to its end, think times included.
    pub iteration: Histogram,
}

/// Counts of connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Connections {
    /// Connections that were opened, TLS included.
    pub opened: u64,
    /// TLS handshakes that resumed a session.
    pub tls_resumed: u64,
    /// Idle connections that the server closed between two requests: normal, and not a failure.
    pub closed_idle: u64,
    /// Open now: a gauge.
    pub open: u64,
}

/// What the generator used and how far it kept up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Generator {
    /// Processor time of the worker processes.
    pub cpu_ns: u64,
    /// Resident memory: a gauge.
    pub rss_bytes: u64,
}

/// A whole failed exchange, so that a person can see what failed. Secrets are already hidden, lengths are bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureSample {
    /// When the step ended, from the start of the run.
    pub at_ns: u64,
    /// Index of the worker.
    pub worker: u32,
    /// The step's series.
    pub series: String,
    /// Why it failed.
    pub class: ErrorClass,
    /// What happened, in words.
    pub message: String,
    /// What was sent.
    pub request: String,
    /// What had been received, possibly cut.
    pub response: String,
    /// From the intended start to the failure.
    pub elapsed_ns: u64,
}

/// Everything that was measured in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interval {
    /// Start, from the start of the run.
    pub start_ns: u64,
    /// Length.
    pub duration_ns: u64,
    /// Workers that are in it.
    pub workers: u32,
    /// Something was lost in it: a worker died.
    pub degraded: bool,
    /// Where the iterations went.
    pub ledger: Ledger,
    /// Users that are executing an iteration: a gauge.
    pub active_users: u64,
    /// Connections.
    pub connections: Connections,
    /// The generator's own cost.
    pub generator: Generator,
    /// From the intended to the actual start of iterations.
    pub start_lag: Histogram,
    /// How late the event loop serves a timer: the generator's own delay.
    pub loop_lag: Histogram,
    /// Measurements by step name, of at most [`MAX_SERIES`] and [`OTHER`].
    #[serde(deserialize_with = "named::read")]
    pub series: Vec<Series>,
    /// Measurements by flow, bounded alike.
    #[serde(deserialize_with = "named::read")]
    pub flows: Vec<FlowStats>,
    /// Checks by step and name, bounded alike.
    #[serde(deserialize_with = "named::read")]
    pub checks: Vec<CheckStats>,
    /// Whole failed exchanges, bounded.
    pub samples: Vec<FailureSample>,
}

/// An interval that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this is not an interval that this version of Kilobar can read: {0}")]
pub struct IntervalError(#[from] rmp_serde::decode::Error);

impl Interval {
    /// An empty interval of one worker with room for what a plan counts, in the order of its indexes.
    pub fn of_plan(plan: &Plan) -> Self {
        let warnings = plan.warnings();
        let checks = plan.checks.iter().enumerate().map(|(index, check)| CheckKey {
            series: plan.series.get(check.series).map_or_else(String::new, |series| series.name.clone()),
            check: check.name.clone(),
            warn: warnings.contains(&index),
        });
        let flows = plan.flows.iter().map(|flow| flow.name.clone());
        Self { checks: checks.map(CheckStats::new).collect(), ..Self::of(&plan.series, flows) }
    }

    /// An empty interval of one worker with room for these series and flows.
    pub fn of(series: &[SeriesName], flows: impl IntoIterator<Item = String>) -> Self {
        Self {
            workers: 1,
            series: series.iter().cloned().map(Series::new).collect(),
            flows: flows.into_iter().map(FlowStats::new).collect(),
            ..Self::default()
        }
    }

    /// Adds what another worker measured in the same time: gauges add up.
    pub fn merge(&mut self, other: &Self) {
        if self.workers == 0 && other.workers > 0 {
            self.start_ns = other.start_ns;
            self.duration_ns = other.duration_ns;
        } else if other.workers > 0 {
            let end_ns = self.end_ns().max(other.end_ns());
            self.start_ns = self.start_ns.min(other.start_ns);
            self.duration_ns = end_ns - self.start_ns;
        }
        self.workers += other.workers;
        self.ledger.merge(&other.ledger);
        self.active_users += other.active_users;
        let open = self.connections.open + other.connections.open;
        self.connections.count(&other.connections);
        self.connections.open = open;
        self.generator.cpu_ns += other.generator.cpu_ns;
        self.generator.rss_bytes += other.generator.rss_bytes;
        self.add_measurements(other);
    }

    /// Adds what was measured at a later time: gauges keep their newest value.
    pub fn extend(&mut self, later: &Self) {
        let in_flight = self.ledger.in_flight;
        self.ledger.extend(&later.ledger);
        self.connections.count(&later.connections);
        self.generator.cpu_ns += later.generator.cpu_ns;
        self.add_measurements(later);
        if later.workers == 0 {
            self.ledger.in_flight = in_flight;
            return;
        }
        if self.workers == 0 {
            self.start_ns = later.start_ns;
            self.duration_ns = later.duration_ns;
        } else {
            self.duration_ns = later.end_ns().saturating_sub(self.start_ns).max(self.duration_ns);
        }
        self.workers = self.workers.max(later.workers);
        self.active_users = later.active_users;
        self.connections.open = later.connections.open;
        self.generator.rss_bytes = later.generator.rss_bytes;
    }

    /// Empties it for the next stretch of time; names and memory are kept, gauges too.
    pub fn restart(&mut self, start_ns: u64) {
        self.start_ns = start_ns;
        self.duration_ns = 0;
        self.degraded = false;
        self.ledger = Ledger { in_flight: self.ledger.in_flight, ..Ledger::default() };
        self.connections = Connections { open: self.connections.open, ..Connections::default() };
        self.generator.cpu_ns = 0;
        self.start_lag.clear();
        self.loop_lag.clear();
        self.series.iter_mut().for_each(Series::clear);
        self.flows.iter_mut().for_each(FlowStats::clear);
        self.checks.iter_mut().for_each(CheckStats::clear);
        self.samples.clear();
    }

    /// All series of requests added into one. Groups count what their requests have counted, so they are left out.
    pub fn total(&self) -> Series {
        let mut total = Series::new(SeriesName { name: "all".into(), kind: String::new() });
        self.series.iter().filter(|series| series.is_of_requests()).for_each(|series| total.add(series));
        total
    }

    /// Index of the series with this name, made if there is room for one more; else of the one that counts the others.
    pub fn series_index(&mut self, name: &SeriesName) -> usize {
        let entry: *const Series = entry_of(&mut self.series, name, 0);
        self.series.iter().position(|series| std::ptr::eq(series, entry)).expect("it is one of them")
    }

    /// Keeps a failed exchange if there is room for one of its kind.
    pub fn keep_sample(&mut self, sample: FailureSample) {
        if self.has_room_for(&sample.series, sample.class) {
            self.samples.push(sample);
        }
    }

    /// Whether a failed exchange of this kind would be kept.
    pub fn has_room_for(&self, series: &str, class: ErrorClass) -> bool {
        self.samples.len() < MAX_SAMPLES
            && self.samples.iter().filter(|kept| kept.class == class && kept.series == series).count()
                < MAX_SAMPLES_OF_A_KIND
    }

    /// End, from the start of the run.
    pub fn end_ns(&self) -> u64 {
        self.start_ns.saturating_add(self.duration_ns)
    }

    /// The form in which an interval travels and is stored: MessagePack with field names, histograms in
    /// HdrHistogram's V2 encoding.
    pub fn encode(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(self).expect("an interval has no value that MessagePack cannot hold")
    }

    /// Reads what [`Interval::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, IntervalError> {
        let mut rest = bytes;
        let interval = Self::deserialize(&mut rmp_serde::Deserializer::new(&mut rest))?;
        if !rest.is_empty() {
            return Err(IntervalError(serde::de::Error::custom(format!("{} bytes follow it", rest.len()))));
        }
        Ok(interval)
    }

    fn add_measurements(&mut self, other: &Self) {
        self.degraded |= other.degraded;
        self.start_lag.merge(&other.start_lag);
        self.loop_lag.merge(&other.loop_lag);
        for (at, series) in other.series.iter().enumerate() {
            entry_of(&mut self.series, &series.name, at).add(series);
        }
        for (at, flow) in other.flows.iter().enumerate() {
            entry_of(&mut self.flows, &flow.name, at).add(flow);
        }
        for (at, check) in other.checks.iter().enumerate() {
            entry_of(&mut self.checks, &check.name, at).add(check);
        }
        for sample in &other.samples {
            self.keep_sample(sample.clone());
        }
    }
}

impl FlowStats {
    /// An empty flow.
    pub fn new(name: String) -> Self {
        Self { name, count: 0, failed: 0, iteration: Histogram::new() }
    }

    /// Adds everything of `other`, whatever its name.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.iteration.merge(&other.iteration);
    }

    fn clear(&mut self) {
        self.count = 0;
        self.failed = 0;
        self.iteration.clear();
    }
}

impl Named for Series {
    type Name = SeriesName;

    fn name(&self) -> &SeriesName {
        &self.name
    }

    fn with_name(name: SeriesName) -> Self {
        Self::new(name)
    }

    fn add(&mut self, other: &Self) {
        self.add(other);
    }

    /// What consists of requests must not be counted with them.
    fn others_of(name: &SeriesName) -> SeriesName {
        let kind = if name.is_of_requests() { String::new() } else { name.kind.clone() };
        SeriesName { name: OTHER.into(), kind }
    }
}

impl Named for FlowStats {
    type Name = String;

    fn name(&self) -> &String {
        &self.name
    }

    fn with_name(name: String) -> Self {
        Self::new(name)
    }

    fn add(&mut self, other: &Self) {
        self.add(other);
    }

    fn others_of(_: &String) -> String {
        OTHER.into()
    }
}

impl Connections {
    fn count(&mut self, other: &Self) {
        self.opened += other.opened;
        self.tls_resumed += other.tls_resumed;
        self.closed_idle += other.closed_idle;
    }
}
