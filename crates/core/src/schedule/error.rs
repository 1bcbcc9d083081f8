//! Why a load, a choice of flows or a dealing of slots is refused.

use thiserror::Error;

use super::{MAX_DURATION_NS, MAX_RATE_PER_S, MAX_STAGES, MAX_USERS};

/// A load, weights or owners that no schedule can be made of. `code` is stable.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ScheduleError {
    /// There is no stage at all.
    #[error("the load has no stage; hint: say how much and for how long, such as rate 500/s for 30s")]
    NoStages,
    /// More stages than [`MAX_STAGES`].
    #[error(
        "the load has {count} stages, at most {MAX_STAGES} are possible; hint: use ramps instead of steps"
    )]
    TooManyStages {
        /// How many there are.
        count: usize,
    },
    /// A rate or a number of users is negative or not a finite number.
    #[error("load[{stage}].{field}: {value} is not a possible {field}; hint: it must be a number from 0 up")]
    BadValue {
        /// Index of the stage.
        stage: usize,
        /// `from` or `to`.
        field: &'static str,
        /// What it was.
        value: f64,
    },
    /// A rate above [`MAX_RATE_PER_S`].
    #[error("load[{stage}].{field}: {value}/s is more than {MAX_RATE_PER_S}/s; hint: is the unit right?")]
    RateTooHigh {
        /// Index of the stage.
        stage: usize,
        /// `from` or `to`.
        field: &'static str,
        /// What it was, per second.
        value: f64,
    },
    /// A number of users above [`MAX_USERS`].
    #[error("load[{stage}].{field}: {value} users are more than {MAX_USERS}; hint: is the number right?")]
    TooManyUsers {
        /// Index of the stage.
        stage: usize,
        /// `from` or `to`.
        field: &'static str,
        /// What it was.
        value: f64,
    },
    /// All stages together last no time.
    #[error("the load lasts no time; hint: give at least one stage a duration, such as `for: 30s`")]
    NoDuration,
    /// All stages together last longer than [`MAX_DURATION_NS`].
    #[error("load[{stage}] ends later than {MAX_DURATION_NS} ns (100 days); hint: is the unit right?")]
    TooLong {
        /// Index of the first stage that ends too late.
        stage: usize,
    },
    /// A weight is negative or not a finite number.
    #[error("flows[{flow}].weight: {value} is not a possible weight; hint: it must be a number from 0 up")]
    BadWeight {
        /// Index of the flow.
        flow: usize,
        /// What it was.
        value: f64,
    },
    /// No flow has a weight above zero.
    #[error("no flow has a weight above 0; hint: give at least one flow a positive weight")]
    NoWeight,
    /// Slots without any owner.
    #[error("there are no slots, so nobody owns any arrival; hint: send one owner for each slot")]
    NoSlots,
}

impl ScheduleError {
    /// The stable name of this error, as the catalogue of errors lists it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoStages | Self::TooManyStages { .. } => "load-stages",
            Self::BadValue { .. } => "load-value",
            Self::RateTooHigh { .. } | Self::TooManyUsers { .. } => "load-too-high",
            Self::NoDuration | Self::TooLong { .. } => "load-duration",
            Self::BadWeight { .. } | Self::NoWeight => "flow-weight",
            Self::NoSlots => "no-slots",
        }
    }
}
