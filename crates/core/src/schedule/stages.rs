//! Stages laid end to end on the time axis, each knowing the integrated rate and the arrival number at its
//! start.

use super::line::Line;
use super::{MAX_RATE_PER_S, MAX_USERS, MIN_RATE_PER_S};

/// Areas are in arrivals per second times nanoseconds.
const AREA_PER_ARRIVAL: f64 = 1e9;

/// Relative error of an integral. An arrival this close to the end of a stage belongs to what follows, so
/// that 33.3/s for 10 s are 333 arrivals although 33.3 has no exact binary form. It moves no arrival by a
/// nanosecond within 13 days.
const TOLERANCE: f64 = 1.0 / (1_u64 << 50) as f64;

/// Errors, in arrivals, that the fraction of a [`Level`] may have from rounding alone, and the most that
/// arrivals are held back for the sake of a round count: that is 1 ns at 1/s.
const LEVEL_TOLERANCE: f64 = 1e-12;
const MAX_LEVEL_TOLERANCE: f64 = 1e-9;

/// A number of users this much above a whole one, relatively, is that whole one.
const USERS_TOLERANCE: f64 = 1.0 / (1_u64 << 40) as f64;

/// A value of the integrated rate. Whole part and fraction are apart because an `f64` of 1e11 arrivals could
/// not tell microseconds of a slow stage from each other.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Level {
    whole: u64,
    /// From 0 to just below 1.
    fraction: f64,
}

impl Level {
    pub(super) const fn of(number: u64) -> Self {
        Self { whole: number, fraction: 0.0 }
    }

    /// Climbs by a distance that is not negative.
    pub(super) fn climb(&mut self, distance: f64) {
        // Casts, because `trunc` and `fract` are calls on processors without SSE 4.1.
        let whole = distance as u64;
        let rest = self.fraction + (distance - whole as f64);
        let carry = u64::from(rest >= 1.0);
        self.whole += whole + carry;
        self.fraction = rest - carry as f64;
    }

    /// Takes a level that is a whole one but for rounding for that whole one.
    fn snapped(self) -> Self {
        let tolerance = self.tolerance();
        if self.fraction <= tolerance {
            Self::of(self.whole)
        } else if self.fraction >= 1.0 - tolerance {
            Self::of(self.whole + 1)
        } else {
            self
        }
    }

    /// The same at the bottom of its tolerance, so that an arrival at the very end of a stage comes after it.
    fn lowered(self) -> Self {
        let tolerance = self.tolerance().min(MAX_LEVEL_TOLERANCE);
        Self { fraction: (self.fraction - tolerance).max(0.0), ..self }
    }

    /// How uncertain rounding makes it, in arrivals.
    fn tolerance(self) -> f64 {
        LEVEL_TOLERANCE + self.whole as f64 * TOLERANCE
    }

    fn above(self, whole: u64) -> f64 {
        self.whole.wrapping_sub(whole).cast_signed() as f64 + self.fraction
    }
}

/// What a stage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rate,
    Users,
}

/// A stage, or a piece of one, at its place in time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Segment {
    kind: Kind,
    /// Index of the stage that it is, or is a piece of.
    pub(super) stage: usize,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    /// Arrivals per second, or users.
    line: Line,
    /// The integrated rate at the start.
    level: Level,
    /// The integrated rate at the low end of the line, at the bottom of its tolerance.
    low: Level,
    /// Uniform law: the numbers of the arrivals that are due within the segment.
    pub(super) first: u64,
    pub(super) until: u64,
}

impl Segment {
    /// What comes after `previous`, or at the start of the run.
    pub(super) fn following(
        previous: Option<&Self>,
        kind: Kind,
        stage: usize,
        end_ns: u64,
        line: Line,
    ) -> Self {
        let start_ns = previous.map_or(0, |before| before.end_ns);
        let level = previous.map_or(Level::default(), Self::level_at_end);
        let first = previous.map_or(0, |before| before.until);
        let mut segment =
            Self { kind, stage, start_ns, end_ns, line, level, low: level, first, until: u64::MAX };
        let low = if segment.line.is_falling() { segment.level_at_end() } else { level };
        segment.low = low.lowered();
        segment.until = segment.first_not_before(end_ns);
        segment
    }

    /// The segment up to an instant within it. Nothing of what happens before that instant changes.
    pub(super) fn until(&self, end_ns: u64) -> Self {
        Self { end_ns, until: self.first_not_before(end_ns), ..self.clone() }
    }

    /// What follows `previous` when everything from its end on is multiplied by a factor.
    pub(super) fn rescaled_after(&self, previous: Option<&Self>, factor: f64) -> Self {
        let cut_ns = previous.map_or(self.start_ns, |before| before.end_ns);
        let (least, limit) = match self.kind {
            Kind::Rate => (MIN_RATE_PER_S, MAX_RATE_PER_S),
            Kind::Users => (0.0, MAX_USERS),
        };
        let line = self.line.after(cut_ns - self.start_ns).scaled(factor, least, limit);
        Self::following(previous, self.kind, self.stage, self.end_ns, line)
    }

    /// This segment and the next one of the same stage as one, with the same arrivals at their mean rate.
    pub(super) fn fused(&self, next: &Self) -> Self {
        let area = self.line.area_over(self.end_ns - self.start_ns)
            + next.line.area_over(next.end_ns - next.start_ns);
        let line = Line::with_area(area, next.end_ns - self.start_ns);
        Self { end_ns: next.end_ns, until: next.until, line, low: self.level.lowered(), ..*self }
    }

    fn level_at_end(&self) -> Level {
        let mut level = self.level;
        if self.kind == Kind::Rate {
            level.climb(self.line.area_over(self.end_ns - self.start_ns) / AREA_PER_ARRIVAL);
        }
        level.snapped()
    }

    /// Arrivals per second at an instant within the segment.
    pub(super) fn rate_at(&self, at_ns: u64) -> f64 {
        match self.kind {
            Kind::Rate => self.line.value_at(at_ns - self.start_ns),
            Kind::Users => 0.0,
        }
    }

    /// Users at an instant within the segment: as many as it takes to be not below the line.
    pub(super) fn users_at(&self, at_ns: u64) -> u64 {
        match self.kind {
            Kind::Rate => 0,
            Kind::Users => {
                let users = self.line.value_at(at_ns - self.start_ns);
                (users - users * USERS_TOLERANCE).ceil() as u64
            }
        }
    }

    /// The first instant after `after_ns` and before the end at which the number of users is not `users`,
    /// which it is at `after_ns`.
    pub(super) fn next_users_change(&self, after_ns: u64, users: u64) -> Option<u64> {
        let (mut same_ns, mut other_ns) = (after_ns, self.end_ns - 1);
        if self.users_at(other_ns) == users {
            return None;
        }
        // A line is monotone, so bisection finds the only place where it leaves this number.
        while other_ns - same_ns > 1 {
            let middle_ns = same_ns + (other_ns - same_ns) / 2;
            if self.users_at(middle_ns) == users {
                same_ns = middle_ns;
            } else {
                other_ns = middle_ns;
            }
        }
        Some(other_ns)
    }

    /// When the integrated rate goes beyond `level`; `None` when that is after the end.
    ///
    /// `level` is not below the one at the start. The instant is rounded down, so an arrival is due before an
    /// instant exactly when the integrated rate at that instant is above its level.
    pub(super) fn due_ns(&self, level: Level) -> Option<u64> {
        if self.kind == Kind::Users || !self.is_due_before(self.end_ns, level) {
            return None;
        }
        Some(self.start_ns + self.line.last_until(self.area_from_low_end(level)))
    }

    /// Uniform law: when an arrival of this segment is due.
    pub(super) fn arrival_ns(&self, number: u64) -> u64 {
        let elapsed_ns = self.line.last_until(self.area_from_low_end(Level::of(number)));
        // Only a fused segment, whose rate is a rounded mean, may need the limit.
        self.start_ns + elapsed_ns.min(self.end_ns - self.start_ns - 1)
    }

    /// Uniform law: the number of the first arrival that is not due before this instant of the segment.
    pub(super) fn first_not_before(&self, at_ns: u64) -> u64 {
        if self.kind == Kind::Users {
            return self.first;
        }
        let mut level = self.level;
        level.climb(self.line.area_over(at_ns - self.start_ns) / AREA_PER_ARRIVAL);
        // Right but for rounding; the comparison that everything rests on has the last word.
        let mut number = level.whole.clamp(self.first, self.until);
        while number > self.first && !self.is_due_before(at_ns, Level::of(number - 1)) {
            number -= 1;
        }
        while number < self.until && self.is_due_before(at_ns, Level::of(number)) {
            number += 1;
        }
        number
    }

    fn is_due_before(&self, at_ns: u64, level: Level) -> bool {
        self.line.exceeds(at_ns - self.start_ns, self.area_from_low_end(level))
    }

    fn area_from_low_end(&self, level: Level) -> f64 {
        let above_low = level.above(self.low.whole);
        let arrivals = if !self.line.is_falling() {
            (above_low + above_low * TOLERANCE - self.low.fraction).max(0.0)
        } else if level.above(self.level.whole) > self.level.fraction {
            // Exact when the ramp ends at a whole level, as it mostly does.
            self.low.fraction - above_low
        } else {
            // Already reached at the start.
            f64::INFINITY
        };
        arrivals * AREA_PER_ARRIVAL
    }
}
