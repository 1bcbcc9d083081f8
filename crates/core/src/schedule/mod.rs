//! When work starts: arrivals by arithmetic, the shares of them, users over time.
//!
//! Let N(t) be the integral of the asked rate. Arrival number k (0, 1, 2, ...) has a level u(k), and it is
//! due when N goes beyond that level: t(k) = inf {t : N(t) > u(k)}, rounded down to a nanosecond.
//!
//! * **Uniform**: u(k) = k. Arrival 0 is due at the first instant with a positive rate, and a load of N(T) =
//!   5000 has the arrivals 0 to 4999.
//! * **Poisson**: u(k) is the sum of k + 1 exponential gaps of mean 1, each drawn from (seed, its number)
//!   alone.
//!
//! So t(k) depends on nothing but the plan and k, and every worker computes the same: see [`slots`] for whose
//! arrival it is. During users stages the rate is 0, during rate stages there are no users; a stage of rate 0
//! is a pause, which an arrival that reaches its level just at the end of the previous stage waits out.
//!
//! Live changes make a new schedule from an old one ([`Schedule::rescaled`], [`Schedule::ended_at`]); the
//! cursor ([`Arrivals`]) goes on with it. What is due before the change is the same in both, to the
//! nanosecond.

mod arrivals;
mod change;
mod error;
mod exponential;
mod flows;
mod line;
pub mod slots;
mod stages;

#[cfg(test)]
mod tests;

pub use arrivals::{Arrival, Arrivals};
pub use change::MAX_CUTS;
pub use error::ScheduleError;
pub use flows::FlowChoice;
pub use slots::{SLOTS_PER_WORKER, Share, Slots};

use crate::plan::{ArrivalLaw, Plan, Stage};
use crate::random::mix;
use line::Line;
use stages::{Kind, Segment};

/// Stages that a load may have.
pub const MAX_STAGES: usize = 10_000;
/// The longest load: 100 days, below 2^53 so that every nanosecond has its own `f64`.
pub const MAX_DURATION_NS: u64 = 100 * 86_400_000_000_000;
/// The highest rate. Together with the longest load it keeps arrival numbers below 2^53.
pub const MAX_RATE_PER_S: f64 = 1e9;
/// The highest number of users.
pub const MAX_USERS: f64 = 1e8;
/// A rate that nowhere in its stage reaches one arrival in 30 years counts as 0.
pub const MIN_RATE_PER_S: f64 = 1e-9;

/// When the arrivals of a plan are due and how many users it wants. A value: all times are arguments, in
/// nanoseconds from the start of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    law: ArrivalLaw,
    /// Seeds the gaps of the Poisson law.
    gaps_seed: u64,
    /// Differs between schedules that differ, so that a cursor notices a change.
    revision: u64,
    /// End to end from 0 to the end of the load.
    segments: Vec<Segment>,
    /// It ends when so many arrivals were due.
    limit: Option<Limit>,
}

/// A load that ends with a number of arrivals, however often its rate is changed meanwhile.
#[derive(Debug, Clone, PartialEq)]
struct Limit {
    most_arrivals: u64,
    /// The load without this end.
    unlimited: Box<Schedule>,
}

impl Schedule {
    /// Lays out the stages of a load.
    ///
    /// # Errors
    /// When a value is negative, not finite or above its limit (the `MAX_` constants here), when there is no
    /// stage or all of them last no time.
    pub fn new(stages: &[Stage], law: ArrivalLaw, seed: u64) -> Result<Self, ScheduleError> {
        check(stages)?;
        let gaps_seed = mix(seed, 0x6172_7269_7661_6c73);
        let mut segments: Vec<Segment> = Vec::with_capacity(stages.len());
        let mut revision = mix(gaps_seed, law as u64);
        for (index, stage) in stages.iter().enumerate() {
            let (kind, from, to, duration_ns) = parts(stage);
            for word in [kind as u64, from.to_bits(), to.to_bits(), duration_ns] {
                revision = mix(revision, word);
            }
            if duration_ns > 0 {
                let line = Line::between(from, to, duration_ns);
                let line =
                    if kind == Kind::Rate { line.scaled(1.0, MIN_RATE_PER_S, MAX_RATE_PER_S) } else { line };
                let end_ns = segments.last().map_or(0, |before| before.end_ns) + duration_ns;
                segments.push(Segment::following(segments.last(), kind, index, end_ns, line));
            }
        }
        Ok(Self { law, gaps_seed, revision, segments, limit: None })
    }

    /// The schedule of a plan.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(plan: &Plan) -> Result<Self, ScheduleError> {
        let schedule = Self::new(&plan.load, plan.arrivals, plan.seed)?;
        Ok(match plan.most_arrivals() {
            Some(most) => schedule.with_at_most(most),
            None => schedule,
        })
    }

    /// The same, but it ends when arrival number `most` would be due.
    fn with_at_most(self, most: u64) -> Self {
        let end_ns = self.instant_after(most);
        let limited = if end_ns < self.duration_ns() { self.ended_at(end_ns) } else { self.clone() };
        Self { limit: Some(Limit { most_arrivals: most, unlimited: Box::new(self) }), ..limited }
    }

    /// The first instant before which `most` arrivals were due; the end when there are not so many.
    fn instant_after(&self, most: u64) -> u64 {
        if self.planned_until(self.duration_ns()) <= most {
            return self.duration_ns();
        }
        match self.law {
            ArrivalLaw::Uniform => {
                let (mut low_ns, mut high_ns) = (0, self.duration_ns());
                while low_ns < high_ns {
                    let middle_ns = low_ns + (high_ns - low_ns) / 2;
                    if self.planned_until(middle_ns) < most {
                        low_ns = middle_ns + 1;
                    } else {
                        high_ns = middle_ns;
                    }
                }
                low_ns
            }
            ArrivalLaw::Poisson => {
                let mut arrivals = Arrivals::new(self);
                let mut end_ns = 0;
                while let Some(arrival) = arrivals.peek(self).filter(|arrival| arrival.number < most) {
                    end_ns = arrival.at_ns + 1;
                    arrivals.advance();
                }
                end_ns
            }
        }
    }

    /// When the load ends.
    pub fn duration_ns(&self) -> u64 {
        self.segments.last().map_or(0, |last| last.end_ns)
    }

    /// The asked arrivals per second at an instant; 0 after the end.
    pub fn rate_at(&self, t_ns: u64) -> f64 {
        self.segment_at(t_ns).map_or(0.0, |segment| segment.rate_at(t_ns))
    }

    /// The asked number of users at an instant; 0 after the end. A ramp from 0 has its first user just after
    /// its start, a ramp to 0 keeps its last one until its end.
    pub fn users_at(&self, t_ns: u64) -> u64 {
        self.segment_at(t_ns).map_or(0, |segment| segment.users_at(t_ns))
    }

    /// The most users that are asked for at once from an instant on. O(stages).
    pub fn most_users_from(&self, t_ns: u64) -> u64 {
        let rest = &self.segments[self.index_at(t_ns)..];
        // Lines have their highest point at one of their ends.
        let ends = rest.iter().flat_map(|segment| [segment.start_ns.max(t_ns), segment.end_ns - 1]);
        ends.map(|end_ns| self.users_at(end_ns)).max().unwrap_or(0)
    }

    /// The next instant after `t_ns` at which [`Self::users_at`] changes. O(stages).
    pub fn next_users_change(&self, t_ns: u64) -> Option<u64> {
        let users = self.users_at(t_ns);
        for segment in &self.segments[self.index_at(t_ns)..] {
            if segment.start_ns > t_ns && segment.users_at(segment.start_ns) != users {
                return Some(segment.start_ns);
            }
            let change_ns = segment.next_users_change(t_ns.max(segment.start_ns), users);
            if change_ns.is_some() {
                return change_ns;
            }
        }
        (users != 0).then(|| self.duration_ns())
    }

    /// How many arrivals are due before an instant.
    ///
    /// Uniform: arithmetic, O(log stages). Poisson: draws every gap before that instant, some 40 ns each; to
    /// ask again and again, keep an [`Arrivals`] and use [`Arrivals::skip_until`].
    pub fn planned_until(&self, t_ns: u64) -> u64 {
        match self.law {
            ArrivalLaw::Uniform => match self.segment_at(t_ns) {
                Some(segment) => segment.first_not_before(t_ns),
                None => self.segments.last().map_or(0, |last| last.until),
            },
            ArrivalLaw::Poisson => Arrivals::new(self).skip_until(self, t_ns),
        }
    }

    /// How many arrivals k with `owned[k % owned.len()]` are due from `from_ns` (inclusive) to `until_ns`
    /// (exclusive).
    ///
    /// Uniform: arithmetic, O(slots). Poisson: draws every gap before `until_ns`.
    pub fn planned_of(&self, owned: &[bool], from_ns: u64, until_ns: u64) -> u64 {
        if owned.is_empty() || until_ns <= from_ns {
            return 0;
        }
        let mut arrivals = Arrivals::new(self);
        let from = arrivals.skip_until(self, from_ns);
        let until = arrivals.skip_until(self, until_ns);
        slots::owned_below(owned, until) - slots::owned_below(owned, from)
    }

    fn index_at(&self, t_ns: u64) -> usize {
        self.segments.partition_point(|segment| segment.end_ns <= t_ns)
    }

    fn segment_at(&self, t_ns: u64) -> Option<&Segment> {
        self.segments.get(self.index_at(t_ns))
    }
}

fn parts(stage: &Stage) -> (Kind, f64, f64, u64) {
    match *stage {
        Stage::Rate { from, to, duration_ns } => (Kind::Rate, from, to, duration_ns),
        Stage::Users { from, to, duration_ns } => (Kind::Users, from, to, duration_ns),
    }
}

fn check(stages: &[Stage]) -> Result<(), ScheduleError> {
    if stages.is_empty() {
        return Err(ScheduleError::NoStages);
    }
    if stages.len() > MAX_STAGES {
        return Err(ScheduleError::TooManyStages { count: stages.len() });
    }
    let mut end_ns = 0_u64;
    for (index, stage) in stages.iter().enumerate() {
        let (kind, from, to, duration_ns) = parts(stage);
        for (field, value) in [("from", from), ("to", to)] {
            if !value.is_finite() || value < 0.0 {
                return Err(ScheduleError::BadValue { stage: index, field, value });
            }
            if kind == Kind::Rate && value > MAX_RATE_PER_S {
                return Err(ScheduleError::RateTooHigh { stage: index, field, value });
            }
            if kind == Kind::Users && value > MAX_USERS {
                return Err(ScheduleError::TooManyUsers { stage: index, field, value });
            }
        }
        end_ns = end_ns.saturating_add(duration_ns);
        if end_ns > MAX_DURATION_NS {
            return Err(ScheduleError::TooLong { stage: index });
        }
    }
    if end_ns == 0 { Err(ScheduleError::NoDuration) } else { Ok(()) }
}
