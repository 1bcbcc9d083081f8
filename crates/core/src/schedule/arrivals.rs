//! A cursor over the arrivals of a schedule.

use super::Schedule;
use super::exponential::gap;
use super::stages::Level;
use crate::plan::ArrivalLaw;

/// One start of an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its number in the run, the same whoever fires it.
    pub number: u64,
    /// When it is due, from the start of the run.
    pub at_ns: u64,
}

/// Steps through all arrivals of a schedule in order, those of all workers: pick yours by
/// [`super::Share::owns`].
///
/// It belongs to no particular schedule: hand it a changed one ([`Schedule::rescaled`],
/// [`Schedule::ended_at`]) and the arrivals that have not been passed yet follow the new times. Numbers only
/// ever grow, so nothing comes twice; and as the new schedule is identical before the change, nothing is left
/// out either. A change that lies in the cursor's past cannot be undone by it: numbers that the new schedule
/// places into the past are due at once.
///
/// A step is O(1) (amortised over the stages) and allocates nothing.
#[derive(Debug, Clone)]
pub struct Arrivals {
    /// The next arrival's.
    number: u64,
    /// Poisson: the level of the next arrival, once its gap is drawn.
    level: Level,
    drawn: bool,
    /// Where to look first; valid for the schedule with this revision.
    segment: usize,
    revision: u64,
    /// What `peek` found, until `advance` or another revision.
    found: Option<Option<Arrival>>,
}

impl Arrivals {
    /// A cursor before the first arrival.
    pub fn new(schedule: &Schedule) -> Self {
        let revision = schedule.revision;
        Self { number: 0, level: Level::default(), drawn: false, segment: 0, revision, found: None }
    }

    /// The next arrival, `None` when the load has no more.
    #[inline]
    pub fn peek(&mut self, schedule: &Schedule) -> Option<Arrival> {
        if self.revision != schedule.revision {
            self.revision = schedule.revision;
            self.segment = 0;
            self.found = None;
        }
        match self.found {
            Some(found) => found,
            None => {
                let at_ns = match schedule.law {
                    ArrivalLaw::Uniform => self.uniform_ns(schedule),
                    ArrivalLaw::Poisson => self.poisson_ns(schedule),
                };
                let found = at_ns.map(|at_ns| Arrival { number: self.number, at_ns });
                self.found = Some(found);
                found
            }
        }
    }

    /// Passes the arrival that [`Self::peek`] returned last; does nothing when it returned none.
    #[inline]
    pub fn advance(&mut self) {
        if let Some(Some(_)) = self.found {
            self.number += 1;
            self.drawn = false;
            self.found = None;
        }
    }

    /// Passes all arrivals that are due before an instant and returns the number of the next one, which is
    /// how many arrivals have been passed in all. Uniform: arithmetic. Poisson: draws their gaps, some 40 ns
    /// each.
    pub fn skip_until(&mut self, schedule: &Schedule, t_ns: u64) -> u64 {
        match schedule.law {
            ArrivalLaw::Uniform => {
                let planned = schedule.planned_until(t_ns);
                if planned > self.number {
                    self.number = planned;
                    self.found = None;
                }
            }
            ArrivalLaw::Poisson => {
                while self.peek(schedule).is_some_and(|arrival| arrival.at_ns < t_ns) {
                    self.advance();
                }
            }
        }
        self.number
    }

    fn uniform_ns(&mut self, schedule: &Schedule) -> Option<u64> {
        while let Some(segment) = schedule.segments.get(self.segment) {
            if self.number < segment.until {
                return Some(segment.arrival_ns(self.number));
            }
            self.segment += 1;
        }
        None
    }

    fn poisson_ns(&mut self, schedule: &Schedule) -> Option<u64> {
        if !self.drawn {
            self.level.climb(gap(schedule.gaps_seed, self.number));
            self.drawn = true;
        }
        while let Some(segment) = schedule.segments.get(self.segment) {
            if let Some(at_ns) = segment.due_ns(self.level) {
                return Some(at_ns);
            }
            self.segment += 1;
        }
        None
    }
}
