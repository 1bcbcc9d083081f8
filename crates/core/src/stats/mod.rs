//! Everything that is counted, and how it merges: [`Histogram`], [`Interval`], [`Ledger`], [`ErrorClass`].

mod checks;
mod errors;
mod histogram;
mod interval;
mod ledger;

pub use checks::{CheckKey, CheckStats};
pub use errors::{ERROR_CLASSES, ErrorClass};
pub use histogram::{Histogram, HistogramError};
pub use interval::{
    Connections, FailureSample, FlowStats, Generator, Interval, IntervalError, MAX_SAMPLES, MAX_SERIES,
    OTHER, PHASES, Phase, Series,
};
pub use ledger::Ledger;
